/** The addon's shared mapping: given back at once, and out of reach afterwards. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nativeAddon } from '../../src/base/native.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

function mapped(): { readonly path: string; readonly buffer: ArrayBuffer; readonly isMapped: () => boolean } {
  const path = scratch.fresh('board');
  writeFileSync(path, Buffer.alloc(65_536, 1));
  return {
    path,
    buffer: nativeAddon().mapShared(path),
    isMapped: () => readFileSync('/proc/self/maps', 'utf8').includes(path),
  };
}

test('unmapping takes the memory away at once, from the process and from the buffer', () => {
  const { buffer, isMapped } = mapped();
  const view = new BigUint64Array(buffer);
  expect([isMapped(), view[0]]).toEqual([true, 0x0101010101010101n]);
  nativeAddon().unmapShared(buffer);
  expect(isMapped()).toBe(false);
  expect([buffer.byteLength, view.length, view[0]]).toEqual([0, 0, undefined]);
  expect(() => {
    nativeAddon().copyWords(buffer, 0, new BigUint64Array(1));
  }).toThrow(expect.objectContaining({ code: 'EFAULT', syscall: 'copyWords' }));
  expect(() => {
    nativeAddon().storeWord(buffer, 0, 1n);
  }).toThrow(expect.objectContaining({ code: 'EFAULT', syscall: 'storeWord' }));
  nativeAddon().unmapShared(buffer);
});

test('a mapping that takes the place of an unmapped one outlives the collection of the old buffer', async () => {
  const begun = Array.from({ length: 50 }, mapped);
  for (const { buffer } of begun) nativeAddon().unmapShared(buffer);
  begun.length = 0;
  const later = Array.from({ length: 50 }, mapped);
  // Finalizers of detached buffers run after the turn in which they were detached.
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
  for (const { buffer, isMapped } of later) {
    expect(isMapped()).toBe(true);
    const word = new BigUint64Array(1);
    nativeAddon().copyWords(buffer, 0, word);
    expect(word[0]).toBe(0x0101010101010101n);
    nativeAddon().unmapShared(buffer);
  }
});

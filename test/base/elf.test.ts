import { realpathSync } from 'node:fs';
import { expect, test } from 'vitest';
import { elfAsksForLoader, elfHeader, elfIdentity, elfNeeds, elfNeedsOf, elfSegments } from '../../src/base/elf.js';

const node = realpathSync(process.execPath);

test('a program names its loader and its libraries', () => {
  const needs = elfNeedsOf(node);
  expect(needs?.interpreter).toMatch(/\/ld-linux/);
  expect(needs?.needed).toContain('libc.so.6');
});

test('what is no program has none, cut off or not', () => {
  expect(elfNeeds(Buffer.from('#!/bin/sh\n'))).toBeNull();
  expect(elfNeeds(Buffer.from([0x7f, 0x45, 0x4c, 0x46]))).toBeNull();
});

/** An ELF file of 64 bits with a program header of each of these types. */
function elf(isBigEndian: boolean, types: readonly number[]): Buffer {
  const bytes = Buffer.alloc(64 + types.length * 56);
  bytes.write('\x7fELF', 'latin1');
  bytes[4] = 2;
  bytes[5] = isBigEndian ? 2 : 1;
  const u16 = (value: number, at: number): number =>
    isBigEndian ? bytes.writeUInt16BE(value, at) : bytes.writeUInt16LE(value, at);
  u16(22, 18);
  if (isBigEndian) bytes.writeBigUInt64BE(64n, 32);
  else bytes.writeBigUInt64LE(64n, 32);
  u16(56, 54);
  u16(types.length, 56);
  types.forEach((type, i) =>
    isBigEndian ? bytes.writeUInt32BE(type, 64 + i * 56) : bytes.writeUInt32LE(type, 64 + i * 56),
  );
  return bytes;
}

test.each([false, true])(
  'a header and its segments are read in the byte order of the file (big-endian: %s)',
  (isBig) => {
    const bytes = elf(isBig, [1, 3]);
    expect(elfIdentity(bytes)).toEqual({ bits: 64, isBigEndian: isBig, machine: 22 });
    const header = elfHeader(bytes);
    expect(header?.programs).toEqual({ offset: 64, entryBytes: 56, count: 2 });
    if (header === null) return;
    expect(elfSegments(bytes, header).map(({ type }) => type)).toEqual([1, 3]);
    expect(elfAsksForLoader(bytes, header)).toBe(true);
    const withoutLast = bytes.subarray(0, -1);
    expect(elfSegments(withoutLast, header)).toHaveLength(1);
    expect(elfAsksForLoader(withoutLast, header)).toBe(false);
  },
);

test('a file that is cut off in its program headers needs nothing that could be named', () => {
  expect(elfNeeds(elf(false, [1, 1]))).toEqual({ interpreter: null, needed: [], runPath: [] });
  expect(elfNeeds(elf(false, [1, 1]).subarray(0, -1))).toBeNull();
});

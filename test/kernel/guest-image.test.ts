import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { guestImage, keepLastUsed } from '../../src/kernel/guest/guest-image.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

afterEach(() => {
  vi.unstubAllEnvs();
});

test("of guests' file systems those used last are kept, and other files are left alone", () => {
  const images = Array.from({ length: 10 }, (_, i) => {
    const path = scratch.write(`${i}.cpio`, '');
    utimesSync(path, 1000, i === 0 ? 2000 : 1000 + i);
    return path;
  });
  scratch.write('other', '');
  keepLastUsed(dirname(images[0] ?? ''));
  const left = readdirSync(scratch.path).map((name) => name.replace(/^\d+-/, ''));
  expect(left.sort()).toEqual([
    '0.cpio',
    '3.cpio',
    '4.cpio',
    '5.cpio',
    '6.cpio',
    '7.cpio',
    '8.cpio',
    '9.cpio',
    'other',
  ]);
});

test('an image that another pauselab removed since the folder was read is passed over', () => {
  const folder = scratch.fresh('images');
  mkdirSync(folder);
  // Like such an image, it has a name and nothing behind it.
  symlinkSync('gone', join(folder, 'gone.cpio'));
  writeFileSync(join(folder, 'there.cpio'), '');
  keepLastUsed(folder);
  expect(readdirSync(folder)).toContain('there.cpio');
});

test('a cached image that was damaged is made again', () => {
  vi.stubEnv('PAUSELAB_CACHE', scratch.fresh('cache'));
  const { path, bytes, sha256 } = guestImage();
  expect(guestImage()).toEqual({ path, bytes, sha256, built_ms: null });
  writeFileSync(path, 'damaged', { flag: 'r+' });
  expect(guestImage()).toEqual({ path, bytes, sha256, built_ms: expect.any(Number) as number });
  expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(sha256);
});

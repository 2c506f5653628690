import { readdirSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { keepLastUsed } from '../../src/kernel/guest/guest-image.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

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

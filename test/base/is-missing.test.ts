import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isMissing } from '../../src/base/files/is-missing.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

test('missing is what does not exist, also below a file', () => {
  const file = scratch.write('file', '');
  expect([file, scratch.path].map(isMissing)).toEqual([false, false]);
  // No file has so long a name, such as a list of files.
  const none = [join(scratch.path, 'none'), join(file, 'x'), join(file, 'x/y'), join(scratch.path, 'x'.repeat(300))];
  expect(none.map(isMissing)).toEqual([true, true, true, true]);
});

test('what cannot be looked at is not missing: it may exist', () => {
  const loop = join(scratch.path, 'loop');
  symlinkSync('loop', loop);
  expect([loop, join(loop, 'x')].map(isMissing)).toEqual([false, false]);
});

test('a path without permission is not missing', ({ skip }) => {
  skip(process.geteuid?.() === 0, 'root has every permission');
  const locked = join(scratch.path, 'locked');
  mkdirSync(locked, { mode: 0o000 });
  expect(isMissing(join(locked, 'x'))).toBe(false);
  chmodSync(locked, 0o700);
});

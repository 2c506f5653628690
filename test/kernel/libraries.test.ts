import { existsSync, realpathSync } from 'node:fs';
import { expect, test } from 'vitest';
import { elfNeedsOf } from '../../src/base/elf.js';
import { libraryClosure } from '../../src/kernel/guest/libraries.js';

const node = realpathSync(process.execPath);

test('the closure has the loader, what is needed, and what that needs, each at the path where it is looked for', () => {
  const closure = libraryClosure([node]);
  const names = [...closure.keys()];
  for (const name of ['libc.so.6', 'libstdc++.so.6', 'libm.so.6'])
    expect(
      names.some((path) => path.endsWith(`/${name}`)),
      name,
    ).toBe(true);
  expect(names).toContain(elfNeedsOf(node)?.interpreter);
  for (const [path, from] of closure) {
    expect(existsSync(path)).toBe(true);
    for (const needed of elfNeedsOf(from)?.needed ?? [])
      expect(
        names.some((one) => one.endsWith(`/${needed}`)),
        `${path} needs ${needed}`,
      ).toBe(true);
  }
});

import { existsSync, realpathSync } from 'node:fs';
import { expect, test } from 'vitest';
import { elfNeeds, elfNeedsOf } from '../../src/kernel/elf.js';
import { libraryClosure } from '../../src/kernel/libraries.js';

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

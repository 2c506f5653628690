import { expect, test } from 'vitest';
import { grouped } from '../../src/base/group.js';

test('items by key, both in the order in which they came', () => {
  const words = ['one', 'three', 'two', 'seven'];
  expect([...grouped(words, ({ length }) => length)]).toEqual([
    [3, ['one', 'two']],
    [5, ['three', 'seven']],
  ]);
  expect(grouped([], String).size).toBe(0);
});

test('no key is special', () => {
  expect(grouped(['__proto__', 'constructor', '__proto__'], (word) => word).get('__proto__')).toEqual([
    '__proto__',
    '__proto__',
  ]);
});

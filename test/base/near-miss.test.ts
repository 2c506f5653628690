import fc from 'fast-check';
import { expect, test } from 'vitest';
import { didYouMean, editDistance, nearMiss } from '../../src/base/text/near-miss.js';

const words = ['nice', 'policy', 'cpus', 'duration', 'drain'];

test.each([
  ['nicee', 'nice'],
  ['ncie', 'nice'],
  ['Policy', 'policy'],
  ['durration', 'duration'],
  ['cpu', 'cpus'],
])('%s is taken for %s', (word, meant) => {
  expect(nearMiss(word, words)).toBe(meant);
  expect(didYouMean(word, words)).toBe(`; did you mean ${meant}?`);
});

test.each(['colour', 'x', '', 'nil'])('%j is taken for nothing', (word) => {
  expect(nearMiss(word, words)).toBeUndefined();
  expect(didYouMean(word, words)).toBe('');
});

test('the closest wins, the first of equals', () => {
  expect(nearMiss('abcdef', ['abcxyf', 'abcdex', 'abcdxf'])).toBe('abcdex');
});

test('one slip is a distance of one; the distance is symmetric and nil for equals alone', () => {
  expect([editDistance('ab', 'ba'), editDistance('ab', 'a'), editDistance('', 'abc')]).toEqual([1, 1, 3]);
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
    }),
  );
});

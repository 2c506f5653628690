import { expect, test } from 'vitest';
import { largestOf } from '../../src/base/largest.js';

test('the largest of more values than a call has arguments', () => {
  expect(largestOf(Array.from({ length: 300_000 }, (_, i) => i % 1000))).toBe(999);
  expect([largestOf([], 0), largestOf([-2, -1]), largestOf([-2], 0)]).toEqual([0, -1, 0]);
});

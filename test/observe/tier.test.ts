/** What all ways of observing share. */
import { expect, test } from 'vitest';
import { detailOf } from '../../src/observe/tier.js';

test('the helper gets a whole number of nanoseconds for any threshold', () => {
  const thresholds = [1, 19, 20, 33_003, 1_234_567, 20_000_000, 3_600_000_000_000];
  expect(thresholds.map(detailOf)).toEqual([1, 1, 1, 1651, 61_729, 1_000_000, 1_000_000]);
});

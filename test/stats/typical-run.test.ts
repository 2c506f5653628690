import { expect, test } from 'vitest';
import { seededRandom } from '../../src/stats/prng.js';
import { leastRunsForBounds, typicalRun } from '../../src/stats/typical-run.js';

test('of six runs the ends bound the median, of ten the second and the ninth, of fewer none', () => {
  expect(leastRunsForBounds).toBe(6);
  expect(typicalRun([3, 1, 2, 6, 5, 4])).toEqual({ n: 6, estimate: 3.5, lowest: 1, highest: 6, low: 1, high: 6 });
  expect(typicalRun([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])).toMatchObject({ low: 2, high: 9 });
  expect(typicalRun([1, 2, 3, 4, 5])).toMatchObject({ lowest: 1, highest: 5, low: null, high: null });
  expect(() => typicalRun([])).toThrow('needs a value');
});

test('either bound is wrong in 1 of 40 cases at most, whatever the distribution', () => {
  const random = seededRandom(7);
  // Runs of two kinds, of which one is a thousand times the other.
  const draw = (): number => (random() < 0.4 ? 1000 : 1) * (1 + random());
  const median = 1 + 0.5 / 0.6;
  for (const runs of [6, 10, 17]) {
    const tries = 4000;
    let [above, below] = [0, 0];
    for (let i = 0; i < tries; i += 1) {
      const { low, high } = typicalRun(Array.from({ length: runs }, draw));
      if ((low ?? 0) > median) above += 1;
      if ((high ?? Infinity) < median) below += 1;
    }
    // Four standard deviations above what is promised.
    for (const wrong of [above, below])
      expect(wrong / tries).toBeLessThan(0.025 + 4 * Math.sqrt((0.025 * 0.975) / tries));
  }
});

import { describe, expect, test } from 'vitest';
import { bootstrapMeans } from '../../src/stats/bootstrap.js';
import { seededRandom } from '../../src/stats/prng.js';
import { noWorseOf, type NoWorse } from '../../src/verdict/compare/no-worse.js';

function noWorse(a: readonly number[], b: readonly number[], margin = { relative: 0.1, absolute: 0.01 }): NoWorse {
  return noWorseOf(
    { a, b, margin, paired: false },
    bootstrapMeans(a, b, seededRandom(1), 2_000, 0.05),
    seededRandom(2),
    2_000,
  );
}

const zeros = (n: number): number[] => Array<number>(n).fill(0);
const runs = [100, 103, 98, 101, 99, 102];

describe('a figure is no worse', () => {
  test.each<[string, readonly number[], readonly number[], Partial<NoWorse>]>([
    ['nothing in any run', zeros(6), zeros(6), { holds: true, bound: 0, setAside: 0 }],
    ['one run of six', zeros(6), [...zeros(5), 5], { holds: true, bound: 0, setAside: 1 }],
    ['one run of each side', [...zeros(5), 3], [5, ...zeros(5)], { holds: true, setAside: 1 }],
    ['much better', runs, runs.map((value) => value / 3), { holds: true, setAside: 0 }],
    ['four runs, better in every one', [60, 61, 62, 63], [1, 2, 3, 4], { holds: true, setAside: 0 }],
    ['the same, within the margin', runs, runs.toReversed(), { holds: true, setAside: 0 }],
  ])('%s', (_, a, b, wanted) => {
    expect(noWorse(a, b)).toMatchObject(wanted);
  });

  test.each<[string, readonly number[], readonly number[]]>([
    ['two runs of six', zeros(6), [...zeros(4), 5, 5]],
    ['three of twenty, which the typical run does not see', zeros(20), [...zeros(17), 5, 5, 5]],
    ['fewer than six runs', zeros(5), zeros(5)],
    ['four runs, some of them better', [60, 61, 62, 3], [1, 2, 60, 61]],
    ['worse by the margin', runs, runs.map((value) => value * 1.1)],
    ['runs that differ too much to tell', [60, 140, 80, 120, 100, 90], [140, 60, 120, 80, 90, 100]],
  ])('not shown: %s', (_, a, b) => {
    expect(noWorse(a, b).holds).toBe(false);
  });

  test('its bounds are the margins that would do', () => {
    const [a, b] = [
      [60, 140, 80, 120, 100, 90],
      [140, 60, 120, 80, 90, 100],
    ];
    const { bound, boundRelative } = noWorse(a, b);
    expect(noWorse(a, b, { relative: 0, absolute: (bound ?? NaN) + 1e-9 }).holds).toBe(true);
    expect(noWorse(a, b, { relative: (boundRelative ?? NaN) + 1e-9, absolute: 0 }).holds).toBe(true);
    expect(noWorse(a, b, { relative: (boundRelative ?? NaN) * 0.8, absolute: 0 }).holds).toBe(false);
    expect(noWorse(zeros(6), [...zeros(4), 5, 5])).toMatchObject({ boundRelative: null });
  });
});

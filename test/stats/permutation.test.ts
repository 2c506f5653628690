import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactUpTo, permutationTest } from '../../src/stats/permutation.js';
import { seededRandom } from '../../src/stats/prng.js';

const never = (): number => {
  throw new Error('an exact test draws nothing');
};

describe('the permutation test', () => {
  // Reference: R 4.2.2, all divisions by combn(). The second are the mouse data of Efron and Tibshirani,
  // An Introduction to the Bootstrap, table 2.1.
  test.each([
    { a: [1, 2, 3], b: [4, 5, 6], difference: 3, p: 2 / 20, ways: 20 },
    {
      a: [94, 197, 16, 38, 99, 141, 23],
      b: [52, 104, 146, 10, 51, 30, 40, 27, 46],
      difference: -30.6349206349206,
      p: 3_184 / 11_440,
      ways: 11_440,
    },
    { a: [0.3, 0.1, 0.4, 0.1], b: [0.5, 0.9, 0.2, 0.6, 0.5], difference: 0.315, p: 11 / 126, ways: 126 },
    { a: [7, 7], b: [7, 7], difference: 0, p: 1, ways: 6 },
  ])('of $a and $b', ({ a, b, difference, p, ways }) => {
    const test = permutationTest(a, b, never);
    expect(test).toMatchObject({ p, divisions: ways, exact: true });
    expect(test.difference).toBeCloseTo(difference, 10);
  });

  test('says that two runs each cannot give a p below 1/3', () => {
    expect(permutationTest([1, 2], [3, 4], never)).toMatchObject({ p: 1 / 3, resolution: 1 / 3 });
    expect(permutationTest([1, 3], [2, 4], never).resolution).toBe(1 / 3);
  });

  test('samples where too many divisions exist, near the exact p and repeatably', () => {
    const a = [12, 15, 9, 14, 13, 11, 16, 10, 12, 14];
    const b = [15, 17, 13, 16, 18, 12, 19, 14, 15, 16];
    const test = permutationTest(a, b, seededRandom(3));
    // R by combn(): 2,270 of 184,756.
    const exact = 2_270 / 184_756;
    expect(184_756).toBeGreaterThan(exactUpTo);
    expect(test).toMatchObject({ exact: false, divisions: 100_000, resolution: 1e-5 });
    expect(Math.abs(test.p - exact)).toBeLessThan(5 * Math.sqrt((exact * (1 - exact)) / 100_000));
    expect(permutationTest(a, b, seededRandom(3))).toEqual(test);
  });

  test('depends neither on the order of values nor on which group comes first, and p is at least its resolution', () => {
    const group = fc.array(
      fc.integer({ min: -1_000, max: 1_000 }).map((value) => value / 10),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(group, group, (a, b) => {
        const { p, resolution, difference } = permutationTest(a, b, never);
        const turned = permutationTest([...b].reverse(), [...a].reverse(), never);
        expect(turned.p).toBeCloseTo(p, 12);
        expect(turned.difference).toBeCloseTo(-difference, 9);
        expect(p).toBeGreaterThanOrEqual(resolution);
        expect(p).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('refuses an empty group and what is no number', () => {
    expect(() => permutationTest([], [1], never)).toThrow(RangeError);
    expect(() => permutationTest([NaN], [1], never)).toThrow(RangeError);
  });
});

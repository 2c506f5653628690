import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alpha, binomialAtMost, hasFiniteUpperBound, leastN, quantileRanks } from '../../src/stats/quantile-bounds.js';

describe('the least n of a quantile', () => {
  test.each([
    [0.5, 6],
    [0.9, 36],
    [0.99, 368],
    [0.999, 3_688],
    [0.9999, 36_887],
  ])('q = %d: %d', (q, n) => {
    expect(leastN(q)).toBe(n);
    expect([hasFiniteUpperBound(q, n - 1), hasFiniteUpperBound(q, n)]).toEqual([false, true]);
    expect([q ** (n - 1) > alpha / 2, q ** n <= alpha / 2]).toEqual([true, true]);
  });

  test.each([0, 1, -1, NaN])('refuses q = %d', (q) => {
    expect(() => leastN(q)).toThrow(RangeError);
  });
});

describe('ranks that bound a quantile', () => {
  // Reference: R 4.2.2, qbinom(0.025, n, q) and qbinom(0.975, n, q) + 1.
  test.each([
    [0.5, 5, null, null],
    [0.5, 6, 1, 6],
    [0.5, 10, 2, 9],
    [0.5, 100, 40, 61],
    [0.9, 35, 28, null],
    [0.9, 36, 29, 36],
    [0.9, 100, 84, 96],
    [0.99, 1_000, 983, 997],
    [0.999, 3_687, 3_679, null],
    [0.999, 3_688, 3_680, 3_688],
    [0.999, 100_000, 99_880, 99_920],
    [0.9999, 36_887, 36_879, 36_887],
    [0.9999, 10_000_000, 9_998_938, 9_999_062],
    [0.5, 100_000_000, 49_990_200, 50_009_801],
  ])('q = %d, n = %d: %s and %s', (q, n, lower, upper) => {
    expect(quantileRanks(q, n)).toEqual({ lower, upper });
  });

  test('have an upper one exactly where n suffices', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.999, noNaN: true }), fc.integer({ min: 1, max: 5_000 }), (q, n) => {
        const { lower, upper } = quantileRanks(q, n);
        expect(upper !== null).toBe(hasFiniteUpperBound(q, n));
        if (lower !== null && upper !== null) expect(lower).toBeLessThan(upper);
      }),
    );
    expect(quantileRanks(0.5, 0)).toEqual({ lower: null, upper: null });
  });
});

describe('the binomial distribution', () => {
  // Reference: R 4.2.2, pbinom(k, n, q).
  test.each([
    [3, 10, 0.5, 0.171875],
    [89, 100, 0.9, 0.416844487734],
    [99, 100, 0.99, 0.633967658727],
    [98_990, 100_000, 0.99, 0.379558018948],
    [49_990_000, 100_000_000, 0.5, 0.0227555313148],
    [-1, 10, 0.5, 0],
    [10, 10, 0.5, 1],
  ])('P(B ≤ %d), n = %d, q = %d', (k, n, q, expected) => {
    expect(Math.abs(binomialAtMost(k, n, q) - expected)).toBeLessThan(1e-6 * Math.max(expected, 1e-9));
  });
});

/** What must hold for any runs: symmetry, indifference to scale, monotony; and what no statistic takes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bootstrapMeans, leastRuns } from '../../src/stats/bootstrap.js';
import { clopperPearson } from '../../src/stats/clopper-pearson.js';
import { hodgesLehmann } from '../../src/stats/hodges-lehmann.js';
import { holm } from '../../src/stats/holm.js';
import { bootstrapPairs, pairedFactorBound, pairedShift } from '../../src/stats/pairs.js';
import { exactPairs, rankTest } from '../../src/stats/rank-test.js';
import { seededRandom } from '../../src/stats/prng.js';
import { leastRunsFor, mostRuns, runsForDifference, runsForWidth } from '../../src/stats/required-runs.js';
import { midranks } from '../../src/stats/sample.js';

const seed = (): ReturnType<typeof seededRandom> => seededRandom(5);
/** Few distinct values, so that ties and zeros are common. */
const runs = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 1e9 })), {
  minLength: 1,
  maxLength: 9,
});
const someRuns = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: leastRuns, maxLength: 9 });

describe('the rank test', () => {
  test('is the same from either side, in any order, and after any growing transformation', () => {
    fc.assert(
      fc.property(runs, runs, (a, b) => {
        const own = rankTest(a, b, seed());
        const grown = (values: readonly number[]): number[] => values.map((value) => value ** 3 + 7);
        expect(rankTest(b, a, seed()).p).toBeCloseTo(own.p, 12);
        expect(rankTest([...a].reverse(), b, seed()).p).toBeCloseTo(own.p, 12);
        expect(rankTest(grown(a), grown(b), seed())).toEqual(own);
        expect(own.p).toBeGreaterThanOrEqual(own.resolution * (1 - 1e-12));
      }),
    );
  });

  test('never gets weaker as one side moves further away', () => {
    fc.assert(
      fc.property(someRuns, fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 }), (a, shift, more) => {
        const top = Math.max(...a);
        const moved = (by: number): number[] => a.map((value) => value + top + by);
        expect(rankTest(a, moved(shift + more + 1), seed()).p).toBeLessThanOrEqual(
          rankTest(a, moved(shift), seed()).p + 1e-12,
        );
      }),
    );
  });

  test('says that two runs a side cannot reach 0.05, and from how many on some p can', () => {
    expect(rankTest([1, 2], [3, 4], seed())).toMatchObject({ p: 1 / 3, resolution: 1 / 3 });
    expect([leastRunsFor(0.34), leastRunsFor(0.05), leastRunsFor(0.05 / 20), leastRunsFor(1e-5)]).toEqual([
      2, 4, 6, 11,
    ]);
  });

  test('samples beyond its limit, near the exact p and repeatably', () => {
    const a = Array.from({ length: 50 }, (_, i) => Math.sin(i) * 10);
    const b = Array.from({ length: 50 }, (_, i) => Math.sin(i + 0.3) * 10 + 2.5);
    const exact = rankTest(a, b, seed());
    expect(exact.exact).toBe(true);
    const sampled = rankTest([...a, 0.111], [...b, 2.611], seed());
    expect(51 * 51).toBeGreaterThan(exactPairs);
    expect(sampled).toMatchObject({ exact: false, divisions: 100_000 });
    expect(Math.abs(sampled.p - exact.p)).toBeLessThan(0.02);
    expect(rankTest([...a, 0.111], [...b, 2.611], seed())).toEqual(sampled);
  });

  test('refuses an empty group and what is no number', () => {
    expect(() => rankTest([], [1], seed())).toThrow(RangeError);
    expect(() => rankTest([NaN], [1], seed())).toThrow(RangeError);
  });
});

describe('the shift', () => {
  test('turns with the sides, scales with the values, follows a shift, and lies in its interval', () => {
    fc.assert(
      fc.property(runs, runs, fc.integer({ min: 1, max: 50 }), (a, b, k) => {
        const own = hodgesLehmann(a, b);
        const turned = hodgesLehmann(b, a);
        expect(turned.estimate).toBe(0 - own.estimate);
        expect(turned.low).toBe(own.high === null ? null : 0 - own.high);
        const scaled = hodgesLehmann(
          a.map((value) => value * k),
          b.map((value) => value * k),
        );
        expect(scaled.estimate).toBeCloseTo(own.estimate * k, 3);
        expect(
          hodgesLehmann(
            a,
            b.map((value) => value + k),
          ).estimate,
        ).toBeCloseTo(own.estimate + k, 6);
        if (own.low !== null && own.high !== null) {
          expect(own.low).toBeLessThanOrEqual(own.estimate);
          expect(own.high).toBeGreaterThanOrEqual(own.estimate);
        }
      }),
    );
  });

  test('has no interval below 4 runs a side', () => {
    expect(hodgesLehmann([1, 2, 3], [4, 5, 6])).toEqual({ estimate: 3, low: null, high: null });
    expect(hodgesLehmann([1, 2, 3, 4], [5, 6, 7, 8])).toEqual({ estimate: 4, low: 1, high: 7 });
    expect(hodgesLehmann([5], [5])).toEqual({ estimate: 0, low: null, high: null });
  });

  test('agrees with the rank test where nothing ties: 0 is outside exactly if p is at most 0.05', () => {
    const distinct = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 9, maxLength: 14 });
    fc.assert(
      fc.property(distinct, fc.integer({ min: 4, max: 5 }), (values, size) => {
        const [a, b] = [values.slice(0, size), values.slice(size)];
        const { low, high } = hodgesLehmann(a, b);
        expect((low ?? -1) > 0 || (high ?? 1) < 0).toBe(rankTest(a, b, seed()).p <= 0.05);
      }),
    );
  });

  test('has nearly the same interval by the normal limit as exactly', () => {
    const a = Array.from({ length: 50 }, (_, i) => (i * 37) % 101);
    const exact = hodgesLehmann(
      a,
      a.map((value) => value + 10.5),
    );
    const limit = hodgesLehmann([...a, 50], [...a.map((value) => value + 10.5), 60.5]);
    expect(Math.abs((limit.low ?? 0) - (exact.low ?? 0))).toBeLessThan(2);
  });
});

describe('the bootstrap', () => {
  test('scales, and its interval holds the estimate', () => {
    fc.assert(
      fc.property(someRuns, someRuns, (a, b) => {
        const own = bootstrapMeans(a, b, seed(), 200);
        const scaled = bootstrapMeans(
          a.map((value) => value * 4),
          b.map((value) => value * 4),
          seed(),
          200,
        );
        expect(scaled.ratio).toEqual(own.ratio);
        expect(scaled.difference.low).toBeCloseTo((own.difference.low ?? 0) * 4, 6);
        expect(own.difference.low).toBeLessThanOrEqual(own.difference.estimate + 1e-9);
        expect(own.difference.high).toBeGreaterThanOrEqual(own.difference.estimate - 1e-9);
      }),
      { numRuns: 50 },
    );
  });

  test('has no ratio over nothing, the ratio 1 of nothing to nothing, and an open end where resamples may have nothing below', () => {
    const zeros = [0, 0, 0, 0, 0];
    expect(bootstrapMeans(zeros, [1, 2, 3, 4, 5], seed(), 200).ratio).toBeNull();
    expect(bootstrapMeans(zeros, zeros, seed(), 200)).toEqual({
      difference: { estimate: 0, low: 0, high: 0 },
      ratio: { estimate: 1, low: 1, high: 1 },
    });
    expect(bootstrapMeans([0, 0, 0, 0, 6], [5, 6, 7, 8, 9], seed(), 400).ratio).toMatchObject({ high: null });
    // Resamples of zeros alone have a mean of 0, whatever stands first.
    for (const first of [6, 57.3, 0.1, 123.456])
      expect(bootstrapMeans([first, 0, 0, 0, 0, 0], [5, 6, 7, 8, 9], seed(), 400).ratio).toMatchObject({ high: null });
    expect(bootstrapMeans([-1, 0, 1, 2], [1, 1, 1, 1], seed(), 200).ratio).toBeNull();
  });

  test('gives no interval to fewer than four runs, and an exact one to runs that do not differ', () => {
    expect(bootstrapMeans([1], [3], seed(), 200)).toEqual({
      difference: { estimate: 2, low: null, high: null },
      ratio: { estimate: 3, low: null, high: null },
    });
    expect(bootstrapMeans([0.1, 0.1, 0.1, 0.1], [0.3, 0.3, 0.3, 0.3], seed(), 200).difference).toEqual({
      estimate: 0.3 - 0.1,
      low: 0.3 - 0.1,
      high: 0.3 - 0.1,
    });
  });
});

test('Clopper and Pearson’s interval mirrors, holds the share and narrows with n', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(300), (n, k) => {
      const hits = Math.min(k, n);
      const own = clopperPearson(hits, n);
      const mirrored = clopperPearson(n - hits, n);
      expect(mirrored.low).toBeCloseTo(1 - own.high, 10);
      expect(own.low).toBeLessThanOrEqual(own.share);
      expect(own.high).toBeGreaterThanOrEqual(own.share);
      const more = clopperPearson(hits * 4, n * 4);
      expect(more.high - more.low).toBeLessThan(own.high - own.low);
    }),
  );
});

test('Holm’s p-values are never below their own, keep their order, and lie below Bonferroni’s', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }), (ps) => {
      const adjusted = holm(ps);
      ps.forEach((p, i) => {
        expect(adjusted[i]).toBeGreaterThanOrEqual(p);
        expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, p * ps.length));
        ps.forEach((other, j) => {
          if (p < other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j] ?? 0);
        });
      });
    }),
  );
});

describe('pairs', () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1000 })), {
    minLength: 6,
    maxLength: 12,
  });

  test('what is in both values of a pair drops out, and the bound is the margin that the same test allows', () => {
    fc.assert(
      fc.property(
        pairs,
        fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 12, maxLength: 12 }),
        (drawn, drift) => {
          const [a, b] = [drawn.map(([x]) => x), drawn.map(([, y]) => y)];
          const moved = (values: readonly number[]): number[] => values.map((value, i) => value + (drift[i] ?? 0));
          expect(pairedShift(moved(a), moved(b))).toEqual(pairedShift(a, b));
          const factor = pairedFactorBound(a, b, 0.05) ?? NaN;
          expect(
            pairedShift(
              a.map((value) => value * factor * (1 + 1e-9)),
              b,
              0.05,
            ).high,
          ).toBeLessThanOrEqual(1e-6);
          expect(
            pairedShift(
              a.map((value) => value * factor * (1 - 1e-6)),
              b,
              0.05,
            ).high,
          ).toBeGreaterThan(0);
        },
      ),
    );
  });

  test('intervals of pairs hold their estimate, and are 0 wide where all pairs differ alike', () => {
    fc.assert(
      fc.property(pairs, (drawn) => {
        const [a, b] = [drawn.map(([x]) => x), drawn.map(([, y]) => y)];
        const { difference } = bootstrapPairs(a, b, seed(), 200);
        expect(difference.low).toBeLessThanOrEqual(difference.estimate + 1e-9);
        expect(difference.high).toBeGreaterThanOrEqual(difference.estimate - 1e-9);
        expect(
          bootstrapPairs(
            a,
            a.map((value) => value + 5),
            seed(),
            200,
          ).difference,
        ).toEqual({ estimate: 5, low: 5, high: 5 });
      }),
    );
  });

  test('what is no pair is refused', () => {
    expect(() => pairedShift([1, 2], [1])).toThrow('needs pairs');
    expect(pairedShift([1, 2, 3, 4, 5], [2, 3, 4, 5, 6])).toMatchObject({ estimate: 1, low: null, high: null });
  });
});

describe('required runs', () => {
  test('are more for a smaller effect, and none for no effect', () => {
    const a = Array.from({ length: 10 }, (_, i) => 100 + ((i * 7) % 10));
    const by = (shift: number): number =>
      runsForDifference(
        a,
        a.map((value) => value + shift),
        0.01,
        seed(),
      ) ?? Infinity;
    expect(by(10)).toBeLessThanOrEqual(by(3));
    expect(by(3)).toBeLessThan(by(1));
    expect(by(0)).toBe(Infinity);
    expect(runsForDifference([0, 0], [0, 0], 0.05, seed())).toBeNull();
  });

  test('of an interval grow with the square of its width', () => {
    expect([
      runsForWidth(10, 4, 2),
      runsForWidth(10, 1, 2),
      runsForWidth(10, 4, 0),
      runsForWidth(mostRuns, 2, 1),
    ]).toEqual([40, 10, null, null]);
  });
});

describe('what is no number of runs', () => {
  test.each([NaN, Infinity, -Infinity])('%d is refused by every statistic', (bad) => {
    for (const statistic of [rankTest, hodgesLehmann, bootstrapMeans] as ((...args: unknown[]) => unknown)[]) {
      expect(() => statistic([1, bad], [2, 3], seed(), 10)).toThrow(/finite/);
      expect(() => statistic([1], [], seed(), 10)).toThrow(RangeError);
    }
    expect(() => runsForDifference([bad], [1], 0.05, seed())).toThrow(RangeError);
    expect(() => holm([bad])).toThrow(RangeError);
    expect(() => clopperPearson(bad, 3)).toThrow(RangeError);
  });

  test('shares of more hits than trials, levels outside 0 to 1', () => {
    expect(() => clopperPearson(4, 3)).toThrow(RangeError);
    expect(() => leastRunsFor(0)).toThrow(RangeError);
  });

  test('midranks share what ties', () => {
    expect(midranks([3, 1, 3, 0])).toEqual([3.5, 2, 3.5, 1]);
  });
});

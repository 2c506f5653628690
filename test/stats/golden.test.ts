/** Every statistic against an independent implementation: golden/make.R made the values, and names their source. */
import { describe, expect, test } from 'vitest';
import { bootstrapMeans, expandedTail } from '../../src/stats/bootstrap.js';
import { clopperPearson } from '../../src/stats/clopper-pearson.js';
import { hodgesLehmann } from '../../src/stats/hodges-lehmann.js';
import { holm } from '../../src/stats/holm.js';
import { jointTest, type Sidedness } from '../../src/stats/joint/joint-test.js';
import type { Shape } from '../../src/stats/joint/divisions.js';
import { normalCdf, normalQuantile, studentUpper } from '../../src/stats/normal.js';
import { pairedShift } from '../../src/stats/pairs.js';
import { rankTest } from '../../src/stats/rank-test.js';
import { seededRandom } from '../../src/stats/prng.js';
import { quantileRanks } from '../../src/stats/quantile-bounds.js';
import { runsForDifference } from '../../src/stats/required-runs.js';
import golden from './golden/golden.json' with { type: 'json' };

const never = (): number => {
  throw new Error('an exact test draws nothing');
};

/** To 9 digits, or as far as R's own algorithm is exact. */
function expectNear(value: number | null, wanted: number | null, relative = 1e-9): void {
  if (value === null || wanted === null) expect(value).toBe(wanted);
  else
    expect(Math.abs(value - wanted), `${value} is not ${wanted}`).toBeLessThanOrEqual(
      relative * Math.abs(wanted) + 1e-300,
    );
}

describe(`as ${golden.source} says`, () => {
  test.each(golden.rankTest)('rank test of $a and $b, by all divisions', ({ a, b, difference, p, resolution }) => {
    const result = rankTest(a, b, never);
    expectNear(result.difference, difference);
    expectNear(result.p, p);
    expectNear(result.resolution, resolution);
  });

  test.each(golden.wilcoxon)('Wilcoxon’s test, shift and interval of $a and $b', ({ a, b, p, estimate, low, high }) => {
    const shift = hodgesLehmann(a, b);
    expectNear(rankTest(a, b, never).p, p);
    expectNear(shift.estimate, estimate, 1e-7);
    expectNear(shift.low, low, 1e-7);
    expectNear(shift.high, high, 1e-7);
  });

  test.each(golden.clopperPearson)('Clopper and Pearson’s interval of $hits of $n', ({ hits, n, low, high }) => {
    const interval = clopperPearson(hits, n);
    expectNear(interval.low, low);
    expectNear(interval.high, high);
  });

  test.each(golden.holm)('Holm’s adjustment of $p', ({ p, adjusted }) => {
    holm(p).forEach((value, i) => {
      expectNear(value, adjusted[i] ?? null);
    });
  });

  test.each(golden.normal)('normal distribution at $x', ({ x, cdf }) => {
    expectNear(normalCdf(x), cdf, 1e-11);
  });
  test.each(golden.normalQuantile)('normal quantile at $p', ({ p, x }) => {
    expect(normalQuantile(p)).toBeCloseTo(x, 8);
  });
  test.each(golden.student)('Student’s t of tail $tail with $df degrees of freedom', ({ tail, df, t }) => {
    expect(Math.abs(studentUpper(tail, df) - t)).toBeLessThan(1e-8 * (1 + t));
  });

  test.each(golden.quantileRanks)('ranks that bound the quantile $q of $n', ({ q, n, lower, upper }) => {
    expect(quantileRanks(q, n)).toEqual({ lower, upper });
  });

  // The golden limits come from all resamples, ours from some: they lie between the limits at levels half as large
  // again and smaller.
  test.each(golden.bootstrap)(
    'bootstrap of $a and $b, by all resamples',
    ({ a, b, tail, difference, ratio, lowerBand, upperBand }) => {
      expectNear(expandedTail(a, b), tail);
      const effects = bootstrapMeans(a, b, seededRandom(7), 40_000);
      expectNear(effects.difference.estimate, difference);
      expectNear(effects.ratio?.estimate ?? null, ratio);
      expect(effects.difference.low).toBeGreaterThanOrEqual(lowerBand[0] ?? NaN);
      expect(effects.difference.low).toBeLessThanOrEqual(lowerBand[1] ?? NaN);
      expect(effects.difference.high).toBeGreaterThanOrEqual(upperBand[0] ?? NaN);
      expect(effects.difference.high).toBeLessThanOrEqual(upperBand[1] ?? NaN);
    },
  );

  test.each(golden.maxT)(
    'adjusted p-values, $sidedness side, as of multtest’s mt.maxT without margins',
    ({ a, b, sidedness, p, pAdjusted }) => {
      const figures = a.map((values, k) => ({ a: values, b: b[k] ?? [], margin: { relative: 0, absolute: 0 } }));
      const result = jointTest(
        [{ shape: { kind: 'apart', a: a[0]?.length ?? 0, b: b[0]?.length ?? 0 }, figures }],
        sidedness as Sidedness,
        never,
      );
      result.figures.forEach((figure, k) => {
        // What is not worse at all has no score; its p by mt.maxT is above one half.
        if (figure.score > 0) expectNear(figure.pAdjusted, pAdjusted[k] ?? null);
        else expect(pAdjusted[k]).toBeGreaterThan(0.5);
        if (figure.score > 0) expectNear(figure.p, p[k] ?? null);
      });
    },
  );

  test.each(golden.joint)(
    'joint test $kind, $sidedness side, of $a and $b, by all divisions',
    ({ a, b, relative, absolute, kind, sidedness, ...wanted }) => {
      const [inA, inB] = [a[0]?.length ?? 0, b[0]?.length ?? 0];
      const shape: Shape = kind === 'apart' ? { kind, a: inA, b: inB } : { kind: 'in turns', rounds: inA };
      const figures = a.map((values, k) => ({ a: values, b: b[k] ?? [], margin: { relative, absolute } }));
      const { p, pLargest, pSum, figures: own } = jointTest([{ shape, figures }], sidedness as Sidedness, never);
      expectNear(p, wanted.p);
      expectNear(pLargest, wanted.pLargest);
      expectNear(pSum, wanted.pSum);
      own.forEach(({ score, pAdjusted }, k) => {
        expectNear(score, wanted.score[k] ?? null, 1e-7);
        expectNear(pAdjusted, wanted.pAdjusted[k] ?? null);
      });
    },
  );

  test.each(golden.shiftBound)('the shift’s one-sided bound of $a and $b', ({ a, b, high }) => {
    expectNear(hodgesLehmann(a, b, 0.05).high, high, 1e-7);
  });

  test.each(golden.pairs)(
    'shift of the pairs of $a and $b, with its interval and bound',
    ({ a, b, estimate, low, high, bound }) => {
      const shift = pairedShift(a, b);
      expectNear(shift.estimate, estimate, 1e-7);
      expectNear(shift.low, low, 1e-7);
      expectNear(shift.high, high, 1e-7);
      expectNear(pairedShift(a, b, 0.05).high, bound, 1e-7);
    },
  );

  test.each(golden.power)('required runs at level $level have a power near 80 %', ({ a, b, level, n, power }) => {
    const runs = runsForDifference(a, b, level, seededRandom(11)) ?? 0;
    const at = n.findIndex((one) => one >= runs);
    expect(at).toBeGreaterThanOrEqual(0);
    expect(power[at]).toBeGreaterThan(0.68);
    expect(power[at === 0 ? 0 : at - 1]).toBeLessThan(0.92);
  });
});

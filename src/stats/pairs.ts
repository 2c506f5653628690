/**
 * Differences and ratios of two sides that were measured in turns, with a value of each per round. A drift from round
 * to round is in both values of a pair, and cancels. The counterparts of hodges-lehmann.ts and bootstrap.ts.
 *
 * Shift and factor invert Wilcoxon's signed-rank test (Hodges and Lehmann 1963; Lehmann, Nonparametrics, section 4.3).
 * It is exact if, apart from the shift, the sides of each round could as well have been exchanged.
 */
import { expandedTailOf, intervalOf, leastRuns, ratioOf, type MeanEffects } from './bootstrap.js';
import { unbounded, type Shift } from './hodges-lehmann.js';
import { median } from './median.js';
import { normalQuantile } from './normal.js';
import { randomBelow, type Random } from './prng.js';
import { alpha } from './quantile-bounds.js';
import { assertGroups, mean } from './sample.js';

function assertPairs(what: string, a: readonly number[], b: readonly number[]): void {
  assertGroups(what, a, b);
  if (a.length !== b.length) throw new RangeError(`${what} needs pairs, got ${a.length} and ${b.length} values`);
}

/** `b` above `a` in the typical round; unbounded below 5 pairs at a tail of 5 %, below 6 at 2.5 %. */
export function pairedShift(a: readonly number[], b: readonly number[], tail = alpha / 2): Shift {
  assertPairs('a shift of pairs', a, b);
  const gaps = b.map((value, i) => value - (a[i] ?? 0));
  const averages = ofEachTwo(gaps, (x, y) => (x + y) / 2);
  const estimate = median([...averages]) ?? 0;
  const left = cutOff(gaps.length, tail);
  if (left === 0) return { estimate, ...unbounded };
  return { estimate, low: averages[left - 1] ?? null, high: averages[averages.length - left] ?? null };
}

/** An upper bound of the factor from a to b, by the same test. Values must not be negative. Null: unbounded. */
export function pairedFactorBound(a: readonly number[], b: readonly number[], tail: number): number | null {
  assertPairs('a factor of pairs', a, b);
  const rounds = Array.from(a.keys());
  const factors = ofEachTwo(rounds, (i, j) => {
    const [inA, inB] = [(a[i] ?? 0) + (a[j] ?? 0), (b[i] ?? 0) + (b[j] ?? 0)];
    return inB === 0 ? 0 : inB / inA;
  });
  const left = cutOff(rounds.length, tail);
  const bound = left === 0 ? Infinity : (factors[factors.length - left] ?? Infinity);
  return Number.isFinite(bound) ? bound : null;
}

/** The averages of every two rounds, and of each with itself, sorted: Walsh averages. */
function ofEachTwo(values: readonly number[], of: (x: number, y: number) => number): Float64Array {
  return Float64Array.from(values.flatMap((x, i) => values.slice(i).map((y) => of(x, y)))).sort();
}

/** The signed-rank distribution is computed exactly up to this many pairs. */
const exactUpTo = 200;

/**
 * The largest k with P(W ≤ k − 1) ≤ tail, where W is the sum of the ranks of positive differences, if both signs are
 * equally likely.
 */
function cutOff(n: number, tail: number): number {
  if (n > exactUpTo)
    return Math.max(
      0,
      Math.floor((n * (n + 1)) / 4 + normalQuantile(tail) * Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24)),
    );
  const shares = new Float64Array((n * (n + 1)) / 2 + 1);
  shares[0] = 1;
  for (let rank = 1; rank <= n; rank += 1) {
    for (let sum = shares.length - 1; sum >= 0; sum -= 1)
      shares[sum] = ((shares[sum] ?? 0) + (sum >= rank ? (shares[sum - rank] ?? 0) : 0)) / 2;
  }
  let below = 0;
  for (let k = 0; k < shares.length; k += 1) {
    below += shares[k] ?? 0;
    if (below > tail) return k;
  }
  return 0;
}

/** Like `bootstrapMeans`, but draws rounds with both values. */
export function bootstrapPairs(
  a: readonly number[],
  b: readonly number[],
  random: Random,
  resamples: number,
  level = alpha / 2,
): MeanEffects {
  assertPairs('a bootstrap of pairs', a, b);
  const n = a.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const hasRatio = [...a, ...b].every((value) => value >= 0) && (meanA > 0 || meanB === 0);
  const estimates = { difference: mean(b.map((value, i) => value - (a[i] ?? 0))), ratio: ratioOf(meanA, meanB) };
  if (n < leastRuns)
    return {
      difference: { estimate: estimates.difference, ...unbounded },
      ratio: hasRatio ? { estimate: estimates.ratio, ...unbounded } : null,
    };
  const [differences, ratios] = [new Float64Array(resamples), new Float64Array(resamples)];
  // Relative to the first round, so that equal values, and equal differences, have exactly their mean.
  const [firstA = 0, firstB = 0] = [a[0], b[0]];
  const firstGap = firstB - firstA;
  for (let i = 0; i < resamples; i += 1) {
    let [sumA, sumGap] = [0, 0];
    for (let left = n; left > 0; left -= 1) {
      const round = randomBelow(n, random);
      sumA += (a[round] ?? 0) - firstA;
      sumGap += (b[round] ?? 0) - (a[round] ?? 0) - firstGap;
    }
    const [drawnA, gap] = [firstA + sumA / n, firstGap + sumGap / n];
    differences[i] = gap;
    ratios[i] = ratioOf(drawnA, drawnA + gap);
  }
  const tail = expandedTailOf(n, n - 1, level);
  return {
    difference: { estimate: estimates.difference, ...intervalOf(differences.sort(), tail) },
    ratio: hasRatio ? { estimate: estimates.ratio, ...intervalOf(ratios.sort(), tail) } : null,
  };
}

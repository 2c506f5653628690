/**
 * Intervals for the difference and the ratio of two means of runs, from resampled runs (Efron 1979). The mean is the
 * cost that a user pays: unlike a median, it shows a stall that only every third run has.
 *
 * Percentile intervals with expanded levels (Hesterberg, "What Teachers Should Know About the Bootstrap", The American
 * Statistician 2015, section 4.2): plain intervals are too narrow for few values, by √((n−1)/n) for the spread of a
 * resample and by z in place of t. So the level α/2 becomes Φ(−t √(n/(n−1))), t with Welch's degrees of freedom. BCa
 * would be the textbook's choice. Its two corrections are estimated from the data, and with 5 to 20 runs, many of them
 * 0, they are noise (its bias correction is infinite if all resamples agree).
 *
 * Resamples contain only values that were seen, so fewer than `leastRuns` per side give no interval.
 */
import type { Interval } from './hodges-lehmann.js';
import { normalCdf, studentUpper } from './normal.js';
import { randomBelow, type Random } from './prng.js';
import { alpha } from './quantile-bounds.js';
import { assertGroups, mean, sum } from './sample.js';

export const leastRuns = 4;

export interface MeanEffects {
  /** mean(b) − mean(a). */
  readonly difference: Interval & { readonly estimate: number };
  /** mean(b) / mean(a); null if a's mean is 0 and b's is not, or if values are negative. 1 if both are 0. */
  readonly ratio: (Interval & { readonly estimate: number }) | null;
}

/** `level`: the level on either side of the intervals, α/2 for 95 %. */
export function bootstrapMeans(
  a: readonly number[],
  b: readonly number[],
  random: Random,
  resamples: number,
  level = alpha / 2,
): MeanEffects {
  assertGroups('a bootstrap', a, b);
  const [meanA, meanB] = [mean(a), mean(b)];
  const difference = meanB - meanA;
  const hasRatio = [...a, ...b].every((value) => value >= 0) && (meanA > 0 || meanB === 0);
  const ratio = ratioOf(meanA, meanB);
  if (Math.min(a.length, b.length) < leastRuns) {
    const nothing = { low: null, high: null };
    return {
      difference: { estimate: difference, ...nothing },
      ratio: hasRatio ? { estimate: ratio, ...nothing } : null,
    };
  }
  const differences = new Float64Array(resamples);
  const ratios = new Float64Array(resamples);
  for (let i = 0; i < resamples; i += 1) {
    const [drawnA, drawnB] = [drawnMean(a, random), drawnMean(b, random)];
    differences[i] = drawnB - drawnA;
    ratios[i] = ratioOf(drawnA, drawnB);
  }
  const tail = expandedTail(a, b, level);
  return {
    difference: { estimate: difference, ...intervalOf(differences.sort(), tail) },
    ratio: hasRatio ? { estimate: ratio, ...intervalOf(ratios.sort(), tail) } : null,
  };
}

export function ratioOf(a: number, b: number): number {
  return a === b ? 1 : b / a;
}

function drawnMean(values: readonly number[], random: Random): number {
  const drawn = (): number => values[randomBelow(values.length, random)] ?? 0;
  const first = drawn();
  let total = 0;
  // Relative to the first value drawn, so that equal values have exactly their mean: for values of 0 the ratio divides by it.
  for (let left = values.length - 1; left > 0; left -= 1) total += drawn() - first;
  return first + total / values.length;
}

/** The level on either side that replaces `level`. */
export function expandedTail(a: readonly number[], b: readonly number[], level = alpha / 2): number {
  return expandedTailOf(Math.min(a.length, b.length), welchDf(a, b), level);
}

export function expandedTailOf(n: number, df: number, level: number): number {
  return normalCdf(-studentUpper(level, df) * Math.sqrt(n / (n - 1)));
}

/** Welch's degrees of freedom, between those of the smaller group and of both together. */
function welchDf(a: readonly number[], b: readonly number[]): number {
  const [va, vb] = [variance(a) / a.length, variance(b) / b.length];
  const least = Math.min(a.length, b.length) - 1;
  const df = (va + vb) ** 2 / (va ** 2 / (a.length - 1) + vb ** 2 / (b.length - 1));
  return Number.isFinite(df) ? Math.max(least, df) : least;
}

function variance(values: readonly number[]): number {
  const center = mean(values);
  return sum(values.map((value) => (value - center) ** 2)) / (values.length - 1);
}

/** Quantiles of the sorted resamples, rounded outwards. */
export function intervalOf(sorted: Float64Array, tail: number): Interval {
  const cut = Math.max(0, Math.floor(tail * sorted.length) - 1);
  const finite = (value: number | undefined): number | null =>
    value === undefined || !Number.isFinite(value) ? null : value;
  return { low: finite(sorted[cut]), high: finite(sorted[sorted.length - 1 - cut]) };
}

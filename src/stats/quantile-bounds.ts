/**
 * What n samples can say about a quantile, without assuming a distribution.
 *
 * The number of samples below the quantile ξ_q is binomial(n, q), so order statistics bound it
 * (Hahn and Meeker, Statistical Intervals, section 5.2). All bounds are one-sided at 1 − α/2, together at 1 − α.
 */

import { incompleteBeta } from './beta.js';

/** Two-sided confidence of 95 %, the only level that this project prints. */
export const alpha = 0.05;

/**
 * The least n at which ξ_q has a finite upper bound. The largest sample is an upper bound with confidence 1 − q^n, so
 * q^n ≤ α/2: 6 for the median, 36 for p90, 368 for p99, 3,688 for p99.9 and 36,887 for p99.99.
 */
export function leastN(q: number): number {
  assertOpenUnit(q);
  return Math.ceil(Math.log(alpha / 2) / Math.log(q));
}

export function hasFiniteUpperBound(q: number, n: number): boolean {
  return n >= leastN(q);
}

/** Ranks 1..n of the samples that bound a quantile; null if no sample does. */
export interface QuantileRanks {
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * The narrowest ranks with P(X_(lower) > ξ_q) ≤ α/2 and P(X_(upper) < ξ_q) ≤ α/2:
 * lower is the largest l with P(B ≤ l − 1) ≤ α/2, upper the smallest u with P(B ≥ u) ≤ α/2, B ~ binomial(n, q).
 */
export function quantileRanks(q: number, n: number): QuantileRanks {
  assertOpenUnit(q);
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`${n} is not a number of samples`);
  // P(B ≤ k) grows with k: the first k that exceeds α/2, and the first that reaches 1 − α/2.
  const lower = firstIndex(n + 1, (k) => binomialAtMost(k, n, q) > alpha / 2);
  const upper = firstIndex(n + 1, (u) => 1 - binomialAtMost(u - 1, n, q) <= alpha / 2);
  return { lower: lower === 0 ? null : lower, upper: upper > n ? null : upper };
}

/** The smallest i in [0, end) with `holds(i)`, or end; `holds` must be false below some index and true from it on. */
function firstIndex(end: number, holds: (i: number) => boolean): number {
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** P(B ≤ k) = I_{1−q}(n − k, k + 1), the regularised incomplete beta function (DLMF 8.17.5). */
export function binomialAtMost(k: number, n: number, q: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return incompleteBeta(1 - q, n - k, k + 1);
}

function assertOpenUnit(q: number): void {
  if (!(q > 0 && q < 1)) throw new RangeError(`${q} is not a quantile between 0 and 1`);
}

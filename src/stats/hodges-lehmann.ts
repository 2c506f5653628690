/**
 * The shift between two groups of runs: the median of all differences between a run of b and a run of a (Hodges and
 * Lehmann 1963), with the interval that inverts the rank test: the shifts that the test would not reject (Lehmann,
 * Nonparametrics, section 2.3). It assumes no distribution, and a few outliers move it little. With ties the interval
 * is wider than necessary, never narrower.
 */
import { alpha } from './quantile-bounds.js';
import { median } from './median.js';
import { normalQuantile } from './normal.js';
import { exactPairs, sumsOfSubsets } from './rank-test.js';
import { assertGroups } from './sample.js';

export interface Interval {
  /** Null: unbounded. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface Shift extends Interval {
  readonly estimate: number;
}

export const unbounded: Interval = { low: null, high: null };

/**
 * `b` above `a`; unbounded if there are too few runs (fewer than 4 and 4 at 95 %). `tail`: the level on either side.
 */
export function hodgesLehmann(a: readonly number[], b: readonly number[], tail = alpha / 2): Shift {
  assertGroups('a shift', a, b);
  const differences = Float64Array.from(b.flatMap((x) => a.map((y) => x - y))).sort();
  const estimate = median([...differences]) ?? 0;
  const left = cutOff(a.length, b.length, tail);
  if (left === 0) return { estimate, ...unbounded };
  return { estimate, low: differences[left - 1] ?? null, high: differences[differences.length - left] ?? null };
}

/**
 * An upper bound of the factor from a to b, by the same test: the largest f for which f times a is not rejected. Values
 * must not be negative. Null: unbounded, because of few runs or zeros in a.
 */
export function factorBound(a: readonly number[], b: readonly number[], tail: number): number | null {
  assertGroups('a factor', a, b);
  const left = cutOff(a.length, b.length, tail);
  const factors = Float64Array.from(b.flatMap((x) => a.map((y) => (x === 0 ? 0 : x / y)))).sort();
  const bound = left === 0 ? Infinity : (factors[factors.length - left] ?? Infinity);
  return Number.isFinite(bound) ? bound : null;
}

/**
 * The largest k with P(U ≤ k − 1) ≤ tail, where U is the number of pairs in which a's value is larger, if nothing
 * differs.
 */
function cutOff(n: number, m: number, tail: number): number {
  if (n * m > exactPairs) {
    const sd = Math.sqrt((n * m * (n + m + 1)) / 12);
    return Math.max(0, Math.floor((n * m) / 2 + normalQuantile(tail) * sd));
  }
  // U is the rank sum minus its minimum, 1 + … + n: the distribution of the test without ties.
  const { smallest, shares } = sumsOfSubsets(
    Array.from({ length: n + m }, (_, i) => i + 1),
    n,
  );
  const least = (n * (n + 1)) / 2 - smallest;
  let below = 0;
  for (let k = 0; least + k < shares.length; k += 1) {
    below += shares[least + k] ?? 0;
    if (below > tail) return k;
  }
  return 0;
}

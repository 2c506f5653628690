/**
 * What n samples can say about a quantile, without assuming a distribution.
 *
 * The number of samples below the quantile ξ_q is binomial(n, q), so order statistics bound it
 * (Hahn and Meeker, Statistical Intervals, section 5.2). All bounds are one-sided at 1 − α/2, together at 1 − α.
 */

/** Two-sided confidence of 95 %, the only one that this project prints. */
export const alpha = 0.05;

/**
 * The least n at which ξ_q has a finite upper bound. The largest sample is one with confidence 1 − q^n, so
 * q^n ≤ α/2: 6 for the median, 36 for p90, 368 for p99, 3,688 for p99.9 and 36,887 for p99.99.
 */
export function leastN(q: number): number {
  assertOpenUnit(q);
  return Math.ceil(Math.log(alpha / 2) / Math.log(q));
}

export function hasFiniteUpperBound(q: number, n: number): boolean {
  return n >= leastN(q);
}

/** Ranks 1..n of the samples that bound a quantile; null where no sample does. */
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

/** The smallest i in [0, end) with `holds(i)`, or end; `holds` is false up to it and true from it on. */
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

/** I_x(a, b) by Lentz's continued fraction (DLMF 8.17.22), on the side where it converges in O(√max(a, b)) steps. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const tiny = 1e-300;
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; ; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-14) return front * fraction;
  }
}

/** ln Γ(x) for x ≥ 1: Stirling's series (DLMF 5.11.1) after shifting x above 10. */
function logGamma(x: number): number {
  let shift = 0;
  let y = x;
  for (; y < 10; y += 1) shift += Math.log(y);
  const inverse = 1 / (y * y);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

function assertOpenUnit(q: number): void {
  if (!(q > 0 && q < 1)) throw new RangeError(`${q} is not a quantile between 0 and 1`);
}

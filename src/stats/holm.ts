/**
 * p-values of several tests, adjusted so that the probability of any wrong rejection at α is at most α, however the
 * tests depend on each other (Holm 1979): the k-th smallest of m times m − k + 1, made non-decreasing.
 */
export function holm(ps: readonly number[]): number[] {
  if (!ps.every((p) => p >= 0 && p <= 1)) throw new RangeError('a p-value must be between 0 and 1');
  const order = ps.map((_, i) => i).sort((i, j) => (ps[i] ?? 0) - (ps[j] ?? 0));
  const adjusted = new Array<number>(ps.length).fill(1);
  let least = 0;
  order.forEach((i, k) => {
    least = Math.max(least, Math.min(1, (ps[i] ?? 1) * (ps.length - k)));
    adjusted[i] = least;
  });
  return adjusted;
}

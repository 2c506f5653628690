/** Converts histogram counters to points of a percentile curve. */
import { highestOfIndex, lastUsedIndex, type SparseCounts } from '../../record/histogram/counts.js';
import { leastN } from '../../stats/quantile-bounds.js';

/** Ten points for each nine, up to six nines. */
export const quantiles: readonly number[] = Array.from({ length: 61 }, (_, i) => 1 - 10 ** (-i / 10));

export interface Curve {
  readonly n: number;
  /** At `quantiles`, as long as at least one operation lies above. */
  readonly values_ns: readonly number[];
  /**
   * How many of the values n operations support: their quantile has an upper bound at 95 %. The remaining values are
   * only observations.
   */
  readonly carried: number;
  readonly max_ns: number;
}

/** Counters for all indexes, which sums are added to. */
export interface Pool {
  readonly counters: Float64Array;
  n: number;
}

export function createPool(): Pool {
  return { counters: new Float64Array(lastUsedIndex + 1), n: 0 };
}

export function addTo(pool: Pool, { n, index, count }: SparseCounts): void {
  pool.n += n;
  for (let i = 0; i < index.length; i += 1)
    pool.counters[index[i] ?? 0] = (pool.counters[index[i] ?? 0] ?? 0) + (count[i] ?? 0);
}

export function mergePools(into: Pool, from: Pool): void {
  into.n += from.n;
  for (let i = 0; i < from.counters.length; i += 1)
    into.counters[i] = (into.counters[i] ?? 0) + (from.counters[i] ?? 0);
}

/** Null without an operation. */
export function curveOf({ counters, n }: Pool): Curve | null {
  if (n === 0) return null;
  const wanted = quantiles.filter((q) => n * (1 - q) >= 1 - 1e-6);
  const values_ns: number[] = [];
  let seen = 0;
  let max_ns = 0;
  for (let i = 0; i < counters.length; i += 1) {
    const count = counters[i] ?? 0;
    if (count === 0) continue;
    seen += count;
    max_ns = highestOfIndex(i);
    // As HdrHistogram defines it: the least value that at least this many operations do not exceed.
    for (
      let q = wanted[values_ns.length];
      q !== undefined && seen >= Math.max(1, Math.ceil(q * n - 1e-6));
      q = wanted[values_ns.length]
    )
      values_ns.push(max_ns);
  }
  return {
    n,
    values_ns,
    carried: values_ns.filter((_, i) => (quantiles[i] ?? 0) <= 0 || n >= leastN(quantiles[i] ?? 0)).length,
    max_ns,
  };
}

/** The value at a quantile; null if n is too small for it. */
export function valueAt({ values_ns, carried }: Curve, q: number): number | null {
  const i = quantiles.findIndex((quantile) => Math.abs(quantile - q) < 1e-9);
  return i >= 0 && i < carried ? (values_ns[i] ?? null) : null;
}

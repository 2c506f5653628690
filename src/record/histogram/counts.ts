/**
 * Bucket counts as on the board, stored sparse: a series rarely uses a thousand of the 33,792 counters. Pure arithmetic
 * on counts; histogram.ts has everything that needs a histogram.
 */
import { highestTrackable_ns } from '../board/board-layout.js';

export interface SparseCounts {
  /** Samples: the sum of `count`. */
  readonly n: number;
  /** Exact; Infinity while n is 0, the neutral element of a minimum. */
  readonly min_ns: number;
  /** Exact; 0 while n is 0. */
  readonly max_ns: number;
  /** Exact up to 2^53; beyond that (a response series that owes for hours) to 53 bits. */
  readonly sum_ns: number;
  /** Samples above one hour. They are in the counter for one hour; max and sum have their true values. */
  readonly overRange: number;
  /** Counters that are not zero, ascending. */
  readonly index: Uint32Array;
  readonly count: Float64Array;
}

/** Sub-buckets that each bucket adds: half of the 2048 that 3 digits need. */
const half = 1024;
/** The counter for everything above the range. */
export const lastUsedIndex = indexOfValue(highestTrackable_ns);

/**
 * The counter of a value, as HdrHistogram defines it: bucket b holds values of 11 + b significant bits in steps of 2^b,
 * and its lower half repeats the previous bucket, so index = b × 1024 + floor(value / 2^b).
 */
export function indexOfValue(value_ns: number): number {
  const clamped = Math.min(value_ns, highestTrackable_ns);
  let bucket = 0;
  for (let rest = clamped; rest >= 2 * half; rest = Math.floor(rest / 2)) bucket += 1;
  return bucket * half + Math.floor(clamped / 2 ** bucket);
}

/** A table, because computing a power is slow, and a log of an hour needs millions of them. */
const widths = Float64Array.from({ length: 64 }, (_, bucket) => 2 ** bucket);

/** The smallest value of a counter. */
export function valueOfIndex(index: number): number {
  const bucket = Math.max(Math.floor(index / half) - 1, 0);
  return (index - bucket * half) * (widths[bucket] ?? 2 ** bucket);
}

/** The largest value of a counter. */
export function highestOfIndex(index: number): number {
  return valueOfIndex(index + 1) - 1;
}

export function emptyCounts(): SparseCounts {
  return {
    n: 0,
    min_ns: Infinity,
    max_ns: 0,
    sum_ns: 0,
    overRange: 0,
    index: new Uint32Array(0),
    count: new Float64Array(0),
  };
}

/** Counts of single values, such as owed operations. Values are whole nanoseconds ≥ 0. */
export function countsOfValues(values_ns: readonly number[]): SparseCounts {
  const counts = new Map<number, number>();
  let min_ns = Infinity;
  let max_ns = 0;
  let sum_ns = 0;
  let overRange = 0;
  for (const value_ns of values_ns) {
    // The library accepts NaN and fractions, and then loses them silently.
    if (!Number.isInteger(value_ns) || value_ns < 0)
      throw new RangeError(`${value_ns} is not a whole number of nanoseconds`);
    const index = indexOfValue(value_ns);
    counts.set(index, (counts.get(index) ?? 0) + 1);
    min_ns = Math.min(min_ns, value_ns);
    max_ns = Math.max(max_ns, value_ns);
    sum_ns += value_ns;
    if (value_ns > highestTrackable_ns) overRange += 1;
  }
  const index = Uint32Array.from(counts.keys()).sort();
  return {
    n: values_ns.length,
    min_ns,
    max_ns,
    sum_ns,
    overRange,
    index,
    count: Float64Array.from(index, (i) => counts.get(i) ?? 0),
  };
}

/**
 * What `newer` has beyond `older`, for the same counters. The max is exact if the interval contains a new maximum;
 * otherwise it is the upper edge of the highest counter, at most 0.1 % above. The same goes for min. A counter that
 * went backwards is refused: counters only grow, so the file was changed.
 */
export function subtractCounts(newer: SparseCounts, older: SparseCounts): SparseCounts {
  const index = new Uint32Array(newer.index.length);
  const count = new Float64Array(newer.index.length);
  let used = 0;
  let matched = 0;
  let n = 0;
  for (const [position, i] of newer.index.entries()) {
    let difference = newer.count[position] ?? 0;
    if (older.index[matched] === i) difference -= older.count[matched++] ?? 0;
    if (difference < 0) throw new RangeError(`counter ${i} went backwards`);
    if (difference === 0) continue;
    index[used] = i;
    count[used] = difference;
    used += 1;
    n += difference;
  }
  if (matched !== older.index.length) throw new RangeError(`counter ${older.index[matched] ?? 0} went backwards`);
  if (n === 0) return emptyCounts();

  const first = index[0] ?? 0;
  const last = index[used - 1] ?? 0;
  const overRange = Math.max(newer.overRange - older.overRange, 0);
  return {
    n,
    min_ns: newer.min_ns < older.min_ns ? newer.min_ns : Math.max(valueOfIndex(first), newer.min_ns),
    max_ns: newer.max_ns > older.max_ns || overRange > 0 ? newer.max_ns : Math.min(highestOfIndex(last), newer.max_ns),
    sum_ns: Math.max(newer.sum_ns - older.sum_ns, 0),
    overRange,
    index: index.slice(0, used),
    count: count.slice(0, used),
  };
}

/** The sum of several counters. Exact figures stay exact. */
export function addCounts(...all: readonly SparseCounts[]): SparseCounts {
  const sum = new Map<number, number>();
  for (const { index, count } of all) {
    for (const [position, i] of index.entries()) sum.set(i, (sum.get(i) ?? 0) + (count[position] ?? 0));
  }
  const total = (of: (counts: SparseCounts) => number): number => all.reduce((value, counts) => value + of(counts), 0);
  const index = Uint32Array.from(sum.keys()).sort();
  return {
    n: total(({ n }) => n),
    min_ns: Math.min(...all.map(({ min_ns }) => min_ns)),
    max_ns: Math.max(0, ...all.map(({ max_ns }) => max_ns)),
    sum_ns: total(({ sum_ns }) => sum_ns),
    overRange: total(({ overRange }) => overRange),
    index,
    count: Float64Array.from(index, (i) => sum.get(i) ?? 0),
  };
}

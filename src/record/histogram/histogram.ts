/**
 * The only wrapper around hdr-histogram-js. The library has traps, each with a test in test/record/histogram.test.ts:
 * - the default 32-bit buckets wrap, and its WebAssembly decoder cuts counts to 32 bits: this code uses 64-bit
 *   JavaScript buckets and its own decoder (tally.ts), which also bounds memory;
 * - by default, values above the range resize the histogram, and NaN is accepted: inputs are checked here;
 * - percentiles are upper edges of counters and exceed the maximum by up to 0.1 %: they are cut at the exact maximum;
 * - the encoding keeps neither the exact maximum nor the minimum: a `Distribution` keeps them beside the histogram.
 */
import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { addCounts, countsOfValues, highestOfIndex, lastUsedIndex, valueOfIndex, type SparseCounts } from './counts.js';
import { highestTrackable_ns } from '../board/board-layout.js';

export type { Histogram };

/** Samples of a series: the histogram, and exact values of figures that a histogram only has to three digits. */
export interface Distribution extends SparseCounts {
  /** Created on first use: 270 KB each. */
  readonly histogram: Histogram;
}

/** A histogram with the board's buckets: counters correspond one to one. */
export function newHistogram(): Histogram {
  return build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: highestTrackable_ns,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
}

export function distributionOf(counts: SparseCounts): Distribution {
  let made: Histogram | undefined;
  const { n, min_ns, max_ns, sum_ns, overRange, index, count } = counts;
  return {
    n,
    min_ns,
    max_ns,
    sum_ns,
    overRange,
    index,
    count,
    get histogram() {
      made ??= replay(newHistogram(), counts);
      return made;
    },
  };
}

/** Samples of several runs or threads together. For figures only: conclusions come from runs. */
export function addDistributions(...all: readonly SparseCounts[]): Distribution {
  return distributionOf(addCounts(...all));
}

/** Adds the censored response times of operations that were never served (owed.ts). */
export function addCensored(distribution: SparseCounts, values_ns: readonly number[]): Distribution {
  return addDistributions(distribution, countsOfValues(values_ns));
}

/**
 * The smallest recorded value that at least `percent` of the samples do not exceed, to three digits and within the
 * exact extremes; null without samples. Percentiles among samples above one hour are the maximum.
 */
export function percentile_ns(counts: SparseCounts, percent: number): number | null {
  if (!(percent > 0 && percent <= 100)) throw new RangeError(`${percent} is not a percentile above 0 and up to 100`);
  const { n, min_ns, max_ns, overRange, index, count } = counts;
  if (n === 0) return null;
  // Same result as HdrHistogram, but reads only the few counters that are not 0 instead of all 33,792. Rounded up,
  // except for an error in the last bit.
  const exact = (percent / 100) * n;
  const wanted = Math.max(1, Math.ceil(exact - 2 ** (Math.floor(Math.log2(exact)) - 52)));
  let seen = 0;
  let position = 0;
  while (position < index.length - 1 && (seen += count[position] ?? 0) < wanted) position += 1;
  const at = index[position] ?? 0;
  if (overRange > 0 && at >= lastUsedIndex) return max_ns;
  return Math.max(Math.min(highestOfIndex(at), max_ns), min_ns);
}

/** HdrHistogram V2, compressed, base64: the form in a log line. */
export function encodeCounts(counts: SparseCounts): string {
  // Shared by all calls: a minute of ten series encodes 1,200 histograms of 270 KB.
  scratch ??= newHistogram();
  scratch.reset();
  return encodeIntoCompressedBase64(replay(scratch, counts));
}
let scratch: Histogram | undefined;

/**
 * Records each counter's smallest value as often as it counted, which gives the same encoding as the writer's values
 * would.
 */
function replay(histogram: Histogram, { index, count }: SparseCounts): Histogram {
  for (const [position, i] of index.entries()) histogram.recordValueWithCount(valueOfIndex(i), count[position] ?? 0);
  return histogram;
}

import fc from 'fast-check';
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  JsHistogram,
  type Histogram,
} from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import { highestTrackable_ns } from '../../src/record/board/board-layout.js';
import {
  countsOfValues,
  emptyCounts,
  highestOfIndex,
  indexOfValue,
  subtractCounts,
  type SparseCounts,
} from '../../src/record/histogram/counts.js';
import {
  addCensored,
  addDistributions,
  distributionOf,
  encodeCounts,
  newHistogram,
  percentile_ns,
} from '../../src/record/histogram/histogram.js';
import { decodeCounts } from '../../src/record/histogram/tally.js';

const values = fc.array(fc.oneof(fc.nat(5_000), fc.integer({ min: 0, max: highestTrackable_ns })), {
  minLength: 1,
  maxLength: 300,
});

function single(value_ns: number, count: number): SparseCounts {
  return { ...countsOfValues([value_ns]), n: count, sum_ns: value_ns * count, count: Float64Array.of(count) };
}

function countAt(histogram: Histogram, value_ns: number): number {
  if (!(histogram instanceof JsHistogram)) throw new Error('not a JavaScript histogram');
  return histogram.getCountAtIndex(indexOfValue(value_ns));
}

describe('traps of hdr-histogram-js', () => {
  test('32-bit buckets wrap: ours do not', () => {
    const counts = single(1_000, 2 ** 33 + 1);
    expect(distributionOf(counts).histogram.totalCount).toBe(2 ** 33 + 1);
    const wrapped = build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3 });
    wrapped.recordValueWithCount(1_000, 2 ** 33 + 1);
    expect(countAt(wrapped, 1_000)).toBe(1);
    expect(decodeCounts(encodeCounts(counts))).toMatchObject({ n: 2 ** 33 + 1 });
  });

  test('decoding with the default 32-bit buckets loses counts: ours does not', () => {
    const encoded = encodeCounts(single(1_000, 2 ** 40));
    expect(countAt(decodeFromCompressedBase64(encoded), 1_000)).toBe(0);
    expect(decodeCounts(encoded).count).toEqual(Float64Array.of(2 ** 40));
  });

  test('values above the range would resize it: ours refuse, and a distribution counts them at one hour', () => {
    expect(() => {
      newHistogram().recordValue(2 ** 53);
    }).toThrow(/outside of histogram covered range/);
    const distribution = distributionOf(countsOfValues([5, 2 ** 53 - 1]));
    expect(distribution.histogram.totalCount).toBe(2);
    expect(percentile_ns(distribution, 100)).toBe(2 ** 53 - 1);
  });

  test('NaN is accepted by the library and by nothing here', () => {
    const accepting = newHistogram();
    accepting.recordValue(NaN);
    expect(accepting.totalCount).toBe(1);
    expect(() => addCensored(emptyCounts(), [NaN])).toThrow(RangeError);
    expect(() => percentile_ns(distributionOf(countsOfValues([1])), NaN)).toThrow(RangeError);
  });

  test('percentiles overshoot the maximum: ours are cut at the exact one', () => {
    const distribution = distributionOf(countsOfValues([1_000_001, 500_000_003]));
    expect(distribution.histogram.getValueAtPercentile(100)).toBeGreaterThan(500_000_003);
    expect(percentile_ns(distribution, 100)).toBe(500_000_003);
  });

  test('the encoding loses the extremes by up to 0.1 %: they are kept beside', () => {
    const counts = countsOfValues([1_000_001, 500_000_003]);
    const decoded = decodeCounts(encodeCounts(counts));
    expect(decoded.max_ns).not.toBe(500_000_003);
    expect(Math.abs(decoded.max_ns / 500_000_003 - 1)).toBeLessThan(1e-3);
    expect(distributionOf(counts)).toMatchObject({ min_ns: 1_000_001, max_ns: 500_000_003 });
  });
});

describe('a distribution', () => {
  test('replays to the histogram that recording would have made, byte for byte in the encoding', () => {
    fc.assert(
      fc.property(values, (all) => {
        const recorded = newHistogram();
        for (const value of all) recorded.recordValue(value);
        expect(encodeCounts(countsOfValues(all))).toBe(encodeIntoCompressedBase64(recorded));
      }),
      { numRuns: 50 },
    );
  });

  test('decodes to the counters that were encoded', () => {
    fc.assert(
      fc.property(values, (all) => {
        const counts = countsOfValues(all);
        const { n, index, count } = decodeCounts(encodeCounts(counts));
        expect({ n, index, count }).toEqual({ n: counts.n, index: counts.index, count: counts.count });
      }),
      { numRuns: 50 },
    );
    expect(decodeCounts(encodeCounts(emptyCounts()))).toEqual(emptyCounts());
  });

  test('has the percentiles of the sorted values, to the counter', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(0.1, 25, 50, 90, 99, 99.9, 99.99, 100), (all, percent) => {
        const sorted = [...all].sort((a, b) => a - b);
        // Rank: the smallest k with k / n ≥ percent / 100, in whole numbers.
        const rank = Math.max(1, Math.ceil((sorted.length * Math.round(percent * 100)) / 10_000));
        const truth = sorted[rank - 1] ?? 0;
        const found = percentile_ns(distributionOf(countsOfValues(all)), percent) ?? 0;
        expect(found).toBeGreaterThanOrEqual(truth);
        expect(found).toBeLessThanOrEqual(highestOfIndex(indexOfValue(truth)));
      }),
    );
    expect(percentile_ns(distributionOf(emptyCounts()), 50)).toBeNull();
  });

  test('adds and subtracts', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const both = addDistributions(countsOfValues(a), countsOfValues(b));
        expect(both.histogram.totalCount).toBe(a.length + b.length);
        expect(both.max_ns).toBe(Math.max(...a, ...b));
        expect(encodeCounts(subtractCounts(both, countsOfValues(a)))).toBe(encodeCounts(countsOfValues(b)));
      }),
      { numRuns: 50 },
    );
  });

  test('takes thousands of censored values', () => {
    const served = countsOfValues([1_000, 2_000]);
    const owed = Array.from({ length: 5_985 }, (_, k) => (k + 1) * 1_000_000);
    const response = addCensored(served, owed);
    expect(response).toMatchObject({ n: 5_987, max_ns: 5_985_000_000, min_ns: 1_000 });
    expect(response.sum_ns).toBe(3_000 + (1_000_000 * 5_985 * 5_986) / 2);
  });
});

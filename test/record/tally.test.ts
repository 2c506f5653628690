import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addCounts, countsOfValues } from '../../src/record/histogram/counts.js';
import { encodeCounts, percentile_ns } from '../../src/record/histogram/histogram.js';
import { createTally, decodeCounts } from '../../src/record/histogram/tally.js';

const values = fc.array(fc.integer({ min: 0, max: 3_600_000_000_000 }), { maxLength: 60 });

describe('a tally', () => {
  test('of several histograms has the counts of all their samples', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 5 }), (all) => {
        const tally = createTally();
        for (const one of all) tally.add(encodeCounts(countsOfValues(one)));
        const { n, index, count } = tally.counts();
        const truth = addCounts(...all.map(countsOfValues));
        expect({ n, index, count }).toEqual({ n: truth.n, index: truth.index, count: truth.count });
      }),
      { numRuns: 50 },
    );
  });

  test('is as it was after a histogram that was refused', () => {
    const tally = createTally();
    tally.add(encodeCounts(countsOfValues([1, 2, 3])));
    expect(() => {
      tally.add(encodeCounts(countsOfValues([4, 5])).slice(0, 40));
    }).toThrow();
    expect(tally.counts().n).toBe(3);
  });

  test.each([1, 2, 4])(
    'takes a histogram of %d digits and of microseconds as least value, to its own precision',
    (digits) => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 1_000_000, max: 3_600_000_000_000 }), { minLength: 1, maxLength: 60 }),
          (all) => {
            const histogram = build({
              bitBucketSize: 64,
              autoResize: false,
              lowestDiscernibleValue: 1024,
              highestTrackableValue: 2 ** 42,
              numberOfSignificantValueDigits: digits as 1,
              useWebAssembly: false,
            });
            for (const value of all) histogram.recordValue(value);
            const counts = decodeCounts(encodeIntoCompressedBase64(histogram));
            const [median, truth] = [percentile_ns(counts, 50) ?? 0, percentile_ns(countsOfValues(all), 50) ?? 0];
            expect(counts.n).toBe(all.length);
            expect(Math.abs(median / truth - 1)).toBeLessThan(Math.max(2 * 10 ** -digits, 3e-3));
          },
        ),
        { numRuns: 50 },
      );
    },
  );
});

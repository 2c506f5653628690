import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsHistogram } from 'hdr-histogram-js';
import { countsLength, highestTrackable_ns } from '../../src/record/board/board-layout.js';
import {
  addCounts,
  countsOfValues,
  emptyCounts,
  highestOfIndex,
  indexOfValue,
  lastUsedIndex,
  subtractCounts,
  valueOfIndex,
} from '../../src/record/histogram/counts.js';
import { newHistogram } from '../../src/record/histogram/histogram.js';

const value_ns = fc.oneof(fc.nat(5_000), fc.nat(2 ** 31 - 1), fc.integer({ min: 0, max: highestTrackable_ns }));

function library(): JsHistogram {
  const histogram = newHistogram();
  if (!(histogram instanceof JsHistogram)) throw new Error('not a JavaScript histogram');
  return histogram;
}

describe('bucket arithmetic', () => {
  test('has as many counters as HdrHistogram', () => {
    expect(library().countsArrayLength).toBe(countsLength);
  });

  test('gives every counter the values that HdrHistogram gives it', () => {
    const histogram = library();
    for (let i = 0; i <= lastUsedIndex; i += 1) {
      const value = valueOfIndex(i);
      if (
        value !== histogram.valueFromIndex(i) ||
        indexOfValue(value) !== i ||
        indexOfValue(Math.min(highestOfIndex(i), highestTrackable_ns)) !== i
      ) {
        expect({ i, value, back: indexOfValue(value) }).toEqual({ i, value: histogram.valueFromIndex(i), back: i });
      }
    }
  });

  test('finds the counter that HdrHistogram finds, powers of two and their neighbours included', () => {
    const histogram = library();
    const check = (value: number): void => {
      histogram.reset();
      histogram.recordValue(value);
      expect(histogram.getCountAtIndex(indexOfValue(value))).toBe(1);
    };
    for (let power = 0; power <= 41; power += 1) for (const off of [-1, 0, 1]) check(2 ** power + off);
    fc.assert(fc.property(value_ns, check));
  });

  test('counts what is above the range at one hour', () => {
    expect(indexOfValue(9e15)).toBe(indexOfValue(highestTrackable_ns));
    expect(countsOfValues([highestTrackable_ns + 1, 9e15])).toMatchObject({
      n: 2,
      overRange: 2,
      max_ns: 9e15,
      min_ns: highestTrackable_ns + 1,
    });
  });
});

describe('sparse counts', () => {
  const values = fc.array(value_ns, { maxLength: 300 });

  test('add up like the values they are of', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(addCounts(countsOfValues(a), countsOfValues(b))).toEqual(countsOfValues([...a, ...b]));
      }),
    );
    expect(addCounts()).toEqual(emptyCounts());
  });

  test('subtract to the counters of what was added', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const { index, count, n, sum_ns } = subtractCounts(countsOfValues([...a, ...b]), countsOfValues(a));
        const truth = countsOfValues(b);
        expect({ index, count, n, sum_ns }).toEqual({
          index: truth.index,
          count: truth.count,
          n: truth.n,
          sum_ns: truth.sum_ns,
        });
      }),
    );
  });

  test('refuse to go backwards', () => {
    expect(() => subtractCounts(countsOfValues([5]), countsOfValues([6]))).toThrow(/counter 6 went backwards/);
    expect(() => subtractCounts(countsOfValues([5]), countsOfValues([5, 5]))).toThrow(/counter 5 went backwards/);
    expect(() => subtractCounts(emptyCounts(), countsOfValues([5]))).toThrow(/counter 5/);
  });

  test.each([NaN, -1, 1.5, Infinity])('refuse the value %d', (value) => {
    expect(() => countsOfValues([value])).toThrow(RangeError);
  });
});

import { describe, expect, test } from 'vitest';
import { countsOfValues, emptyCounts } from '../../src/record/histogram/counts.js';
import { responseFigures, serviceFigures } from '../../src/record/histogram/figures.js';
import { addDistributions, distributionOf } from '../../src/record/histogram/histogram.js';

const upTo = (n: number): ReturnType<typeof distributionOf> =>
  distributionOf(countsOfValues(Array.from({ length: n }, (_, i) => i + 1)));

describe('figures', () => {
  test.each([
    [5, 'p50_ns', null],
    [6, 'p50_ns', 3],
    [35, 'p90_ns', null],
    [36, 'p90_ns', 33],
    [367, 'p99_ns', null],
    [368, 'p99_ns', 365],
    [3_687, 'p99_9_ns', null],
    [3_688, 'p99_9_ns', 3_685],
    [36_886, 'p99_99_ns', null],
    [36_887, 'p99_99_ns', 36_887],
  ] as const)('n = %d: %s is %s', (n, key, expected) => {
    const found = serviceFigures(upTo(n))[key];
    // Values up to 2047 are exact, above that to three digits.
    if (expected === null) expect(found).toBeNull();
    else expect(Math.abs((found ?? NaN) / expected - 1)).toBeLessThan(1e-3);
  });

  test('are exact where a histogram would round', () => {
    const figures = serviceFigures(distributionOf(countsOfValues([1_000_001, 500_000_003])));
    expect(figures).toMatchObject({ n: 2, min_ns: 1_000_001, mean_ns: 250_500_002, max_ns: 500_000_003 });
  });

  test('are null without samples', () => {
    expect(serviceFigures(distributionOf(emptyCounts()))).toEqual({
      n: 0,
      min_ns: null,
      mean_ns: null,
      p50_ns: null,
      p90_ns: null,
      p99_ns: null,
      p99_9_ns: null,
      p99_99_ns: null,
      max_ns: null,
    });
  });

  test('judge response percentiles by the operations that were served, not by those owed', () => {
    const response = upTo(6_000);
    expect(responseFigures(response, { service_n: 15, saturated: false })).toMatchObject({
      n: 6_000,
      p90_ns: null,
      p99_ns: null,
      max_ns: 6_000,
    });
    expect(responseFigures(response, { service_n: 15, saturated: false }).p50_ns).not.toBeNull();
  });

  test('leave out what a saturated series would only pretend to know', () => {
    expect(responseFigures(upTo(6_000), { service_n: 6_000, saturated: true })).toEqual({
      n: 6_000,
      min_ns: 1,
      mean_ns: null,
      p50_ns: null,
      p90_ns: null,
      p99_ns: null,
      p99_9_ns: null,
      p99_99_ns: null,
      max_ns: 6_000,
    });
  });

  test('of several runs are those of all their samples', () => {
    expect(serviceFigures(addDistributions(upTo(200), upTo(400), emptyCounts()))).toEqual(
      serviceFigures(
        distributionOf(
          countsOfValues([
            ...Array.from({ length: 200 }, (_, i) => i + 1),
            ...Array.from({ length: 400 }, (_, i) => i + 1),
          ]),
        ),
      ),
    );
  });
});

import { describe, expect, test } from 'vitest';
import { neighboursAlike } from '../../src/stats/autocorrelation.js';
import { seededRandom } from '../../src/stats/prng.js';

const random = () => seededRandom(1);

describe('the autocorrelation at lag 1', () => {
  test('is the sum of products of neighbours, without that of all orders, by the sum of squares', () => {
    // Products 2 + 6 + 12, of all orders (10² - 30) / 4 on average; squares 5.
    expect(neighboursAlike([[[1, 2, 3, 4]]], random()).autocorrelation).toBeCloseTo(0.5, 12);
  });

  test('is that of the most alike figure', () => {
    expect(
      neighboursAlike(
        [
          [
            [4, 1, 3, 2],
            [1, 2, 3, 4],
          ],
        ],
        random(),
      ).autocorrelation,
    ).toBeCloseTo(0.5, 12);
  });

  test('does not depend on which values stand at the ends', () => {
    const single = (at: number): number[] => Array.from({ length: 12 }, (_, i) => Number(i === at));
    for (const at of [0, 5, 11]) expect(neighboursAlike([[single(at)], [single(3)]], random()).p).toBe(1);
  });

  test('takes no difference between parts for a trend', () => {
    const flat = [0, 1, 0, 1, 1, 0, 0, 1];
    const { p } = neighboursAlike([[flat], [flat.map((value) => value + 100)]], random());
    expect(p).toBeGreaterThan(0.1);
  });

  test('finds neighbours that are alike, and none where no figure varies', () => {
    const trend = Array.from({ length: 24 }, (_, i) => i);
    expect(neighboursAlike([[trend]], random()).p).toBe(0.001);
    expect(neighboursAlike([[[3, 3, 3, 3]], [[1, 1]]], random())).toEqual({ autocorrelation: 0, p: 1 });
    // Every other value is large: less alike than by chance, which does no harm.
    expect(neighboursAlike([[trend.map((i) => i % 2)]], random()).p).toBeGreaterThan(0.99);
  });

  test('has p ≤ 10 % in a tenth of series without order', () => {
    const draw = seededRandom(7);
    const alarms = Array.from({ length: 400 }, () => {
      const series = (n: number): number[] => Array.from({ length: n }, () => (draw() < 0.2 ? draw() : 0));
      return (
        neighboursAlike(
          [
            [series(24), series(24)],
            [series(30), series(30)],
          ],
          draw,
        ).p <= 0.1
      );
    }).filter(Boolean).length;
    expect(alarms).toBeGreaterThan(20);
    expect(alarms).toBeLessThan(60);
  });
});

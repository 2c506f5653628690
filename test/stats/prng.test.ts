import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomBelow, seededRandom, shuffle } from '../../src/stats/prng.js';

describe('the seeded generator', () => {
  // Reference: a transcription of PractRand's sfc32 and of splitmix32 into Python's integers, computed apart from this
  // code.
  test.each([
    [0, [2_899_526_011, 769_844_623, 220_372_281, 4_270_301_181]],
    [1, [2_420_951_833, 2_513_034_076, 3_847_892_949, 4_064_752_930]],
    [42, [1_959_603_763, 2_423_114_712, 2_466_933_512, 4_144_396_390]],
  ])('gives the sequence of seed %d, which no version may change', (seed, expected) => {
    const random = seededRandom(seed);
    expect(expected.map(() => random() * 2 ** 32)).toEqual(expected);
  });

  test('uses all of a large seed', () => {
    expect(seededRandom(2 ** 40)()).not.toBe(seededRandom(0)());
    expect(seededRandom(-1)()).not.toBe(seededRandom(2 ** 32 - 1)());
    expect(() => seededRandom(0.5)).toThrow(RangeError);
  });

  test('is uniform: no decile of 100,000 draws is 5 standard deviations off', () => {
    const random = seededRandom(7);
    const deciles = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i += 1) {
      const decile = randomBelow(10, random);
      deciles[decile] = (deciles[decile] ?? 0) + 1;
    }
    for (const n of deciles) expect(Math.abs(n - 10_000)).toBeLessThan(5 * Math.sqrt(100_000 * 0.1 * 0.9));
  });
});

describe('shuffling', () => {
  test('keeps every item and repeats from its seed', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer(), (items, seed) => {
        const once = shuffle(items, seededRandom(seed));
        expect([...once].sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b));
        expect(shuffle(items, seededRandom(seed))).toEqual(once);
      }),
    );
  });

  test('reaches all orders of three about equally often', () => {
    const random = seededRandom(11);
    const seen = new Map<string, number>();
    for (let i = 0; i < 6_000; i += 1) {
      const order = shuffle(['a', 'b', 'c'], random).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    for (const n of seen.values()) expect(Math.abs(n - 1_000)).toBeLessThan(5 * Math.sqrt((6_000 * 5) / 36));
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runOrder } from '../../src/experiment/order.js';

const arms = ['idle', 'foreign', 'a', 'b', 'c'];

test('every repetition holds each arm once, and no repetition begins before the last has ended', () => {
  fc.assert(fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 6 }), fc.nat(), (names, repetitions, seed) => {
    const order = runOrder(names, repetitions, seed);
    for (let i = 0; i < repetitions; i += 1) {
      const part = order.slice(i * names.length, (i + 1) * names.length);
      expect(part.map(({ arm }) => arm).sort()).toEqual([...names].sort());
      expect(part.every(({ repetition }) => repetition === i + 1)).toBe(true);
    }
    expect(order).toHaveLength(repetitions * names.length);
  }));
});

test('the seed decides, and it alone', () => {
  expect(runOrder(arms, 4, 7)).toEqual(runOrder(arms, 4, 7));
  expect(runOrder(arms, 4, 7)).not.toEqual(runOrder(arms, 4, 8));
  // More repetitions go on where fewer ended: --runs does not change what was there before.
  expect(runOrder(arms, 5, 7).slice(0, 20)).toEqual(runOrder(arms, 4, 7));
});

test('no arm has its own place', () => {
  const places = new Map(arms.map((arm) => [arm, new Set<number>()]));
  runOrder(arms, 60, 1).forEach(({ arm }, i) => places.get(arm)?.add(i % arms.length));
  for (const seen of places.values()) expect(seen.size).toBe(arms.length);
});

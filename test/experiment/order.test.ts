import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runOrder } from '../../src/experiment/plan/order.js';

const kernels = ['6.16', '6.17'];
const arms = ['idle', 'foreign', 'a', 'b', 'c'];

test('every repetition holds each arm on each kernel once, and no repetition begins before the last has ended', () => {
  const names = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(
      names,
      fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 6 }),
      fc.nat(),
      (own, on, repetitions, seed) => {
        const order = runOrder(own, on, repetitions, seed);
        const pairs = own.flatMap((arm) => on.map((kernel) => JSON.stringify({ arm, kernel }))).sort();
        for (let i = 0; i < repetitions; i += 1) {
          const part = order.slice(i * pairs.length, (i + 1) * pairs.length);
          expect(part.map(({ arm, kernel }) => JSON.stringify({ arm, kernel })).sort()).toEqual(pairs);
          expect(part.every(({ repetition }) => repetition === i + 1)).toBe(true);
        }
        expect(order).toHaveLength(repetitions * pairs.length);
      },
    ),
  );
});

test('the seed decides, and it alone', () => {
  expect(runOrder(arms, kernels, 4, 7)).toEqual(runOrder(arms, kernels, 4, 7));
  expect(runOrder(arms, kernels, 4, 7)).not.toEqual(runOrder(arms, kernels, 4, 8));
  // More repetitions go on where fewer ended: --runs does not change what was there before.
  expect(runOrder(arms, kernels, 5, 7).slice(0, 40)).toEqual(runOrder(arms, kernels, 4, 7));
});

test('no arm has its own place, and no kernel', () => {
  const all = arms.length * kernels.length;
  const places = new Map([...arms, ...kernels].map((name) => [name, new Set<number>()]));
  runOrder(arms, kernels, 200, 1).forEach(({ arm, kernel }, i) => {
    places.get(arm)?.add(i % all);
    places.get(kernel)?.add(i % all);
  });
  for (const seen of places.values()) expect(seen.size).toBe(all);
});

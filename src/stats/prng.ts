/**
 * Seeded pseudo-random numbers, so that an order of runs or a sampled test can be repeated from the seed in the bundle.
 * The generator is sfc32 (Chris Doty-Humphrey's PractRand), with 128 bits of state that splitmix32 fills from the seed.
 * The sequence of a seed is part of the bundle's contract and never changes.
 */

/** Uniform in [0, 1), with 32 random bits. */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  if (!Number.isInteger(seed)) throw new RangeError(`${seed} is not a whole number to seed from`);
  // A seed above 2^32 also uses its upper half.
  const mix = splitmix32((seed ^ Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1)) | 0);
  let a = mix();
  let b = mix();
  let c = mix();
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i += 1) next();
  return () => next() / 2 ** 32;
}

/** Uniform in 0 … end − 1. The bias of scaling 32 bits is below end / 2^32. */
export function randomBelow(end: number, random: Random): number {
  return Math.floor(random() * end);
}

/** A new array in random order (Fisher and Yates; Durstenfeld 1964). */
export function shuffle<T>(items: readonly T[], random: Random): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = randomBelow(last + 1, random);
    [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
  }
  return shuffled;
}

function splitmix32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return z ^ (z >>> 15);
  };
}

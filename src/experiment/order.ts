/**
 * The order of runs: every repetition holds each arm on each kernel once, in an order drawn from the seed. Arms that alternate share
 * what drifts (temperature, neighbours on the host); a fixed order would give one arm always the same place in it.
 */
import { seededRandom, shuffle } from '../stats/prng.js';

export interface PlannedRun {
  readonly arm: string;
  /** Name of the kernel. */
  readonly kernel: string;
  /** From 1. */
  readonly repetition: number;
}

export function runOrder(arms: readonly string[], kernels: readonly string[], repetitions: number, seed: number): PlannedRun[] {
  const random = seededRandom(seed);
  const pairs = arms.flatMap((arm) => kernels.map((kernel) => ({ arm, kernel })));
  return Array.from({ length: repetitions }, (_, i) => shuffle(pairs, random).map((pair) => ({ ...pair, repetition: i + 1 }))).flat();
}

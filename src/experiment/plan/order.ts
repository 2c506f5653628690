/**
 * The order of runs: every repetition contains each arm on each kernel once, in an order drawn from the seed. Arms that
 * alternate share slow changes (temperature, neighbours on the host). In a fixed order an arm would always have the
 * same position.
 */
import { seededRandom, shuffle } from '../../stats/prng.js';

export interface PlannedRun {
  readonly arm: string;
  /** Name of the place. */
  readonly kernel: string;
  /** From 1. */
  readonly repetition: number;
}

export function runOrder(
  arms: readonly string[],
  kernels: readonly string[],
  repetitions: number,
  seed: number,
): PlannedRun[] {
  return rounds(runsOfRound(arms, kernels), repetitions, seed);
}

/** The runs of a round. */
export function runsOfRound(arms: readonly string[], kernels: readonly string[]): Omit<PlannedRun, 'repetition'>[] {
  return arms.flatMap((arm) => kernels.map((kernel) => ({ arm, kernel })));
}

/** Each run once per round, round after round. */
export function rounds<Run extends object>(
  ofRound: readonly Run[],
  repetitions: number,
  seed: number,
): (Run & { readonly repetition: number })[] {
  const random = seededRandom(seed);
  return Array.from({ length: repetitions }, (_, i) =>
    shuffle(ofRound, random).map((run) => ({ ...run, repetition: i + 1 })),
  ).flat();
}

/**
 * Differences of two sides by the statistics that fit how they were measured: apart, or in turns (then values are
 * pairs).
 */
import { bootstrapMeans, type MeanEffects } from '../../stats/bootstrap.js';
import { factorBound, hodgesLehmann, type Shift } from '../../stats/hodges-lehmann.js';
import { bootstrapPairs, pairedFactorBound, pairedShift } from '../../stats/pairs.js';
import type { Random } from '../../stats/prng.js';

type Values = readonly number[];

export function effectsOf(
  a: Values,
  b: Values,
  paired: boolean,
  random: Random,
  resamples: number,
  tail: number,
): MeanEffects {
  return (paired ? bootstrapPairs : bootstrapMeans)(a, b, random, resamples, tail);
}

export function shiftOf(a: Values, b: Values, paired: boolean, tail: number): Shift {
  return (paired ? pairedShift : hodgesLehmann)(a, b, tail);
}

export function factorOf(a: Values, b: Values, paired: boolean, tail: number): number | null {
  return (paired ? pairedFactorBound : factorBound)(a, b, tail);
}

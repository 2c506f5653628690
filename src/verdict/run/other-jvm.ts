/** A foreign control copies one arm, and arms whose JVM gives memory back by something else are compared with it too. */
import { isDeepStrictEqual } from 'node:util';
import type { ArmSummary } from '../../bundle/bundle-schema.js';
import type { GivingJvm } from '../../facts/note-facts.js';
import { controlFor } from './control-for.js';

/** What gives memory back in the arm's control, if the arm has something else; null: the same, or that is not known. */
export function otherJvm(arm: ArmSummary, arms: readonly ArmSummary[]): GivingJvm | null {
  const own = arm.jvm?.gives ?? null;
  const control = controlFor(arm, arms, 'foreign')?.jvm?.gives ?? null;
  return own === null || control === null || isDeepStrictEqual(alike(own), alike(control)) ? null : control;
}

/** The same loads in another order, or twice, give memory back by the same. */
function alike({ loads, ...rest }: GivingJvm): GivingJvm {
  return { ...rest, loads: [...new Set(loads)].toSorted() };
}

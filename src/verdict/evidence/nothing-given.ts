/** Whether an arm gave memory back: where nothing is given back, nobody can wait for it. */
import type { ResolvedArm } from '../../profile/resolved/resolved.js';

/** By its profile it gives nothing back, as an idle control. */
export function isMeantIdle({ control, holder }: Pick<ResolvedArm, 'control' | 'holder'>): boolean {
  return control === 'idle' || holder?.active === false;
}

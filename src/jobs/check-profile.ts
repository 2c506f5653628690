/** Whether a profile is valid and fits this machine. */
import { checkPlan } from '../experiment/plan/check-plan.js';
import { loadResolved } from '../profile/written/load.js';
import type { ResolvedProfile } from '../profile/resolved/resolved.js';

/** Throws a usage failure that names all that is wrong. */
export async function checkProfileFile(nameOrPath: string, guestCpus: number): Promise<ResolvedProfile> {
  const profile = await loadResolved(nameOrPath);
  checkPlan(profile, profile.arms, guestCpus);
  return profile;
}

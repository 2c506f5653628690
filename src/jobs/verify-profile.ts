/** Counts the system calls of arms under strace, an arm at a time. */
import { Failure, usage } from '../base/failure.js';
import { checkPlan } from '../experiment/plan/check-plan.js';
import { exitCodeOf, listenForInterruption } from '../experiment/interruption.js';
import { verifiable, verifyArm, type VerifiedArm } from '../experiment/plan/verify.js';
import { cpuTopology } from '../host/cpus.js';
import { withoutSecrets } from '../profile/resolved/profile-secrets.js';
import { issuesOf, type ExpectedCalls, type ResolvedArm, type ResolvedProfile } from '../profile/resolved/resolved.js';
import { loadResolved } from '../profile/written/load.js';
import { planOf, type PlanWithGuests } from './dry-run-plan.js';
import { makeReady, type Installing } from './make-ready.js';
import { overridesOf, type ProfileOptions } from './overrides.js';

export interface VerifyAsked extends Pick<ProfileOptions, 'duration' | 'java'> {
  /** Name of the only arm; undefined: all arms with `issues`. */
  readonly arm?: string | undefined;
}

export interface VerifyPlan {
  readonly profile: ResolvedProfile;
  readonly arms: readonly ResolvedArm[];
}

export async function planVerification(nameOrPath: string, asked: VerifyAsked): Promise<VerifyPlan> {
  const { arm: only, duration, java } = asked;
  const { ofAll, ofJvm } = overridesOf({ duration, java });
  const profile = await loadResolved(nameOrPath, [...ofAll, ...ofJvm]);
  const arms = verifiable(profile).filter(({ name }) => only === undefined || name === only);
  if (arms.length === 0)
    throw usage(
      only === undefined
        ? `no arm of ${profile.name} declares the calls that it makes (the key \`issues\`), so there is nothing to verify`
        : `${profile.name} has no arm ${only} that declares the calls that it makes (the key \`issues\`), so there is nothing to verify`,
    );
  // The arms run on this machine's kernel, whatever kernels the profile names.
  checkPlan({ ...profile, kernels: [] }, arms, 0);
  return { profile, arms };
}

export interface CountedCalls {
  readonly arm: string;
  readonly calls: readonly ExpectedCalls[];
}

export function dryRunOf({ profile, arms }: VerifyPlan): { plan: PlanWithGuests; counted: readonly CountedCalls[] } {
  const plan = { ...planOf({ ...profile, runs: 1 }, withoutSecrets(arms)), guests: [] };
  return { plan, counted: arms.map((arm) => ({ arm: arm.name, calls: issuesOf(arm) })) };
}

export async function verifyArms({ profile, arms }: VerifyPlan, installing: Installing): Promise<VerifiedArm[]> {
  await makeReady({ arms, kernels: [], strace: true }, installing);
  const interruption = listenForInterruption(() => undefined);
  const results: VerifiedArm[] = [];
  try {
    for (const arm of arms) results.push(await verifyArm(profile, arm, cpuTopology(), interruption));
    return results;
  } catch (error) {
    const signal = interruption.signal();
    if (signal !== null && error instanceof Failure)
      throw new Failure(exitCodeOf(signal), `interrupted by ${signal}; an incomplete count has no result`);
    throw error;
  } finally {
    interruption.dispose();
  }
}

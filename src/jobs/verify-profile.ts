/** Counts the system calls of arms under strace, an arm at a time. */
import { Failure, usage } from '../base/failure.js';
import { checkPlan } from '../experiment/plan/check-plan.js';
import { exitCodeOf, listenForInterruption } from '../experiment/interruption.js';
import { verifiable, verifyArm, type VerifiedArm } from '../experiment/plan/verify.js';
import { cpuTopology } from '../host/cpus.js';
import { withoutSecrets } from '../profile/resolved/profile-secrets.js';
import {
  issuesOf,
  namesOfArm,
  type ExpectedCalls,
  type ResolvedArm,
  type ResolvedProfile,
} from '../profile/resolved/resolved.js';
import type { RefusedArm } from '../facts/refused-arm-facts.js';
import { loadResolved } from '../profile/written/load.js';
import { planOf, type PlanWithGuests } from './dry-run-plan.js';
import { makeReady, withoutRefused, type Installing } from './make-ready.js';
import { overridesOf, type ProfileOptions } from './overrides.js';

export interface VerifyAsked extends Pick<ProfileOptions, 'duration' | 'java' | 'jdk'> {
  /** Name of the only arm; undefined: all arms with `issues`. */
  readonly arm?: string | undefined;
}

export interface VerifyPlan {
  readonly profile: ResolvedProfile;
  readonly arms: readonly ResolvedArm[];
}

export async function planVerification(nameOrPath: string, asked: VerifyAsked): Promise<VerifyPlan> {
  const { arm: only, duration, java, jdk } = asked;
  const { ofAll, ofJvm } = overridesOf({ duration, java, jdk });
  const profile = await loadResolved(nameOrPath, [...ofAll, ...ofJvm]);
  const arms = verifiable(profile).filter((arm) => only === undefined || namesOfArm(arm).includes(only));
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

export interface Verification {
  readonly arms: readonly VerifiedArm[];
  /** Arms that their JDK cannot run. */
  readonly refused: readonly RefusedArm[];
}

export async function verifyArms({ profile, arms }: VerifyPlan, installing: Installing): Promise<Verification> {
  const refused = await makeReady({ arms, kernels: [], strace: true }, installing);
  const interruption = listenForInterruption(() => undefined);
  const results: VerifiedArm[] = [];
  try {
    for (const arm of withoutRefused(arms, refused))
      results.push(await verifyArm(profile, arm, cpuTopology(), interruption));
    return { arms: results, refused };
  } catch (error) {
    const signal = interruption.signal();
    if (signal !== null && error instanceof Failure)
      throw new Failure(exitCodeOf(signal), `interrupted by ${signal}; an incomplete count has no result`);
    throw error;
  } finally {
    interruption.dispose();
  }
}

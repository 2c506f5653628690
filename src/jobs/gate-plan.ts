/**
 * What a gate measures before it judges: a candidate, in the window of the stored baseline; or a baseline and a candidate
 * in turns, where an option changes only the baseline.
 */
import { programFiles } from '../host/program-files.js';
import { readProfile } from '../profile/written/load.js';
import type { StoredBaseline, Window } from '../verdict/gate/pairing/baseline-window.js';
import { storedBaselines, windowFor } from '../verdict/gate/pairing/baseline-window.js';
import type { Offered } from '../verdict/gate/pairing/pair.js';
import { refuseUnlikeSides } from '../verdict/gate/pairing/sides.js';
import type { Policy } from '../verdict/gate/policy.js';
import { runsToDecide } from '../verdict/gate/together.js';
import { overridesOf, type ChangeOptions } from './overrides.js';
import { planFrom, type PlannedSide, type Wanted } from './plan.js';

export interface GateMeasurement extends Omit<Wanted, 'base'> {
  /** A name or a path. */
  readonly profile: string;
  /** What the baseline has instead; null: the baseline is stored, or there is none. */
  readonly base: BaseChange | null;
}

export interface BaseChange extends ChangeOptions {
  /** The first option that changes the baseline, for refusals. */
  readonly option: string;
}

export interface GatePolicy {
  readonly policy: Policy;
  /** Whether a rule of the policy compares, so that a baseline is needed. */
  readonly isCompared: boolean;
}

export interface GatePlan {
  /** Null: the baseline is not measured now. */
  readonly baseline: PlannedSide | null;
  readonly candidate: PlannedSide;
  /** The window of the stored baseline, where it replaces that of the profile. */
  readonly storedWindow: Window | null;
}

/** Plans as many runs as can decide, and at least as many as the policy requires. */
export async function planForGate(
  asked: GateMeasurement,
  { policy, isCompared }: GatePolicy,
  offered: readonly Offered[],
): Promise<GatePlan> {
  const { base, profile: nameOrPath, ...wanted } = asked;
  const resolveWith = await readProfile(nameOrPath);
  const { profile } = planFrom(resolveWith, wanted);
  const stored = storedBaselines(offered, profile.name);
  const least = isCompared
    ? runsToDecide(
        policy,
        stored.map(({ runs }) => runs),
      )
    : policy.minimumRuns;
  const runs = asked.runs === undefined && profile.runs < least ? { runs: least } : {};
  if (base !== null) {
    const baseline = planFrom(resolveWith, { ...wanted, base }, runs);
    const candidate = planFrom(resolveWith, wanted, runs);
    refuseUnlikeSides(configured(baseline), configured(candidate));
    return { baseline, candidate, storedWindow: null };
  }
  const storedWindow = storedWindowFor(asked, profile, stored);
  const window = storedWindow === null ? {} : { duration: storedWindow.duration_ns, warmup: storedWindow.warmup_ns };
  const candidate = planFrom(resolveWith, wanted, { ...runs, ...window });
  return { baseline: null, candidate, storedWindow };
}

/** Null where the window of the profile is that of the baseline. */
function storedWindowFor(asked: GateMeasurement, profile: Window, stored: readonly StoredBaseline[]): Window | null {
  const isAsked = overridesOf(asked).ofAll.some(({ path: [first] }) => first === 'duration' || first === 'warmup');
  const window = windowFor(stored, profile, isAsked);
  return window === profile ? null : window;
}

function configured({ profile, arms }: PlannedSide): Parameters<typeof refuseUnlikeSides>[0] {
  return { profile, arms, programs: [...programFiles(arms)] };
}

/** Whether an arm gave memory back in a run: where nothing is given back, nobody can wait for it. */
import type { RunFile } from '../../bundle/bundle-schema.js';
import type { NothingGiven } from '../../facts/flaw-facts.js';
import { isSwitchedOff } from '../../profile/check/heap-settings.js';
import { isInJvm, isIoHog, issuesOf, type ResolvedArm } from '../../profile/resolved/resolved.js';
import { keptHeap } from './heap-kept.js';

/** By its profile it gives nothing back, as an idle control: also a JVM whose flags keep the heap. */
export function isMeantIdle(arm: ResolvedArm): boolean {
  const { control, holder } = arm;
  if (control === 'idle' || holder?.active === false) return true;
  return isInJvm(arm) && isSwitchedOff({ ...arm.jvm, calls: arm.jvm.issues.map(({ call }) => call) });
}

type GivingRun = Pick<RunFile, 'holder' | 'jvm' | 'churn' | 'agent' | 'priorities' | 'issued'>;

/**
 * 0 for an idle control; null where something else is under test, whose calls are not counted, also if the profile gives
 * the arm a holder that does nothing. Calls of a JVM or a churn are counted if a trace has every call that the arm
 * declares; without one, a foreign control that gives nothing but heap back, and kept its heap, made none.
 */
export function holderCallsOf(run: GivingRun, arm: ResolvedArm | undefined): number | null {
  const { holder, jvm, churn, agent, priorities } = run;
  if (arm?.control === null && isMeantIdle(arm)) return null;
  const calls_n = holder?.window_calls ?? null;
  if (calls_n !== null && calls_n > 0) return calls_n;
  if (jvm !== null || churn !== null)
    return arm === undefined
      ? null
      : (declaredCalls(run, arm) ?? (arm.control === 'foreign' && keptHeap(jvm, arm) ? 0 : null));
  return agent === null && !priorities.some(({ name }) => isIoHog(name)) ? calls_n : null;
}

/** Null where some declared call is not among those that a trace counts. */
function declaredCalls({ issued }: GivingRun, arm: ResolvedArm): number | null {
  if (issued === null || issued.length < issuesOf(arm).length) return null;
  return issued.reduce((sum, { n }) => sum + n, 0);
}

/** Null: it gave memory back, was not meant to, or that is not known. `arm`: of its profile. */
export function nothingGivenIn(run: GivingRun, arm: ResolvedArm | undefined): NothingGiven | null {
  if (arm === undefined || isMeantIdle(arm)) return null;
  if (keptHeap(run.jvm, arm)) return 'heap-kept';
  return holderCallsOf(run, arm) === 0 ? 'holder-idle' : null;
}

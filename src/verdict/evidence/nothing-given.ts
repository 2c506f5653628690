/** Whether an arm gave memory back in a run: where nothing is given back, nobody can wait for it. */
import type { RunFile } from '../../bundle/bundle-schema.js';
import type { NothingGiven } from '../../facts/compare-facts.js';
import { isInJvm, type ResolvedArm } from '../../profile/resolved/resolved.js';
import { isIoHog } from '../../workload/native/seats.js';
import { keptHeap, logsReturns } from './heap-kept.js';

/** By its profile it gives nothing back, as an idle control. */
export function isMeantIdle({ control, holder }: Pick<ResolvedArm, 'control' | 'holder'>): boolean {
  return control === 'idle' || holder?.active === false;
}

type GivingRun = Pick<RunFile, 'holder' | 'jvm' | 'churn' | 'agent' | 'priorities'>;

/** 0 for an idle holder; null where something else is under test, whose calls a run does not count. */
export function holderCallsOf({ holder, jvm, churn, agent, priorities }: GivingRun): number | null {
  const calls_n = holder?.window_calls ?? null;
  const isHolder = jvm === null && churn === null && agent === null && !priorities.some(({ name }) => isIoHog(name));
  return isHolder || calls_n !== 0 ? calls_n : null;
}

/** Null: it gave memory back, was not meant to, or that is not known. `arm`: of its profile. */
export function nothingGivenIn(run: GivingRun, arm: ResolvedArm | undefined): NothingGiven | null {
  if (arm === undefined || isMeantIdle(arm)) return null;
  if (holderCallsOf(run) === 0) return 'holder-idle';
  return isInJvm(arm) && logsReturns(arm) && run.jvm !== null && keptHeap(run.jvm) ? 'heap-kept' : null;
}

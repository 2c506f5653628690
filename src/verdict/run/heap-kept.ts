/**
 * Whether a JVM that is set up to give heap back did so, by its log. G1 of JDK 26 and newer, for one, keeps it with some
 * flags that made older JDKs give it back; without a call nobody waits for the call, which is no evidence about it.
 */
import type { ArmSummary } from '../../bundle/bundle-schema.js';
import { concernsEvents } from '../../record/jvm-log.js';

export interface HeapKept {
  /** Complete runs whose log has no return of heap in the window. */
  readonly kept_n: number;
  /** All complete runs. */
  readonly runs_n: number;
}

/** Null for an arm that is not set up to shrink, and where the log may lack events. */
export function heapKept({ jvm }: Pick<ArmSummary, 'jvm'>): HeapKept | null {
  if (jvm?.isMeantToShrink !== true) return null;
  if (jvm.logProblems.some((problem) => concernsEvents(problem, 'gc.uncommit'))) return null;
  const runs = jvm.perRun.filter(({ status }) => status === 'complete');
  const kept = runs.filter(({ log }) => !log.some(({ name, durations }) => name === 'gc.uncommit' && durations.n > 0));
  return { kept_n: kept.length, runs_n: runs.length };
}

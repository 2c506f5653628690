/**
 * Whether a JVM that is set up to give heap back did so, by its log. G1 of JDK 26 and newer, for one, keeps it with some
 * flags that made older JDKs give it back; without a call nobody waits for the call, which is no evidence about it.
 */
import type { ArmSummary, LogSeries } from '../../bundle/bundle-schema.js';
import { isMeantToShrink } from '../../catalogue/collectors.js';
import type { Stated } from '../../facts/stated.js';
import type { JvmArm } from '../../profile/resolved/resolved.js';
import { concernsEvents } from '../../record/jvm-log.js';

export interface HeapKept {
  /** Complete runs whose log has no return of heap in the window. */
  readonly kept_n: number;
  /** All complete runs. */
  readonly runs_n: number;
}

/** Null for an arm that is not set up to shrink, and where the log may lack events. */
export function heapKept(arm: Pick<ArmSummary, 'jvm'>): HeapKept | null {
  const kept = runsWithHeapKept(arm);
  if (kept === null) return null;
  const runs = arm.jvm?.perRun.filter(({ status }) => status === 'complete') ?? [];
  return { kept_n: kept.length, runs_n: runs.length };
}

/** Their names; null as above. */
export function runsWithHeapKept({ jvm }: Pick<ArmSummary, 'jvm'>): readonly string[] | null {
  if (jvm?.isMeantToShrink !== true || mayLackReturns(jvm.logProblems)) return null;
  return jvm.perRun.filter(({ status, log }) => status === 'complete' && !hasReturn(log)).map(({ run }) => run);
}

/** Of a single run of an arm that is set up to shrink; false where the log may lack events. */
export function keptHeap({
  log,
  logProblems,
}: {
  readonly log: readonly LogSeries[];
  readonly logProblems: readonly Stated[];
}): boolean {
  return !mayLackReturns(logProblems) && !hasReturn(log);
}

/** Whether its log has what it gives back: it is the log of the JVM with the probes. */
export function logsReturns({ control, jvm }: JvmArm): boolean {
  return (
    control === null && jvm.loadsIn === 'same' && isMeantToShrink({ ...jvm, calls: jvm.issues.map(({ call }) => call) })
  );
}

function mayLackReturns(problems: readonly Stated[]): boolean {
  return problems.some((problem) => concernsEvents(problem, 'gc.uncommit'));
}

function hasReturn(log: readonly LogSeries[]): boolean {
  return log.some(({ name, durations }) => name === 'gc.uncommit' && durations.n > 0);
}

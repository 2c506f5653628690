/**
 * Whether a JVM that is set up to give heap back did so, by its log. G1 of JDK 26 and newer, for one, keeps it with some
 * flags that made older JDKs give it back; without a call nobody waits for the call, which is no evidence about it. The
 * same holds of a foreign control: its second JVM, if it keeps the heap, controls nothing.
 */
import type { ArmSummary, LogSeries } from '../../bundle/bundle-schema.js';
import type { Stated } from '../../facts/stated.js';
import { isMeantToShrink } from '../../profile/check/heap-settings.js';
import type { JvmArm } from '../../profile/resolved/resolved.js';
import { concernsEvents } from '../../record/jvm-log.js';

export interface HeapKept {
  /** Complete runs whose log has no return of heap in the window. */
  readonly kept_n: number;
  /** All complete runs. */
  readonly runs_n: number;
}

/** Null for an arm that is not set up to shrink. */
export function heapKept(arm: Pick<ArmSummary, 'control' | 'jvm'>): HeapKept | null {
  const kept = runsWithHeapKept(arm);
  if (kept === null) return null;
  return { kept_n: kept.length, runs_n: completeRuns(arm).length };
}

/** Their names; null as above. */
export function runsWithHeapKept(arm: Pick<ArmSummary, 'control' | 'jvm'>): readonly string[] | null {
  if (arm.jvm?.isMeantToShrink !== true) return null;
  return completeRuns(arm).flatMap(({ run, returns_n }) => (returns_n === 0 ? [run] : []));
}

/** Whether it is not known of some complete run of a JVM if it gave heap back. */
export function isHeapUnknown(arm: Pick<ArmSummary, 'control' | 'jvm'>): boolean {
  return completeRuns(arm).some(({ returns_n }) => returns_n === null);
}

/** Of a single run of an arm that is set up to shrink; false where the log may lack events. */
export function keptHeap(run: LoggedRun, { control }: Pick<JvmArm, 'control'>): boolean {
  return heapReturnsOf(run, control) === 0;
}

/** Whether the arm is set up to give heap back. */
export function logsReturns({ control, jvm }: JvmArm): boolean {
  return control !== 'idle' && isMeantToShrink({ ...jvm, calls: jvm.issues.map(({ call }) => call) });
}

interface LoggedRun {
  readonly log: readonly LogSeries[];
  readonly logProblems: readonly Stated[];
  readonly heapReturns_n?: number | null | undefined;
}

function completeRuns({
  control,
  jvm,
}: Pick<ArmSummary, 'control' | 'jvm'>): { readonly run: string; readonly returns_n: number | null }[] {
  return (jvm?.perRun ?? [])
    .filter(({ status }) => status === 'complete')
    .map((one) => ({
      run: one.run,
      returns_n: heapReturnsOf({ ...one, logProblems: jvm?.logProblems ?? [] }, control),
    }));
}

/** Null: not known. */
function heapReturnsOf({ log, logProblems, heapReturns_n }: LoggedRun, control: ArmSummary['control']): number | null {
  if (heapReturns_n !== undefined) return heapReturns_n;
  // A bundle of an older version counted only returns with a length, in the JVM with the probes.
  if (control === 'foreign') return null;
  const timed_n = log.find(({ name }) => name === 'gc.uncommit')?.durations.n ?? 0;
  return timed_n === 0 && logProblems.some((problem) => concernsEvents(problem, 'gc.uncommit')) ? null : timed_n;
}

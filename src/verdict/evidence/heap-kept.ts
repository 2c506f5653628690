/**
 * Whether a JVM that is set up to give heap back did so, by its log. G1 of JDK 26 and newer, for one, keeps it with some
 * flags that made older JDKs give it back; without a call nobody waits for the call, which is no evidence about it. The
 * same holds of a foreign control: its second JVM, if it keeps the heap, controls nothing.
 */
import type { ArmSummary, LogSeries } from '../../bundle/bundle-schema.js';
import type { Stated } from '../../facts/stated.js';
import { givesHeapBack } from '../../catalogue/collectors.js';
import { givesMemoryBack } from '../../catalogue/gives-back.js';
import { isOnHeap, jvmLoads, type JvmLoadName } from '../../catalogue/jvm-loads.js';
import { isMeantToShrink, startsGiver } from '../../profile/check/heap-settings.js';
import { isInJvm, type JvmArm, type ResolvedArm } from '../../profile/resolved/resolved.js';
import { concernsEvents } from '../../record/jvm-log.js';

export interface HeapKept {
  /** Complete runs whose log has no return of heap in the window. */
  readonly kept_n: number;
  /** All complete runs. */
  readonly runs_n: number;
}

/** Null for an arm that is not set up to shrink, and where its log does not show all that it gives back. */
export function heapKept(arm: Pick<ArmSummary, 'control' | 'jvm'>): HeapKept | null {
  const kept = runsWithHeapKept(arm);
  if (kept === null) return null;
  return { kept_n: kept.length, runs_n: completeRuns(arm).length };
}

/** Their names; null as above. */
export function runsWithHeapKept(arm: Pick<ArmSummary, 'control' | 'jvm'>): readonly string[] | null {
  if (arm.jvm?.isMeantToShrink !== true || arm.jvm.givesOffHeap === true) return null;
  return completeRuns(arm).flatMap(({ run, returns_n }) => (returns_n === 0 ? [run] : []));
}

/** Whether it is not known of some complete run of a JVM if it gave heap back. */
export function isHeapUnknown(arm: Pick<ArmSummary, 'control' | 'jvm'>): boolean {
  return completeRuns(arm).some(({ returns_n }) => returns_n === null);
}

/** Whether a JVM gave heap back in every complete run, by its log. */
export function isHeapGiven(arm: Pick<ArmSummary, 'control' | 'jvm'>): boolean {
  const runs = completeRuns(arm);
  return runs.length > 0 && runs.every(({ returns_n }) => returns_n !== null && returns_n > 0);
}

/**
 * Of a single run of an arm that is set up to shrink, and gives back nothing but heap; false where the log may lack
 * events.
 */
export function keptHeap(run: LoggedRun | null, arm: ResolvedArm): boolean {
  if (run === null || !isInJvm(arm) || !logsReturns(arm) || givesOffHeap(arm)) return false;
  return heapReturnsOf(run, arm.control) === 0;
}

/** Whether the arm is set up to give heap back. */
export function logsReturns({ control, jvm }: JvmArm): boolean {
  return control !== 'idle' && isMeantToShrink({ ...jvm, calls: jvm.issues.map(({ call }) => call) });
}

/** Whether something besides the heap may give memory back, which the JVM's log does not have. */
export function givesOffHeap({ holder, jvm: { allocator, flags, issues, loads } }: JvmArm): boolean {
  return (
    (holder?.active === true && givesMemoryBack(holder.operation)) ||
    allocator.name !== 'glibc' ||
    loads.some(({ load }) => !(load in jvmLoads && isOnHeap(load as JvmLoadName))) ||
    issues.some(({ call }) => !givesHeapBack(call)) ||
    startsGiver(flags)
  );
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

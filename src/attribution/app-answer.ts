/**
 * The answer of `pauselab run app`: does giving memory back cause the stalls? The stalled time of an arm is divided: it
 * went by waiting for a thread in a call that gives memory back, for something else, or that is not known. Pure.
 */
import type { NumberedStall } from '../bundle/read-stalls.js';
import type { ArmSummary } from '../bundle/bundle-schema.js';
import type { ListedStall } from '../bundle/stalls-schema.js';
import { rootOfStall } from '../bundle/stall-root.js';
import { collectorNamed } from '../catalogue/collectors.js';
import { canHaveGivenHeapOnly, type GivesBack } from '../catalogue/gives-back.js';
import { concernsEvents } from '../record/jvm-log.js';
import { mostEvents } from './attribute.js';
import { stalledTime, type StalledTime } from './totals.js';

export interface AppAnswer {
  readonly arm: string;
  readonly isReason: 'yes' | 'no' | 'open' | 'no stall';
  readonly stalls_n: number;
  readonly stalled_ns: number;
  /** Part of `stalled_ns`: behind a thread that gave memory back, and where it is not known whether one did. */
  readonly givingBack_ns: number;
  readonly unknown_ns: number;
  /** Part of `stalls_n`: counted, but their records were lost. All their time is in `unknown_ns`. */
  readonly lost_n: number;
  /** By cause and thread, longest first. */
  readonly causes: readonly StalledTime[];
  /** Uncommits in the JVM's log; null if the log has none and may be incomplete. */
  readonly uncommits: Uncommits | null;
}

export interface Uncommits {
  /** Those with a length. */
  readonly n: number;
  readonly total_ns: number;
  readonly longest_ns: number | null;
  /** Those for which the log has no length. */
  readonly untimed_n: number;
}

/** `stalls`: of all arms. Only stalls of the runs behind the arm's figures count. */
export function appAnswer(
  { name, jvm, series }: Pick<ArmSummary, 'name' | 'jvm' | 'series'>,
  stalls: readonly NumberedStall[],
): AppAnswer {
  const runs = (jvm?.perRun ?? []).map(({ run }) => run);
  const own = stalls.filter(({ run, counted }) => counted && runs.includes(run));
  const time = (of: (stall: ListedStall) => boolean): number =>
    own.reduce((sum, { stall }) => sum + (of(stall) ? stall.duration_ns : 0), 0);
  const lost = lostStalls(name, series, own);
  const lost_ns = lost.reduce((sum, { duration_ns }) => sum + duration_ns, 0);
  const lost_n = lost.reduce((sum, { n }) => sum + n, 0);
  const stalled_ns = time(() => true) + lost_ns;
  const givingBack_ns = time((stall) => givesBack(stall, jvm) === 'yes');
  const unknown_ns = time((stall) => givesBack(stall, jvm) === 'open') + lost_ns;
  return {
    arm: name,
    isReason:
      own.length + lost_n === 0
        ? 'no stall'
        : givingBack_ns >= stalled_ns / 2
          ? 'yes'
          : givingBack_ns + unknown_ns < stalled_ns / 2
            ? 'no'
            : 'open',
    stalls_n: own.length + lost_n,
    stalled_ns,
    givingBack_ns,
    unknown_ns,
    lost_n,
    causes: [...stalledTime(own), ...lost].toSorted((a, b) => b.duration_ns - a.duration_ns),
    uncommits: uncommitsOf(jvm),
  };
}

/** The board counts each stall, and the ring may have lost the record of some: then the list lacks them. */
function lostStalls(arm: string, series: ArmSummary['series'], listed: readonly NumberedStall[]): StalledTime[] {
  const n = series.reduce((sum, { stalls }) => sum + stalls.count, 0) - listed.length;
  const total_ns = series.reduce((sum, { stalls }) => sum + stalls.total_ns, 0);
  const listed_ns = listed.reduce((sum, { stall }) => sum + stall.duration_ns, 0);
  return n <= 0 ? [] : [{ arm, cause: null, thread: null, n, duration_ns: Math.max(0, total_ns - listed_ns) }];
}

/** Of a cause of grade `possible`, not even the log shows that memory was given back, or that none was. */
function givesBack(stall: ListedStall, jvm: ArmSummary['jvm']): GivesBack {
  const root = rootOfStall(stall, collectorNamed(jvm?.collector ?? null));
  if (root === null) return 'open';
  if (root.cause.grade === 'possible') return root.givesBack === 'no' ? 'no' : 'open';
  if (root.givesBack !== 'open') return root.givesBack;
  return canHaveGivenHeapOnly(root.cause) && isWithoutUncommit(stall, jvm) ? 'no' : 'open';
}

/** No return of heap in the JVM's log overlaps the stall. */
function isWithoutUncommit({ evidence }: ListedStall, jvm: ArmSummary['jvm']): boolean {
  if (evidence === null || evidence.events.length >= mostEvents || !isLogWhole(jvm)) return false;
  return evidence.events.every(({ name }) => name !== 'gc.uncommit');
}

/** Whether it has each return of heap with its time. */
function isLogWhole(jvm: ArmSummary['jvm']): boolean {
  return jvm !== null && !jvm.logProblems.some((problem) => concernsEvents(problem, 'gc.uncommit'));
}

function uncommitsOf(jvm: ArmSummary['jvm']): Uncommits | null {
  if (jvm === null) return null;
  const events = jvm.log.find(({ name }) => name === 'gc.uncommit');
  const n = events?.durations.n ?? 0;
  const returns_n = jvm.perRun.reduce((sum, { heapReturns_n }) => sum + (heapReturns_n ?? 0), 0);
  const untimed_n = Math.max(0, returns_n - n);
  return n + untimed_n === 0 && !isLogWhole(jvm)
    ? null
    : { n, total_ns: events?.total_ns ?? 0, longest_ns: events?.durations.max_ns ?? null, untimed_n };
}

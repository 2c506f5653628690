/**
 * The answer of `pauselab run app`: does giving memory back cause the stalls? The stalled time of an arm is divided by
 * cause: a thread that was waited for in a call that gives memory back, another cause, or an unknown cause. Pure.
 */
import type { NumberedStall } from '../bundle/read-stalls.js';
import type { ArmSummary } from '../bundle/bundle-schema.js';
import type { ListedStall } from '../bundle/stalls-schema.js';
import { givesMemoryBack, isForThread } from '../catalogue/gives-back.js';
import { concernsEvents } from '../record/jvm-log.js';
import { stalledTime, type StalledTime } from './totals.js';

export interface AppAnswer {
  readonly arm: string;
  readonly isReason: 'yes' | 'no' | 'open' | 'no stall';
  readonly stalls_n: number;
  readonly stalled_ns: number;
  /** Part of `stalled_ns`: behind a thread that gave memory back, and with an unknown cause. */
  readonly givingBack_ns: number;
  readonly unknown_ns: number;
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
  { name, jvm }: Pick<ArmSummary, 'name' | 'jvm'>,
  stalls: readonly NumberedStall[],
): AppAnswer {
  const runs = (jvm?.perRun ?? []).map(({ run }) => run);
  const own = stalls.filter(({ run, counted }) => counted && runs.includes(run));
  const time = (of: (stall: ListedStall) => boolean): number =>
    own.reduce((sum, { stall }) => sum + (of(stall) ? stall.duration_ns : 0), 0);
  const stalled_ns = time(() => true);
  const givingBack_ns = time((stall) => isKnown(stall) && isGivingBack(stall));
  const unknown_ns = time((stall) => !isKnown(stall));
  return {
    arm: name,
    isReason:
      own.length === 0
        ? 'no stall'
        : givingBack_ns >= stalled_ns / 2
          ? 'yes'
          : givingBack_ns + unknown_ns < stalled_ns / 2
            ? 'no'
            : 'open',
    stalls_n: own.length,
    stalled_ns,
    givingBack_ns,
    unknown_ns,
    causes: stalledTime(own),
    uncommits: uncommitsOf(jvm),
  };
}

/** A cause of grade `possible` does not count as known. */
function isKnown({ cause }: ListedStall): boolean {
  return cause !== null && cause.cause !== 'unknown' && cause.grade !== 'possible';
}

function isGivingBack({ cause, chain }: ListedStall): boolean {
  return (
    cause !== null &&
    isForThread(cause) &&
    (chain ?? []).some(
      (link) => link.cause === cause.cause && link.thread?.tid === cause.thread?.tid && givesMemoryBack(link.call),
    )
  );
}

function uncommitsOf(jvm: ArmSummary['jvm']): Uncommits | null {
  if (jvm === null) return null;
  const events = jvm.log.find(({ name }) => name === 'gc.uncommit');
  const n = events?.durations.n ?? 0;
  const returns_n = jvm.perRun.reduce((sum, { heapReturns_n }) => sum + (heapReturns_n ?? 0), 0);
  const untimed_n = Math.max(0, returns_n - n);
  const mayLack = jvm.logProblems.some((problem) => concernsEvents(problem, 'gc.uncommit'));
  return n + untimed_n === 0 && mayLack
    ? null
    : { n, total_ns: events?.total_ns ?? 0, longest_ns: events?.durations.max_ns ?? null, untimed_n };
}

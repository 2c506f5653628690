/**
 * Stalls in which the victim was blocked in the kernel, and how many of these waits ended together with a hold of the
 * blamed thread. A waiter continues when the lock is released. An overlap of call and wait proves nothing if the thread
 * is in a call for nearly all of the time. Pure.
 */
import { largestOf } from '../../base/largest.js';
import type { AttributedStall } from '../../attribution/attribute.js';
import type { RunEvidence } from '../../attribution/evidence.js';
import type { Span } from '../../attribution/link-draft.js';
import { grouped } from '../../base/group.js';
import { partitionPoint } from '../../base/sorted.js';
import { lockCauses } from '../../facts/blame.js';
import type { RunFile, SeriesFigures } from '../../bundle/bundle-schema.js';
import type { BlamedThread } from '../../bundle/stalls-schema.js';
import type { RelativeWindow } from '../../record/board/board.js';
import type { Timeline } from '../../record/samples.js';
import type { HolderCall } from '../../record/stalls.js';

type Blocked = NonNullable<RunFile['blocked']>;

/** A period of the sampler: the end of a wait is not known more precisely. */
const near_ns = 10_000_000;

/** The event of the JVM's log for memory that was given back. */
const givingBack = 'gc.uncommit';

export interface HoldsOfRun {
  readonly evidence: Pick<RunEvidence, 'victims' | 'samples' | 'events' | 'trace'>;
  readonly holderCalls: readonly HolderCall[];
  readonly window: RelativeWindow;
}

interface Wait {
  readonly stall: AttributedStall;
  /** Null: not known. */
  readonly end_ns: number | null;
}

/** `stalls`: counted stalls of all series. */
export function blockedIn(
  stalls: readonly AttributedStall[],
  series: readonly SeriesFigures[],
  holds: HoldsOfRun,
): Blocked {
  const waits = stalls.filter(({ dominant }) => dominant === 'D').map((stall) => ({ stall, end_ns: waitEnd(stall) }));
  return {
    stalls_n: waits.length,
    ends_n: distinctEnds(waits),
    unseen_n: series.reduce((sum, { stalls: { unseen_count } }) => sum + unseen_count, 0),
    lost_records: series.reduce((sum, { lost_records }) => sum + lost_records, 0),
    blamed: [
      ...grouped(
        waits.filter(({ stall: { cause } }) => cause.thread !== null && lockCauses.includes(cause.cause)),
        keyOf,
      ).values(),
    ].flatMap((own) => blamedOf(own, holds)),
  };
}

function keyOf({ stall: { cause, chain } }: Wait): string {
  return JSON.stringify([cause.thread?.name, callOf(cause, chain), cause.cause]);
}

function blamedOf(waits: readonly Wait[], holds: HoldsOfRun): Blocked['blamed'] {
  const { cause, chain } = waits[0]?.stall ?? {};
  if (cause === undefined || chain === undefined || cause.thread === null) return [];
  const ends_ns = holdEnds(cause.thread, holds);
  const ended = waits.filter(
    ({ end_ns }) => end_ns !== null && ends_ns.some((hold_ns) => Math.abs(hold_ns - end_ns) <= near_ns),
  );
  return [
    {
      thread: cause.thread.name,
      call: callOf(cause, chain),
      cause: cause.cause,
      endedWithHold_n: ended.length,
      endsWithHold_n: distinctEnds(ended),
      series: [...new Set(ended.map(({ stall }) => stall.series))],
      longest_ns: largestOf(
        ended.map(({ stall }) => stall.duration_ns),
        0,
      ),
      nearEnds_share: nearShare(ends_ns, holds.window),
    },
  ];
}

/** The call of the link that represents the whole stall. */
function callOf({ cause, thread }: AttributedStall['cause'], chain: AttributedStall['chain']): string | null {
  return chain.find((link) => link.cause === cause && link.thread?.tid === thread?.tid)?.call ?? null;
}

/** Instants at which a hold of the thread may have ended, with the precision of a sampler's period. */
function holdEnds(
  thread: BlamedThread,
  { evidence: { trace, victims, events, samples }, holderCalls }: HoldsOfRun,
): number[] {
  const seen = trace === null ? [] : [...trace.model.holds.values()].flat().filter((hold) => hold.tid === thread.tid);
  if (seen.length > 0) return seen.map(({ end_ns }) => end_ns);
  const timeline = samples.timelines.get(thread.tid);
  return callsOf(thread, { victims, events }, holderCalls).flatMap((call) => [call.end_ns, ...lastRun(timeline, call)]);
}

function callsOf(
  { role, name }: BlamedThread,
  { victims, events }: Pick<RunEvidence, 'victims' | 'events'>,
  holderCalls: readonly HolderCall[],
): readonly Span[] {
  // A call that has not ended has no kind yet.
  if (role === 'holder') return holderCalls.filter(({ call }) => call !== null);
  const timed =
    role === 'victim'
      ? victims.filter(({ thread }) => thread.name === name).flatMap(({ slow }) => slow)
      : events.filter((event) => event.name === givingBack);
  return timed.map(({ start_ns, duration_ns }) => ({ start_ns, end_ns: start_ns + duration_ns }));
}

/**
 * The looks between which a thread ran last inside a call. The thread releases the lock in the kernel, and may lose its
 * CPU before it returns: with `preempt=none` a kernel switches there. The call then ends when the thread has a CPU
 * again, long after the hold. The hold ended when the thread last ran.
 */
function lastRun(timeline: Timeline | undefined, { start_ns, end_ns }: Span): number[] {
  if (timeline === undefined) return [];
  const { changes, ticks_ns } = timeline;
  for (let i = partitionPoint(changes, ({ time_ns }) => time_ns <= end_ns) - 1; i > 0; i -= 1) {
    const [before, look] = [changes[i - 1], changes[i]];
    if (before === undefined || look === undefined || look.time_ns < start_ns) break;
    if (look.onCpu_ns > before.onCpu_ns)
      return [ticks_ns[look.tick - 1] ?? look.time_ns, look.time_ns].filter((time_ns) => time_ns >= start_ns);
  }
  return [];
}

/**
 * The end of the victim's longest wait in state D. If the sampler had no CPU after its last look at the wait, the
 * operation ended with the wait, or soon after it. Null: the wait has not ended, or ended unseen some time before the
 * operation.
 */
function waitEnd({ activities, stillRunning }: AttributedStall): number | null {
  if (stillRunning) return null;
  const [longest] = activities
    .filter(({ activity }) => activity === 'blocked')
    .sort((a, b) => b.end_ns - b.start_ns - (a.end_ns - a.start_ns));
  if (longest === undefined) return null;
  const [next, ...later] = activities.slice(activities.indexOf(longest) + 1);
  if (next?.activity !== 'unobserved' || next.end_ns - next.start_ns <= near_ns) return longest.end_ns;
  return later.length === 0 ? next.end_ns : null;
}

/** Victims that wait for the same lock continue together: their ends count as one coincidence. */
function distinctEnds(waits: readonly Wait[]): number {
  const known_ns = waits.flatMap(({ end_ns }) => end_ns ?? []).sort((a, b) => a - b);
  let distinct = waits.length - known_ns.length;
  let last_ns = -Infinity;
  for (const end_ns of known_ns) {
    if (end_ns - last_ns <= 2 * near_ns) continue;
    distinct += 1;
    last_ns = end_ns;
  }
  return distinct;
}

/**
 * Share of the time, from the window's start to the drain's end, that is near one of these instants: the probability
 * that an end is near one by chance.
 */
function nearShare(instants_ns: readonly number[], { windowStart_ns, drainEnd_ns }: RelativeWindow): number {
  let covered_ns = windowStart_ns;
  let near = 0;
  for (const instant_ns of instants_ns.toSorted((a, b) => a - b)) {
    const from_ns = Math.max(instant_ns - near_ns, covered_ns);
    const to_ns = Math.min(instant_ns + near_ns, drainEnd_ns);
    if (to_ns <= from_ns) continue;
    near += to_ns - from_ns;
    covered_ns = to_ns;
  }
  return drainEnd_ns > windowStart_ns ? near / (drainEnd_ns - windowStart_ns) : 0;
}

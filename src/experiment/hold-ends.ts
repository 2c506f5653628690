/**
 * Stalls in which the victim was blocked in the kernel, and how many of these waits ended when a hold of the thread did
 * that is
 * blamed. Who waits for a lock goes on when it is given back; that a call overlaps the wait says nothing of a thread
 * that is in a
 * call nearly all the time. Pure.
 */
import type { AttributedStall } from '../attribution/attribute.js';
import type { RunEvidence } from '../attribution/evidence.js';
import { activitiesDuring } from '../attribution/waits.js';
import { grouped } from '../base/group.js';
import { lockCauses } from '../bundle/blame.js';
import type { RunFile, SeriesFigures } from '../bundle/schema.js';
import type { BlamedThread } from '../bundle/stalls-schema.js';
import type { RelativeWindow } from '../record/board.js';
import type { HolderCall } from '../record/stalls.js';

type Blocked = NonNullable<RunFile['blocked']>;

/** A period of the sampler: no end of a wait is known to less. */
const near_ns = 10_000_000;

/** Of a JVM's threads its log tells when they gave memory back. */
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

/** `stalls`: of all series, those that count. */
export function blockedIn(
  stalls: readonly AttributedStall[],
  series: readonly SeriesFigures[],
  holds: HoldsOfRun,
): Blocked {
  const waits = stalls
    .filter(({ dominant }) => dominant === 'D')
    .map((stall) => ({ stall, end_ns: waitEnd(stall, holds) }));
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
      longest_ns: Math.max(0, ...ended.map(({ stall }) => stall.duration_ns)),
      nearEnds_share: nearShare(ends_ns, holds.window),
    },
  ];
}

/** Of the link that stands for the whole. */
function callOf({ cause, thread }: AttributedStall['cause'], chain: AttributedStall['chain']): string | null {
  return chain.find((link) => link.cause === cause && link.thread?.tid === thread?.tid)?.call ?? null;
}

function holdEnds(
  { tid, role, name }: BlamedThread,
  { evidence: { trace, victims, events }, holderCalls }: HoldsOfRun,
): number[] {
  const seen = trace === null ? [] : [...trace.model.holds.values()].flat().filter((hold) => hold.tid === tid);
  if (seen.length > 0) return seen.map(({ end_ns }) => end_ns);
  // One that has not ended has no kind yet.
  if (role === 'holder') return holderCalls.filter(({ call }) => call !== null).map(({ end_ns }) => end_ns);
  if (role === 'victim')
    return victims
      .filter(({ thread }) => thread.name === name)
      .flatMap(({ slow }) => slow.map(({ start_ns, duration_ns }) => start_ns + duration_ns));
  return events.filter((event) => event.name === givingBack).map(({ start_ns, duration_ns }) => start_ns + duration_ns);
}

/**
 * The end of its longest wait in state D. Where nobody looked from its last look on, as the sampler had no CPU, the
 * operation ended
 * when the wait did, or soon after. Null: it has not ended, or ended unseen some time before its operation.
 */
function waitEnd(
  { thread: { tid }, start_ns, duration_ns, stillRunning }: AttributedStall,
  { evidence: { samples } }: HoldsOfRun,
): number | null {
  if (stillRunning) return null;
  const spans = activitiesDuring(samples.timelines.get(tid), start_ns, start_ns + duration_ns);
  const [longest] = spans
    .filter(({ activity }) => activity === 'blocked')
    .sort((a, b) => b.end_ns - b.start_ns - (a.end_ns - a.start_ns));
  if (longest === undefined) return null;
  const [next, ...later] = spans.slice(spans.indexOf(longest) + 1);
  if (next?.activity !== 'unobserved' || next.end_ns - next.start_ns <= near_ns) return longest.end_ns;
  return later.length === 0 ? next.end_ns : null;
}

/** Victims that wait for one lock go on together: that is one coincidence, if it is one. */
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
 * Share of the time in which stalls of the window end that is near to one of these instants: how often one is hit by
 * chance.
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

/**
 * Decides which lock a call takes, from the call's behaviour as a *waiter* (a short call is never preempted while it
 * holds a lock, so its behaviour as a holder shows nothing). Pure; stages.ts runs the trials.
 *
 *   queued   a preempted holder has mmap_lock for read, and a writer is queued behind it: calls that take mmap_lock, for
 *            read or write, block; calls that take a VMA's lock or none pass
 *   alone    only the holder: writers block, readers share the lock with it
 *   same VMA a preempted holder changes the victim's VMA, so that it is write-locked: calls that take its lock block
 *
 * "Blocks" is observed, not timed: an operation of at least 50 ms that the victim spent in state D (or asleep, if
 * another thread does its work). "Passes" means at least ten operations, each done within 50 ms of when it was due,
 * while a known reader was blocked for 150 ms at a time: a call that is due at least every 60 ms was tried during that
 * time. A victim that was late (it had no CPU) passes nothing. Everything else is undecided, and a loaded machine has
 * more undecided calls: a wrong answer is never acceptable.
 */
import { formatDuration } from '../base/text/units.js';

/** What a trial saw of a victim. */
export interface Seen {
  readonly n: number;
  /** Longest time from when an operation was due to its end. */
  readonly latest_ns: number;
  /** Operations of at least `blockedFrom_ns`, spent waiting in the kernel. */
  readonly waited_n: number;
  readonly longestWait_ns: number;
  /** Other operations of that length, spent runnable or unobserved. */
  readonly unclear_n: number;
}

export const blockedFrom_ns = 50_000_000;
const fewestPasses = 10;
/** A known victim must have waited at least this long at once, otherwise a pass means nothing. */
const leastExposure_ns = 150_000_000;
/** A holder that was off its CPU for this long inside a call was preempted in it. */
export const heldFrom_ns = 100_000_000;
/** A single preemption may fall between taking the lock and the call's end. It is unlikely that all of them do. */
const fewestHeld = 2;

export type Fate = 'blocks' | 'passes' | 'unclear';

export function fateOf({ n, latest_ns, waited_n, unclear_n }: Seen): Fate {
  if (waited_n > 0) return 'blocks';
  return n >= fewestPasses && latest_ns < blockedFrom_ns && unclear_n === 0 ? 'passes' : 'unclear';
}

export function wasExposed({ longestWait_ns }: Seen): boolean {
  return longestWait_ns >= leastExposure_ns;
}

/** Trial `queued`: both the known reader and the known writer must have been blocked. */
export function takesMmapLock(call: Seen, known: { reader: Seen; writer: Seen }): boolean | null {
  if (!wasExposed(known.reader) || !wasExposed(known.writer)) return null;
  const fate = fateOf(call);
  return fate === 'unclear' ? null : fate === 'blocks';
}

/**
 * Trial `alone`, for a call that is known to take mmap_lock. If it blocks, it is queued as a writer, and the known
 * reader must have been blocked behind it. If it passes while the holder was preempted inside its calls, it is a
 * reader.
 */
export function modeOfMmapLock(
  call: Seen,
  known: { reader: Seen; held_n: number },
): 'mmap_lock write' | 'mmap_lock read' | null {
  const fate = fateOf(call);
  if (fate === 'blocks') return fateOf(known.reader) === 'blocks' ? 'mmap_lock write' : null;
  if (fate === 'passes')
    return fateOf(known.reader) === 'passes' && known.held_n >= fewestHeld ? 'mmap_lock read' : null;
  return null;
}

/** The time of an operation, relative to go. */
export interface OperationTime {
  readonly start_ns: number;
  readonly duration_ns: number;
}

/**
 * Trial `alone`, with calls that take turns. A call was queued as a writer if it waited, did not start while another
 * call was waiting, and the known reader was blocked meanwhile. Everything else is inconclusive.
 */
export function wasQueuedWriter(
  waits: readonly OperationTime[],
  others: readonly OperationTime[],
  reader: readonly OperationTime[],
): boolean {
  const overlap = (a: OperationTime, b: OperationTime): boolean =>
    a.start_ns < b.start_ns + b.duration_ns && b.start_ns < a.start_ns + a.duration_ns;
  const startsDuring = (a: OperationTime, b: OperationTime): boolean =>
    a.start_ns >= b.start_ns && a.start_ns < b.start_ns + b.duration_ns;
  return waits.some(
    (wait) => !others.some((other) => startsDuring(wait, other)) && reader.some((blocked) => overlap(wait, blocked)),
  );
}

/** Trial `same VMA`, for a call that is known to pass a queued writer. */
export function takesVmaLock(call: Seen, known: { reader: Seen }): boolean | null {
  if (!wasExposed(known.reader)) return null;
  const fate = fateOf(call);
  return fate === 'unclear' ? null : fate === 'blocks';
}

/** The figures behind an undecided call. */
export function describeSeen({ n, latest_ns, waited_n, longestWait_ns, unclear_n }: Seen): string {
  return [
    `${n} done`,
    ...(Number.isFinite(latest_ns) && n > 0 ? [`the latest ended ${formatDuration(latest_ns)} after it was due`] : []),
    waited_n === 0 ? 'none blocked' : `${waited_n} blocked, up to ${formatDuration(longestWait_ns)}`,
    ...(unclear_n > 0 ? [`${unclear_n} long without a CPU`] : []),
  ].join(', ');
}

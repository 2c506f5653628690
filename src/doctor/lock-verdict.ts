/**
 * Which lock does a call take? Decided from how the call fares as the *waiter* (a short call is never preempted while
 * it holds a lock, so as a holder it shows nothing). Pure; the trials are run by stages.ts.
 *
 *   queued   a preempted holder has mmap_lock for read and a writer is queued behind it: whoever takes mmap_lock, for
 *            read or write, blocks; whoever takes a VMA's lock or none passes
 *   alone    the holder only: writers block, readers share the lock with it
 *   same VMA a preempted holder changes the very VMA, so that it is write-locked: whoever takes its lock blocks
 *
 * "Blocks" is seen, not timed: an operation of at least 50 ms that the victim spent in state D (or asleep, where
 * another thread does its work). "Passes" is at least ten operations, each done within 50 ms of when it was due, while
 * a known reader was kept waiting for 150 ms at a time: whoever is due every 60 ms or more often was tried meanwhile. A
 * victim that came late (no CPU for it) passes nothing. What is neither is undecided: wrong is never an option, and a
 * loaded machine makes more of these.
 */
import { formatDuration } from '../base/text/units.js';
import type { LockClass } from '../catalogue/locks.js';

/** What one trial saw of one victim. */
export interface Seen {
  readonly n: number;
  /** Longest time from when an operation was due to its end. */
  readonly latest_ns: number;
  /** Operations of at least `blockedFrom_ns` spent waiting in the kernel. */
  readonly waited_n: number;
  readonly longestWait_ns: number;
  /** Others as long, spent runnable or unobserved. */
  readonly unclear_n: number;
}

export type Lock = LockClass | 'no mmap_lock' | 'refused' | 'undecided';

export const blockedFrom_ns = 50_000_000;
const fewestPasses = 10;
/** A known victim must have waited this long at once for others' passing to mean anything. */
const leastExposure_ns = 150_000_000;
/** Off its CPU for as long inside one call, a holder was preempted in it. */
export const heldFrom_ns = 100_000_000;
/** One preemption may fall between taking the lock and the call's end; that all of them do is not to be expected. */
const fewestHeld = 2;

export type Fate = 'blocks' | 'passes' | 'unclear';

export function fateOf({ n, latest_ns, waited_n, unclear_n }: Seen): Fate {
  if (waited_n > 0) return 'blocks';
  return n >= fewestPasses && latest_ns < blockedFrom_ns && unclear_n === 0 ? 'passes' : 'unclear';
}

export function wasExposed({ longestWait_ns }: Seen): boolean {
  return longestWait_ns >= leastExposure_ns;
}

/** Trial `queued`: the known reader and the known writer must both have been blocked. */
export function takesMmapLock(call: Seen, known: { reader: Seen; writer: Seen }): boolean | null {
  if (!wasExposed(known.reader) || !wasExposed(known.writer)) return null;
  const fate = fateOf(call);
  return fate === 'unclear' ? null : fate === 'blocks';
}

/**
 * Trial `alone`, for a call known to take mmap_lock. If it blocks, it is queued as a writer, and then the known reader
 * must have been blocked behind it; if it passes beside a holder that was preempted inside its calls, it is a reader.
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

/** An operation's time, relative to go. */
export interface OperationTime {
  readonly start_ns: number;
  readonly duration_ns: number;
}

/**
 * Trial `alone`, with calls that take turns: a call that waited, not begun while another one was waiting, and with the
 * known reader blocked meanwhile, was queued as a writer. Anything else decides nothing here.
 */
export function wasQueuedWriter(
  own: readonly OperationTime[],
  others: readonly OperationTime[],
  reader: readonly OperationTime[],
): boolean {
  const overlap = (a: OperationTime, b: OperationTime): boolean =>
    a.start_ns < b.start_ns + b.duration_ns && b.start_ns < a.start_ns + a.duration_ns;
  const startsDuring = (a: OperationTime, b: OperationTime): boolean =>
    a.start_ns >= b.start_ns && a.start_ns < b.start_ns + b.duration_ns;
  return own.some(
    (wait) => !others.some((other) => startsDuring(wait, other)) && reader.some((blocked) => overlap(wait, blocked)),
  );
}

/** Trial `same VMA`, for a call known to pass a queued writer. */
export function takesVmaLock(call: Seen, known: { reader: Seen }): boolean | null {
  if (!wasExposed(known.reader)) return null;
  const fate = fateOf(call);
  return fate === 'unclear' ? null : fate === 'blocks';
}

/** Null where nothing was found. "No mmap_lock" leaves open whether a VMA's lock is taken, and contradicts neither. */
export function agrees(lock: Lock, declared: LockClass): boolean | null {
  if (lock === 'undecided' || lock === 'refused') return null;
  return lock === 'no mmap_lock' ? declared === 'VMA lock' || declared === 'none' : lock === declared;
}

/** The figures behind an undecided one. */
export function describeSeen({ n, latest_ns, waited_n, longestWait_ns, unclear_n }: Seen): string {
  return [
    `${n} done`,
    ...(Number.isFinite(latest_ns) && n > 0 ? [`the latest ${formatDuration(latest_ns)} after it was due`] : []),
    waited_n === 0 ? 'none kept waiting' : `${waited_n} kept waiting, up to ${formatDuration(longestWait_ns)}`,
    ...(unclear_n > 0 ? [`${unclear_n} long without a CPU`] : []),
  ].join(', ');
}

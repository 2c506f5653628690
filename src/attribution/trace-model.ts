/**
 * A trace as spans: which threads held mmap_lock, waited for it, ran, slept, and woke each other. trace-builder.ts makes
 * it of events. Pure.
 */
import { derivedOnce } from '../base/derived.js';
import { partitionPoint } from '../base/sorted.js';
import type { Span } from './link-draft.js';

export interface Hold extends Span {
  readonly tid: number;
  readonly isWrite: boolean;
  /** False: the thread took the lock for read, and another reader may have had it longer. */
  readonly isSure: boolean;
}

export interface LockWait extends Span {
  readonly mm: bigint;
  readonly tid: number;
  readonly isWrite: boolean;
}

/** A wait for a kernel lock other than mmap_lock. The event has only the address of the lock. */
export interface OtherWait extends Span {
  readonly isRead: boolean;
  readonly isWrite: boolean;
}

export type SchedulingState = 'running' | 'runnable' | 'blocked' | 'asleep' | 'stopped';

export interface Segment extends Span {
  readonly scheduling: SchedulingState;
  /** The CPU on which it ran, or ran last. */
  readonly cpu: number;
  /** For a wait: the thread that ended it; 0: an interrupt on an idle CPU; null: not seen. */
  readonly wokenBy: number | null;
  /** Of a wait for a CPU: the share of it in which the CPU was busy, at least; absent where it was not measured. */
  readonly busy_share?: number;
}

export interface Call extends Span {
  readonly call: number;
  /** As src/catalogue/calls.ts names it, with its advice; absent where the arguments are not known. */
  readonly name?: string;
  /** As registers had them; absent where they were not recorded. */
  readonly arguments?: readonly bigint[];
}

/** A thread was woken by this thread; 0: by an interrupt on an idle CPU. */
export interface Waking {
  readonly time_ns: number;
  readonly by: number;
  /** The thread slept in the queue of mmap_lock, which wakes its first waiter only; absent: holds tell whether it did. */
  readonly isTurn?: true;
}

/** A thread sleeps for a mutex of its process, which is a futex. */
export interface MutexWait extends Span {
  readonly tid: number;
  /** By process and address. */
  readonly mutex: string;
  /** False: threads of other processes may have it too, or who was woken for it meanwhile is not known. */
  readonly isWhole: boolean;
  /** When the thread ran again. */
  readonly ran_ns: number;
  /** The thread that gave the mutex back, by which it woke this one; null: the wait goes on, or ended for another reason. */
  readonly unlockedBy: number | null;
}

export interface TraceModel {
  /** By address space, ordered by start. */
  readonly holds: ReadonlyMap<bigint, readonly Hold[]>;
  readonly waitsOn: ReadonlyMap<bigint, readonly LockWait[]>;
  readonly waits: ReadonlyMap<number, readonly LockWait[]>;
  /** By thread. */
  readonly otherWaits: ReadonlyMap<number, readonly OtherWait[]>;
  /** Sleeps for a mutex, ordered by start: by thread, and by mutex. A trace of `run` has none. */
  readonly mutexWaits: ReadonlyMap<number, readonly MutexWait[]>;
  readonly mutexWaitsOn: ReadonlyMap<string, readonly MutexWait[]>;
  /** By thread: a partition of the time in which the thread was seen. */
  readonly segments: ReadonlyMap<number, readonly Segment[]>;
  readonly calls: ReadonlyMap<number, readonly Call[]>;
  /** By woken thread, in order. */
  readonly wakings: ReadonlyMap<number, readonly Waking[]>;
  /** By CPU. */
  readonly ran: ReadonlyMap<number, readonly (Span & { readonly tid: number })[]>;
  readonly names: ReadonlyMap<number, string>;
  /** False: short spans on a CPU are missing in `ran`, so a CPU on which nobody was seen may have been idle. */
  readonly ranIsWhole: boolean;
  /**
   * From this time on the trace is complete for threads of other programs. Infinity: it has only what they did beside
   * the workload.
   */
  readonly outsideFrom_ns: number;
}

/** As two processes may have a mutex at the same address: by process and address. */
export function mutexKey(pid: number, address: bigint): string {
  return `${pid} ${address.toString(16)}`;
}

/** Wakings in (start, end], in order. */
export function wakingsDuring(
  wakings: TraceModel['wakings'],
  tid: number,
  { start_ns, end_ns }: Span,
): readonly Waking[] {
  const list = wakings.get(tid) ?? [];
  const firstAfter = (at_ns: number): number => partitionPoint(list, ({ time_ns }) => time_ns <= at_ns);
  return list.slice(firstAfter(start_ns), firstAfter(end_ns));
}

/** `list`: ordered by start, with spans that may overlap. Returns the spans that overlap [start, end). */
export function overlapping<T extends Span>(list: readonly T[] | undefined, { start_ns, end_ns }: Span): T[] {
  if (list === undefined) return [];
  // A trace has millions of spans.
  const end = partitionPoint(list, (one) => one.start_ns < end_ns);
  return list.slice(firstEndingAfter(list, start_ns), end).filter((one) => one.end_ns > start_ns);
}

/** For each span, the last end of it and those before it. */
const reachOf = derivedOnce((list: readonly Span[]) => {
  let reach_ns = -Infinity;
  return list.map(({ end_ns }) => (reach_ns = Math.max(reach_ns, end_ns)));
});

/** `list`: ordered by start. Index of the first span that ends after `at_ns`. */
export function firstEndingAfter(list: readonly Span[], at_ns: number): number {
  return partitionPoint(reachOf(list), (reach_ns) => reach_ns <= at_ns);
}

/** As `overlapping`, with each result cut to the span. */
export function inside<T extends Span>(list: readonly T[] | undefined, span: Span): T[] {
  return overlapping(list, span).map((one) =>
    one.start_ns >= span.start_ns && one.end_ns <= span.end_ns
      ? one
      : { ...one, start_ns: Math.max(one.start_ns, span.start_ns), end_ns: Math.min(one.end_ns, span.end_ns) },
  );
}

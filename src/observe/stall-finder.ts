/**
 * Stalls as their records come, so that counting them and showing them costs no more in an hour than in a minute. What a
 * stall is, observed-stalls.ts says. Sleeps in a frozen cgroup show by names of kernel functions, and so only at the end.
 */
import type { Span } from '../attribution/link-draft.js';
import {
  endOf,
  moment_ns,
  startOf,
  waited_ns,
  waitWith,
  type ObservedWait,
  type StallOptions,
} from './observed-stalls.js';
import type { OffRecord } from './observed.js';

export interface StallFinder {
  /** The records of a thread in order. Returns the stall that the record is a part of, so far; null: it is of none. */
  add(off: OffRecord): Span | null;
  /** Since when the thread waits if it still does: `off_ns`, or the start of a wait that went on with it. */
  waitingSince(off: OffRecord): number;
  /** The thread has ended, so that no record of it follows. */
  forget(tid: number): void;
  /** Stalls so far. */
  stalls_n(): number;
  /** Stalls that were over at `until_ns`, by start; each is returned once. */
  take(until_ns: number): ObservedWait[];
}

interface LastWait {
  readonly wait: ObservedWait;
  /** Of the whole stall, of which `wait` may be the part that was not taken yet. */
  readonly begin_ns: number;
  isCounted: boolean;
  isTaken: boolean;
}

export function stallFinder({ pids, threshold_ns }: Pick<StallOptions, 'pids' | 'threshold_ns'>): StallFinder {
  const lastOf = new Map<number, LastWait>();
  const due = new Set<LastWait>();
  let stalls_n = 0;
  return {
    add(off) {
      const { tid, pid } = off.thread;
      if (!pids.includes(pid)) return null;
      const last = goneOn(lastOf.get(tid), off);
      if (last === null) return null;
      lastOf.set(tid, last);
      const isLong = waited_ns(last.wait) >= threshold_ns;
      if (isLong) due.add(last);
      if (isLong && !last.isCounted) stalls_n += 1;
      last.isCounted ||= isLong;
      return last.isCounted ? { start_ns: last.begin_ns, end_ns: endOf(last.wait) } : null;
    },
    waitingSince({ thread: { tid }, off_ns }) {
      const last = lastOf.get(tid);
      return last !== undefined && off_ns - endOf(last.wait) < moment_ns ? last.begin_ns : off_ns;
    },
    forget: (tid) => void lastOf.delete(tid),
    stalls_n: () => stalls_n,
    take(until_ns) {
      const taken = [...due].filter(({ wait }) => endOf(wait) <= until_ns);
      for (const one of taken) {
        one.isTaken = true;
        due.delete(one);
      }
      return taken.map(({ wait }) => wait).sort((a, b) => startOf(a) - startOf(b));
    },
  };
}

/** Null: a sleep. */
function goneOn(last: LastWait | undefined, off: OffRecord): LastWait | null {
  const before_n = last?.wait.parts.length ?? 0;
  const wait = waitWith(last?.wait, off, null);
  if (wait === null) return null;
  if (wait !== last?.wait) return { wait, begin_ns: startOf(wait), isCounted: false, isTaken: false };
  if (!last.isTaken) return last;
  // It was shown, and went on after that: what follows is shown apart, and counts as the same stall.
  const parts = wait.parts.splice(before_n);
  return { ...last, wait: { ...wait, parts }, isTaken: false };
}

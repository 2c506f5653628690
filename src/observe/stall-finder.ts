/**
 * Stalls as their records come, so that counting them and showing them costs no more in an hour than in a minute. What a
 * stall is, observed-stalls.ts says. Sleeps in a frozen cgroup show by names of kernel functions, and so only at the end.
 */
import { endOf, waited_ns, waitWith, type ObservedWait, type StallOptions } from './observed-stalls.js';
import type { OffRecord } from './observed.js';

export interface StallFinder {
  /** The records of a thread in order. */
  add(off: OffRecord): void;
  /** Stalls so far. */
  stalls_n(): number;
  /** Stalls that were over at `until_ns`, by start; each is returned once. */
  take(until_ns: number): ObservedWait[];
}

interface LastWait {
  readonly wait: ObservedWait;
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
      if (!pids.includes(pid)) return;
      const last = goneOn(lastOf.get(tid), off);
      if (last === null) return;
      lastOf.set(tid, last);
      if (waited_ns(last.wait) < threshold_ns) return;
      if (!last.isCounted) stalls_n += 1;
      last.isCounted = true;
      due.add(last);
    },
    stalls_n: () => stalls_n,
    take(until_ns) {
      const taken = [...due].filter(({ wait }) => endOf(wait) <= until_ns);
      for (const one of taken) {
        one.isTaken = true;
        due.delete(one);
      }
      return taken.map(({ wait }) => wait).sort((a, b) => (a.parts[0]?.start_ns ?? 0) - (b.parts[0]?.start_ns ?? 0));
    },
  };
}

/** Null: a sleep. */
function goneOn(last: LastWait | undefined, off: OffRecord): LastWait | null {
  const before_n = last?.wait.parts.length ?? 0;
  const wait = waitWith(last?.wait, off, null);
  if (wait === null) return null;
  if (wait !== last?.wait) return { wait, isCounted: false, isTaken: false };
  if (!last.isTaken) return last;
  // It was shown, and went on after that: what follows is shown apart, and counts as the same stall.
  const parts = wait.parts.splice(before_n);
  return { wait: { ...wait, parts }, isCounted: last.isCounted, isTaken: false };
}

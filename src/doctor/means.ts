/**
 * How a trial's threads are scheduled, so that the holder is off its CPU in the middle of a call for long, and victims
 * are kept waiting by a lock and by nothing else. In both ways the hog comes for 200 ms and then leaves the CPU for
 * about as long as one call needs, so that hardly a call is held for longer than that.
 *
 * Real time, where it is permitted: the hog takes the CPU away from a thread of lower static priority. The kernel gives
 * way to it at once (under every preemption model), and no other program's load comes between: not for the holder, not
 * for the victims on the other CPU, not for the sampler.
 *
 * Fair, elsewhere: nice 19 beside nice 0. The kernel gives way at a tick only, so a call has to outlast one, and other
 * load makes calls wait for a CPU, which decides nothing.
 */
import type { ResolvedHogs, ResolvedThread } from '../profile/resolved/resolved.js';
import type { HostFacts } from '../host/facts.js';

type Scheduling = Pick<ResolvedThread, 'nice' | 'policy'>;

export interface Means {
  readonly holder: Scheduling;
  readonly hog: Scheduling & Pick<ResolvedHogs, 'burst'>;
  readonly victim: Scheduling;
  /** Static priority (SCHED_FIFO) of those who watch: the sampler and the engine's main thread; null: as they are. */
  readonly watcherPriority: number | null;
  /** Calls that take turns start this far apart: longer than a preemption lasts. */
  readonly turn_ns: number;
  /** CPU time that a holder's call is to have; null: what the first size has will do. */
  readonly hold_ns: number | null;
}

export type MeansKind = 'real time' | 'fair';

/** The highest static priority that is asked for. */
export const mostPriority = 3;

const taken_ns = 200_000_000;
/** The CPU is left to the holder for one call, within reason. */
const leastLeft_ns = 1_000_000;
const mostLeft_ns = 20_000_000;

/**
 * A golden part of a period longer, so that calls in turn come at all moments of the hog's coming and going, and not at
 * one.
 */
const turnOf = (period_ns: number, periods: number): number => Math.round(period_ns * periods);

/** `call_ns`: CPU time of one call of the holder. */
export function realTimeMeans(call_ns: number): Means {
  const sleep_ns = Math.round(Math.min(mostLeft_ns, Math.max(leastLeft_ns, call_ns)));
  return {
    holder: { nice: 0, policy: 'fifo 1' },
    hog: { nice: 0, policy: 'fifo 2', burst: { run_ns: taken_ns, sleep_ns } },
    victim: { nice: 0, policy: 'fifo 1' },
    watcherPriority: mostPriority,
    turn_ns: turnOf(taken_ns + sleep_ns, 1.382),
    hold_ns: null,
  };
}

/**
 * A call must outlast a tick (4 ms at 250 Hz) to be preempted inside: of calls of 2 ms, made back to back, hardly one
 * was on an idle machine with preempt=none. Where the kernel gives way only on the way back to user mode (lazy), it
 * must outlast two.
 */
const leastHold_ns = 6_000_000;
const lazyHold_ns = 10_000_000;

export function fairMeans({ preemption }: Pick<HostFacts, 'preemption'>): Means {
  const hold_ns = preemption === 'lazy' || preemption === null ? lazyHold_ns : leastHold_ns;
  return {
    holder: { nice: 19, policy: 'other' },
    hog: { nice: 0, policy: 'other', burst: { run_ns: taken_ns, sleep_ns: hold_ns } },
    victim: { nice: 0, policy: 'other' },
    watcherPriority: null,
    // One preemption in a few lasts longer than the hog: a tick falls into the time that it left.
    turn_ns: turnOf(taken_ns + hold_ns, 1.618),
    hold_ns,
  };
}

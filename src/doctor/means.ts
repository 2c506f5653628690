/**
 * How a trial's threads are scheduled, so that the holder is off its CPU for long in the middle of a call, and only a
 * lock delays the victims. In both ways the hog runs for 200 ms and then leaves the CPU for about the time of a call,
 * so that hardly any call holds its lock for longer than that.
 *
 * Real time, where permitted: the hog preempts a thread of lower static priority. The kernel obeys at once (under every
 * preemption model), and other programs' load does not interfere: neither with the holder, nor with the victims on the
 * other CPU, nor with the sampler.
 *
 * Fair, elsewhere: nice 19 beside nice 0. The kernel preempts only at a tick, so a call must outlast a tick. Other load
 * makes calls wait for a CPU, which is inconclusive.
 */
import type { ResolvedHogs, ResolvedThread } from '../profile/resolved/resolved.js';
import type { HostFacts } from '../host/facts.js';

type Scheduling = Pick<ResolvedThread, 'nice' | 'policy'>;

export interface Means {
  readonly holder: Scheduling;
  readonly hog: Scheduling & Pick<ResolvedHogs, 'burst'>;
  readonly victim: Scheduling;
  /**
   * Static priority (SCHED_FIFO) of the observers: the sampler and the engine's main thread; null leaves them
   * unchanged.
   */
  readonly watcherPriority: number | null;
  /** Distance between the starts of calls that take turns: longer than a preemption. */
  readonly turn_ns: number;
  /** CPU time that a holder's call should have; null if the time at the first size will do. */
  readonly hold_ns: number | null;
}

export type MeansKind = 'real time' | 'fair';

/** The highest static priority that is used. */
export const mostPriority = 3;

const taken_ns = 200_000_000;
/** The hog leaves the CPU to the holder for a call, but at least for this time. */
const leastLeft_ns = 1_000_000;
const mostLeft_ns = 20_000_000;

/**
 * Longer than a period by a golden-ratio fraction, so that calls in turn meet all phases of the hog's cycle, not always
 * the same phase.
 */
const turnOf = (period_ns: number, periods: number): number => Math.round(period_ns * periods);

/** `call_ns`: CPU time of a call of the holder. */
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
 * A call must outlast a tick (4 ms at 250 Hz) to be preempted inside: on an idle machine with preempt=none, hardly any
 * of the back-to-back calls of 2 ms was. If the kernel preempts only on the way back to user mode (lazy), a call must
 * outlast two ticks.
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
    // Some preemptions last longer than the hog: a tick falls into the time that it left.
    turn_ns: turnOf(taken_ns + hold_ns, 1.618),
    hold_ns,
  };
}

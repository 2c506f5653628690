/** A run made by hand, in milliseconds: a writer (tid 11), a reader (13), a holder (12), looked at every 10 ms. */
import { attribute, type AttributedStall } from '../../src/attribution/attribute.js';
import type { HolderEvidence, RunEvidence, VictimEvidenceOfRun } from '../../src/attribution/evidence.js';
import type { BlamedThread } from '../../src/bundle/stalls-schema.js';
import type { Timeline } from '../../src/record/samples.js';
import { findStalls, type HolderCall } from '../../src/record/stalls.js';
import { holderThread, writerThread } from '../support/stalls.js';
import { neverThrottled } from '../support/throttled.js';

export const ms = 1e6;
export { holderThread, writerThread };
export const readerThread: BlamedThread = { name: 'reader.first_fault', tid: 13, role: 'victim', nice: 0 };

/**
 * What a thread is seen in from each time on; of R whether it runs (its CPU time grows) or waits (its run delay does).
 */
export type Seen = readonly (readonly [
  from_ms: number,
  state: 'D' | 'S' | 'T' | 'R' | 'r' | 'h' | '?',
  systemCall?: number,
])[];

/**
 * `r`: in the run queue, `R`: on a CPU, `h`: on one that the hypervisor took away, `?`: nobody looked. Looks at 0, 10,
 * … 3,000 ms.
 */
export function timelineOf(tid: number, seen: Seen, pid = 10): Timeline {
  const at = (time_ms: number) => seen.findLast(([from]) => from <= time_ms) ?? [0, 'S'];
  const times = Array.from({ length: 301 }, (_, i) => i * 10).filter((time_ms) => at(time_ms)[1] !== '?');
  let [onCpu_ns, runDelay_ns, last] = [0, 0, 0];
  const changes = times.map((time_ms, tick) => {
    const [, state, systemCall] = at(time_ms);
    if (state === 'R') onCpu_ns += (time_ms - last) * ms;
    if (state === 'r') runDelay_ns += (time_ms - last) * ms;
    last = time_ms;
    return {
      tick,
      time_ns: time_ms * ms,
      state: state === 'r' || state === 'h' ? 'R' : state,
      onCpu_ns,
      runDelay_ns,
      systemCall: systemCall ?? null,
    };
  });
  return {
    pid,
    tid,
    comm: `thread-${tid}`,
    changes,
    period_ns: 10 * ms,
    ticks_ns: times.map((time_ms) => time_ms * ms),
  };
}

export function callOf(from_ms: number, to_ms: number, more: Partial<HolderCall> = {}): HolderCall {
  return {
    holder: 'holder.madvise_free',
    start_ns: from_ms * ms,
    end_ns: to_ms * ms,
    call: 'release',
    crossed: false,
    bytes: 4096,
    runDelayAtMost_ns: (to_ms - from_ms - 8) * ms,
    ...more,
  };
}

export function holderOf(more: Partial<HolderEvidence> = {}): HolderEvidence {
  return {
    thread: holderThread,
    operation: 'madvise_free',
    lock: 'VMA lock',
    crossingLock: 'mmap_lock read',
    crosses: false,
    keepsMutex: false,
    isOneThread: true,
    concernsVictims: true,
    calls: [callOf(980, 1500, { crossed: true })],
    ...more,
  };
}

export function victimOf(more: Partial<VictimEvidenceOfRun> = {}): VictimEvidenceOfRun {
  return {
    thread: writerThread,
    operation: 'mprotect',
    lock: 'mmap_lock write',
    layout: 'isolated',
    allocates: false,
    sleepsItself: false,
    walksMemory: false,
    touchesMemory: false,
    pid: 10,
    slow: [{ start_ns: 1000 * ms, duration_ns: 500 * ms }],
    ...more,
  };
}

export const reader = victimOf({
  thread: readerThread,
  operation: 'first_fault',
  lock: 'mmap_lock read',
  slow: [{ start_ns: 1001 * ms, duration_ns: 499 * ms }],
});

export function evidenceOf(timelines: readonly Timeline[], more: Partial<RunEvidence> = {}): RunEvidence {
  const threads = new Map([writerThread, holderThread, readerThread].map((one) => [one.tid, one]));
  const ticks_ns = timelines[0]?.ticks_ns ?? [];
  return {
    victims: [victimOf(), reader],
    holders: [],
    named: [],
    threads,
    events: [],
    steal: [],
    cpuCount: 2,
    missing: [],
    trace: null,
    throttled: new Map([[10, neverThrottled]]),
    samples: { timelines: new Map(timelines.map((one) => [one.tid, one])), ticks_ns, period_ns: 10 * ms },
    ...more,
  };
}

/** One stall of a victim, attributed. */
export function attributed(run: RunEvidence, victim = victimOf(), from_ms = 1000, to_ms = 1500): AttributedStall {
  const record = {
    thread: 0,
    start_ns: from_ms * ms,
    end_ns: to_ms * ms,
    intended_ns: from_ms * ms,
    bytes: 0,
    call: null,
    crossed: false,
    runDelay_ns: 0,
    runDelayFrom_ns: 0,
    onCpu_ns: 0,
  };
  const {
    stalls: [stall],
  } = findStalls({
    series: victim.thread.name,
    threshold_ns: 1,
    records: [record],
    inFlight: { state: 'idle' },
    lastLook_ns: 3000 * ms,
    windowStart_ns: 0,
    windowEnd_ns: 3000 * ms,
    timeline: run.samples.timelines.get(victim.thread.tid),
    holderCalls: run.holders.map(({ calls }) => calls),
  });
  if (stall === undefined) throw new Error('there is no stall');
  return attribute(stall, victim, run);
}

export const blocked: Seen = [
  [0, 'S'],
  [1000, 'D'],
  [1501, 'S'],
];
export const preempted: Seen = [
  [0, 'R'],
  [985, 'r'],
  [1500, 'R'],
];

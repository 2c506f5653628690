/** What programs in the kernel recorded, as evidence for attribution. Pure. */
import type { LoggedEvent, RunEvidence } from '../attribution/evidence.js';
import type { BlamedThread } from '../bundle/stalls-schema.js';
import type { ObservationGap } from '../facts/observation-facts.js';
import { traceEvents } from '../record/trace/trace.js';
import type { Timeline } from '../record/samples.js';
import type { StackReading } from '../record/stacks.js';
import { observedModel } from './observed-model.js';
import { endsSafepoint, observedStalls, type StallOptions } from './observed-stalls.js';
import {
  blamedThread,
  type EndRecord,
  type KeptRecords,
  type Observed,
  type ObservedThread,
  type OffRecord,
} from './observed.js';
import type { WatchResult } from './tier.js';

export interface RecordOptions extends StallOptions {
  readonly cpuCount: number;
  readonly detail_ns: number;
}

export function seenInKernel(observed: Observed, options: RecordOptions): WatchResult {
  const { end } = observed;
  return {
    stalls: observedStalls(observed, end.end_ns, options),
    evidence: recordedEvidence(observed, options),
    eventsOf: new Map(options.pids.map((pid) => [pid, safepointsOf(observed.offs, pid)])),
    gaps: gapsOf(observed, options.symbols),
    detail_ns: options.detail_ns,
    watched_ns: end.end_ns,
    cost: { cpu_ns: end.cpu_us * 1000, memoryBytes: end.memoryKib * 1024 },
    records: observed,
  };
}

/** `end`: of what the records cover. */
export function recordedEvidence(
  observed: KeptRecords & { readonly end: Pick<EndRecord, 'end_ns' | 'ringFull_n'> },
  { pids, cpuCount, symbols }: Pick<RecordOptions, 'pids' | 'cpuCount' | 'symbols'>,
): RunEvidence {
  const { offs, holds, rans, end } = observed;
  const threads = new Map<number, BlamedThread>();
  const all = [
    ...offs.flatMap(({ thread, waker, taker, before }) => [thread, waker, taker, before]),
    ...[...holds, ...rans].map(({ thread }) => thread),
  ];
  for (const thread of all) {
    if (thread !== null && pids.includes(thread.pid)) threads.set(thread.tid, blamedThread(thread, 'other'));
  }
  return {
    victims: [],
    holders: [],
    named: [],
    threads,
    samples: {
      timelines: unsampled(all.filter((thread) => thread !== null && pids.includes(thread.pid))),
      ticks_ns: [],
      period_ns: 0,
    },
    events: [],
    steal: [],
    cpuCount,
    missing: [],
    trace: {
      model: observedModel(observed, symbols),
      coveredFrom_ns: 0,
      coveredTo_ns: end.end_ns,
      lost_n: end.ringFull_n,
      // Who has to sleep for mmap_lock is seen, and not each attempt to take it.
      missingEvents: [traceEvents.start],
      stacks: stacksOf(observed, symbols),
    },
  };
}

/** Timelines without looks: they say which thread belongs to which process. */
export function unsampled(threads: readonly (ObservedThread | null)[]): ReadonlyMap<number, Timeline> {
  return new Map(
    threads.flatMap((thread) =>
      thread === null
        ? []
        : [
            [
              thread.tid,
              { pid: thread.pid, tid: thread.tid, comm: thread.name, changes: [], period_ns: 0, ticks_ns: [] },
            ],
          ],
    ),
  );
}

/** The VM thread wakes all threads of a safepoint within this time. */
const sameEnd_ns = 5_000_000;

/**
 * Safepoints of a process: each lasts from the moment at which the first thread waited for its end until the last thread
 * was woken. How much of it was the time to reach it is not visible, so no thread is called late. The threads that do the
 * work of the pause are followed.
 */
export function safepointsOf(offs: readonly OffRecord[], pid: number): LoggedEvent[] {
  const ends: { start_ns: number; end_ns: number }[] = [];
  const waits = offs
    .filter((off) => off.thread.pid === pid && off.state === 'asleep' && endsSafepoint(off))
    .flatMap(({ off_ns, woken_ns }) => (woken_ns === null ? [] : [{ start_ns: off_ns, end_ns: woken_ns }]))
    .sort((a, b) => a.end_ns - b.end_ns);
  for (const wait of waits) {
    const last = ends.at(-1);
    if (last === undefined || wait.end_ns - last.end_ns > sameEnd_ns) ends.push({ ...wait });
    else {
      last.start_ns = Math.min(last.start_ns, wait.start_ns);
      last.end_ns = wait.end_ns;
    }
  }
  return ends.map(({ start_ns, end_ns }) => ({
    name: 'safepoint.total',
    label: null,
    start_ns,
    duration_ns: end_ns - start_ns,
  }));
}

const letters = { runnable: 'R', asleep: 'S', blocked: 'D', stopped: 'T' } as const;

/** The kernel stack of a thread at the end of its wait, before it ran on. */
function stacksOf({ offs }: Pick<Observed, 'offs'>, symbols: RecordOptions['symbols']): StackReading[] {
  if (symbols === null) return [];
  return offs
    .filter(({ stack }) => stack.length > 0)
    .map(({ thread, state, off_ns, stack }) => ({
      time_ns: off_ns,
      tid: thread.tid,
      state: letters[state],
      frames: stack.map((address) => symbols.get(address) ?? address),
    }));
}

/** What the observer could not see, by its counters. */
function gapsOf({ end }: Observed, symbols: RecordOptions['symbols']): ObservationGap[] {
  return [
    ...(end.ringFull_n > 0 ? [{ code: 'records-dropped', records_n: end.ringFull_n } as const] : []),
    ...(end.threadsMissed_n > 0 ? [{ code: 'threads-not-followed', threads_n: end.threadsMissed_n } as const] : []),
    ...(end.lockUsersMissed_n > 0 ? [{ code: 'lock-users-missed', times_n: end.lockUsersMissed_n } as const] : []),
    ...(end.userStacksLost_n > 0 ? [{ code: 'user-stacks-lost', stacks_n: end.userStacksLost_n } as const] : []),
    ...(end.recursion_n > 0 ? [{ code: 'events-missed', events_n: end.recursion_n } as const] : []),
    ...(symbols === null ? [{ code: 'symbols-hidden' } as const] : []),
    { code: 'sleeps-not-judged' },
  ];
}

/** From what was observed to stalls with their chains, the reasons, and the answer. Pure. */
import { attribute, asListed } from '../attribution/attribute.js';
import type { LoggedEvent, RunEvidence, VictimEvidenceOfRun } from '../attribution/evidence.js';
import { grouped } from '../base/group.js';
import type { BlamedThread, ListedStall } from '../bundle/stalls-schema.js';
import { callGivesBack } from '../catalogue/calls.js';
import { grades, lockCauses, type Grade } from '../facts/blame.js';
import type { AnswerFact, ObservationGap, StallReasonFact } from '../facts/observation-facts.js';
import { traceEvents } from '../record/trace/trace.js';
import type { StackReading } from '../record/stacks.js';
import { observedModel } from './observed-model.js';
import type { Timeline } from '../record/samples.js';
import { endsSafepoint, observedStalls, type StallOptions } from './observed-stalls.js';
import type { Observed, ObservedThread, OffRecord } from './observed.js';

export interface ObservationOptions extends StallOptions {
  readonly cpuCount: number;
}

export interface AttributedObservation {
  /** By start. */
  readonly stalls: readonly ListedStall[];
  readonly reasons: readonly StallReasonFact[];
}

export function attributed(observed: Observed, options: ObservationOptions): AttributedObservation {
  const evidence = evidenceOf(observed, options);
  const safepoints = new Map(options.pids.map((pid) => [pid, safepointsOf(observed.offs, pid)]));
  const stalls = observedStalls(observed, observed.end.end_ns, options).map(({ thread, stall }) => {
    const events = safepoints.get(thread.pid) ?? [];
    const found = attribute(stall, victimOf(thread), { ...evidence, events });
    // An observation has no second source that could give a cause without the trace.
    return { ...asListed(found), causeWithoutTrace: null };
  });
  return { stalls, reasons: reasonsOf(stalls) };
}

/** pauselab does not know what an observed thread does, so no property of an operation is assumed. */
function victimOf(thread: ObservedThread): VictimEvidenceOfRun {
  return {
    thread: blamed(thread, 'victim'),
    pid: thread.pid,
    operation: 'observed',
    lock: 'none',
    layout: 'isolated',
    allocates: false,
    touchesMemory: false,
    walksMemory: false,
    sleepsItself: false,
    slow: [],
  };
}

function blamed({ name, tid, nice }: ObservedThread, role: BlamedThread['role']): BlamedThread {
  return { name, tid, role, nice };
}

function evidenceOf(observed: Observed, { pids, cpuCount, symbols }: ObservationOptions): RunEvidence {
  const { offs, holds, rans, end } = observed;
  const threads = new Map<number, BlamedThread>();
  const all = [
    ...offs.flatMap(({ thread, waker, taker, before }) => [thread, waker, taker, before]),
    ...[...holds, ...rans].map(({ thread }) => thread),
  ];
  for (const thread of all) {
    if (thread !== null && pids.includes(thread.pid)) threads.set(thread.tid, blamed(thread, 'other'));
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
      model: observedModel(observed),
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
function unsampled(threads: readonly (ObservedThread | null)[]): ReadonlyMap<number, Timeline> {
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
function safepointsOf(offs: readonly OffRecord[], pid: number): LoggedEvent[] {
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
function stacksOf({ offs }: Observed, symbols: ObservationOptions['symbols']): StackReading[] {
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

function reasonsOf(stalls: readonly ListedStall[]): StallReasonFact[] {
  const roots = stalls.flatMap((stall) => {
    const { cause } = stall;
    if (cause === null) return [];
    const links = (stall.chain ?? []).filter(
      (link) => link.cause === cause.cause && link.lock === cause.lock && link.thread?.tid === cause.thread?.tid,
    );
    const [longest] = links.toSorted((a, b) => b.duration_ns - a.duration_ns);
    return [{ stall, cause, call: longest?.call ?? null }];
  });
  return [...grouped(roots, ({ cause, call }) => rootOf(cause.thread, cause.cause, call)).values()]
    .map((alike): StallReasonFact => {
      const { cause, call } = alike[0] ?? { cause: null, call: null };
      if (cause === null) throw new Error('a group of stalls is empty');
      return {
        cause: cause.cause,
        grade: gradeOf(alike.map(({ cause: { grade }, stall: { duration_ns } }) => ({ grade, duration_ns }))),
        thread: cause.thread,
        call,
        givesBack: lockCauses.includes(cause.cause) && call !== null && callGivesBack(call),
        stalls_n: alike.length,
        total_ns: alike.reduce((sum, { stall }) => sum + stall.duration_ns, 0),
        longest_ns: Math.max(...alike.map(({ stall }) => stall.duration_ns)),
        threads_n: new Set(alike.map(({ stall }) => stall.series)).size,
      };
    })
    .sort((a, b) => b.total_ns - a.total_ns);
}

/** As of a whole stall: the weakest grade that has a tenth of the time. */
function gradeOf(parts: readonly { readonly grade: Grade; readonly duration_ns: number }[]): Grade {
  const time = (of: readonly { readonly duration_ns: number }[]): number =>
    of.reduce((sum, { duration_ns }) => sum + duration_ns, 0);
  return grades.findLast((one) => time(parts.filter(({ grade }) => grade === one)) >= time(parts) / 10) ?? 'possible';
}

/** Threads with the same name do the same work. Another program may be a new process each time. */
function rootOf(thread: BlamedThread | null, cause: string, call: string | null): string {
  return JSON.stringify([cause, thread?.name, thread?.role, call]);
}

export function answerOf(
  reasons: readonly StallReasonFact[],
  watched: { readonly threshold_ns: number; readonly watched_ns: number; readonly threads_n: number },
): AnswerFact {
  const { threshold_ns, watched_ns, threads_n } = watched;
  const stalls = (of: readonly StallReasonFact[]): number => of.reduce((sum, { stalls_n }) => sum + stalls_n, 0);
  const time = (of: readonly StallReasonFact[]): number => of.reduce((sum, { total_ns }) => sum + total_ns, 0);
  if (reasons.length === 0) return { code: 'no-stall', threshold_ns, watched_ns, threads_n };
  const givingBack = reasons.filter(({ givesBack }) => givesBack);
  const unknown = reasons.filter(({ cause }) => cause === 'unknown');
  return {
    code: 'gives-back',
    threshold_ns,
    watched_ns,
    stalls_n: stalls(reasons),
    total_ns: time(reasons),
    givingBack_n: stalls(givingBack),
    givingBack_ns: time(givingBack),
    others: [
      ...grouped(
        reasons.filter(({ givesBack, cause }) => !givesBack && cause !== 'unknown'),
        ({ cause }) => cause,
      ),
    ]
      .map(([cause, alike]) => ({ cause, stalls_n: stalls(alike), total_ns: time(alike) }))
      .sort((a, b) => b.total_ns - a.total_ns),
    unknown_n: stalls(unknown),
    unknown_ns: time(unknown),
  };
}

/** What the observer could not see, by its counters. */
export function gapsOf({ end }: Observed, symbols: ObservationOptions['symbols']): ObservationGap[] {
  return [
    ...(end.ringFull_n > 0 ? [{ code: 'records-dropped', records_n: end.ringFull_n } as const] : []),
    ...(end.slotTaken_n > 0 ? [{ code: 'threads-not-followed', threads_n: end.slotTaken_n } as const] : []),
    ...(end.nested_n > 0 ? [{ code: 'nested-locks', locks_n: end.nested_n } as const] : []),
    ...(end.recursion_n > 0 ? [{ code: 'events-missed', events_n: end.recursion_n } as const] : []),
    ...(symbols === null ? [{ code: 'symbols-hidden' } as const] : []),
    { code: 'sleeps-not-judged' },
  ];
}

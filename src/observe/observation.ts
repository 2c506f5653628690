/** From what was observed to stalls with their chains, the reasons, and the answer. Pure. */
import { attribute, listed } from '../attribution/attribute.js';
import type { RunEvidence, VictimEvidenceOfRun } from '../attribution/evidence.js';
import { grouped } from '../base/group.js';
import type { BlamedThread, ListedStall } from '../bundle/stalls-schema.js';
import { callGivesBack } from '../catalogue/calls.js';
import { grades, lockCauses } from '../facts/blame.js';
import type { AnswerFact, ObservationGap, StallReasonFact } from '../facts/observation-facts.js';
import type { StackReading } from '../record/stacks.js';
import { observedModel } from './observed-model.js';
import { observedStalls } from './observed-stalls.js';
import type { Observed, ObservedThread } from './observed.js';

export interface ObservationOptions {
  readonly pids: readonly number[];
  readonly threshold_ns: number;
  readonly cpuCount: number;
  /** Names of kernel functions by address; null: they are hidden. */
  readonly symbols: ReadonlyMap<string, string> | null;
}

export interface AttributedObservation {
  /** By start. */
  readonly stalls: readonly ListedStall[];
  readonly reasons: readonly StallReasonFact[];
}

export function attributed(observed: Observed, options: ObservationOptions): AttributedObservation {
  const evidence = evidenceOf(observed, options);
  const stalls = observedStalls(observed, observed.end.end_ns, options).map(({ thread, stall }) =>
    // Nothing else is known of an observed process that could answer without what was traced.
    ({ ...listed(attribute(stall, victimOf(thread), evidence)), causeWithoutTrace: null }),
  );
  return { stalls, reasons: reasonsOf(stalls) };
}

/** Nothing is known of what an observed thread does but what was seen. */
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
    samples: { timelines: new Map(), ticks_ns: [], period_ns: 0 },
    events: [],
    steal: [],
    cpuCount,
    missing: [],
    trace: {
      model: observedModel(observed),
      coveredFrom_ns: 0,
      coveredTo_ns: end.end_ns,
      lost_n: end.ringFull_n,
      missingEvents: [],
      stacks: stacksOf(observed, symbols),
    },
  };
}

const letters = { runnable: 'R', asleep: 'S', blocked: 'D', stopped: 'T' } as const;

/** Read when the wait was over, while the thread still stood where it had waited. */
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
        grade: grades.findLast((grade) => alike.some((one) => one.cause.grade === grade)) ?? cause.grade,
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

/** Threads of one name do one thing, and another program may be started anew each time. */
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

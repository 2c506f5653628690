/** From what was observed to stalls with their chains, the reasons, and the answer. Pure. */
import { attribute, asListed } from '../attribution/attribute.js';
import type { VictimEvidenceOfRun } from '../attribution/evidence.js';
import { grouped } from '../base/group.js';
import type { BlamedThread, ListedStall } from '../bundle/stalls-schema.js';
import { callGivesBack } from '../catalogue/calls.js';
import { grades, lockCauses, type Grade } from '../facts/blame.js';
import type { AnswerFact, StallReasonFact } from '../facts/observation-facts.js';
import { holdersWaits } from './holders-waits.js';
import { blamedThread, type ObservedThread } from './observed.js';
import type { WatchResult } from './tier.js';

export interface AttributedObservation {
  /** By start. */
  readonly stalls: readonly ListedStall[];
  readonly reasons: readonly StallReasonFact[];
}

export function attributed({
  stalls,
  evidence,
  eventsOf,
}: Pick<WatchResult, 'stalls' | 'evidence' | 'eventsOf'>): AttributedObservation {
  const listed = stalls.map(({ thread, stall }) => {
    const found = attribute(stall, victimOf(thread), { ...evidence, events: eventsOf.get(thread.pid) ?? [] });
    // An observation has no second source that could give a cause without the trace.
    return { ...asListed(found), causeWithoutTrace: null };
  });
  return { stalls: listed, reasons: reasonsOf(listed) };
}

/** pauselab does not know what an observed thread does, so no property of an operation is assumed. */
function victimOf(thread: ObservedThread): VictimEvidenceOfRun {
  return {
    thread: blamedThread(thread, 'victim'),
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

function reasonsOf(stalls: readonly ListedStall[]): StallReasonFact[] {
  const ofHolders = holdersWaits(stalls);
  const roots = stalls.flatMap((stall) => {
    const { cause } = stall;
    if (cause === null) return [];
    if (ofHolders.has(stall)) return [{ stall, cause: { ...cause, thread: stall.thread }, call: null }];
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
  const ofHolders = reasons.filter(isOfHolder);
  return {
    code: 'gives-back',
    threshold_ns,
    watched_ns,
    stalls_n: stalls(reasons) - stalls(ofHolders),
    total_ns: time(reasons) - time(ofHolders),
    givingBack_n: stalls(givingBack),
    givingBack_ns: time(givingBack),
    others: [
      ...grouped(
        reasons.filter((one) => !one.givesBack && one.cause !== 'unknown' && !isOfHolder(one)),
        ({ cause }) => cause,
      ),
    ]
      .map(([cause, alike]) => ({ cause, stalls_n: stalls(alike), total_ns: time(alike) }))
      .sort((a, b) => b.total_ns - a.total_ns),
    ofHolders_n: stalls(ofHolders),
    ofHolders_ns: time(ofHolders),
    unknown_n: stalls(unknown),
    unknown_ns: time(unknown),
  };
}

/** The thread that waited is the thread to blame: see holdersWaits. */
function isOfHolder({ thread }: StallReasonFact): boolean {
  return thread?.role === 'victim';
}

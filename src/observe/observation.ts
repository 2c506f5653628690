/** From what was observed to stalls with their chains, the reasons, and the answer. Pure. */
import { attribute, asListed } from '../attribution/attribute.js';
import type { RunEvidence, VictimEvidenceOfRun } from '../attribution/evidence.js';
import { grouped } from '../base/group.js';
import type { BlamedThread, ChainLink, ListedStall, StallCause } from '../bundle/stalls-schema.js';
import type { Collector } from '../catalogue/collectors.js';
import { givesBackOf, type GivesBack } from '../catalogue/gives-back.js';
import { grades, isHeldUnseen, type Grade } from '../facts/blame.js';
import type { AnswerFact, StallReasonFact } from '../facts/observation-facts.js';
import { rootOfStall } from '../bundle/stall-root.js';
import { holdersWaits } from './holders-waits.js';
import { blamedThread, type ObservedThread } from './observed.js';
import type { WatchResult } from './tier.js';

export interface AttributedObservation {
  /** By start. */
  readonly stalls: readonly ListedStall[];
  /** A root for each reason, in the same order. */
  readonly roots: readonly Root[];
  readonly reasons: readonly StallReasonFact[];
}

export function attributed({
  stalls,
  evidence,
  eventsOf,
}: Pick<WatchResult, 'stalls' | 'evidence' | 'eventsOf'>): AttributedObservation {
  const listed = stalls.map(({ thread, stall }) => {
    const found = attribute(stall, victimOf(thread, evidence), { ...evidence, events: eventsOf.get(thread.pid) ?? [] });
    // An observation has no second source that could give a cause without the trace.
    return { ...asListed(found), causeWithoutTrace: null };
  });
  const roots = rootsOf(listed);
  return { stalls: listed, roots, reasons: roots.map(reasonOf) };
}

/** pauselab does not know what an observed thread does, so no property of an operation is assumed. */
function victimOf(thread: ObservedThread, { threads }: RunEvidence): VictimEvidenceOfRun {
  const policy = threads.get(thread.tid)?.policy;
  return {
    thread: { ...blamedThread(thread, 'victim'), ...(policy === undefined ? {} : { policy }) },
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

/** Stalls with the same end of their chains. */
export interface Root {
  /** Of the first stall. */
  readonly cause: StallCause;
  /** In which the thread was for the longest link of the first stall; null: unknown, or none. */
  readonly call: string | null;
  readonly stalls: readonly ListedStall[];
  /** The links of these stalls that name it. */
  readonly links: readonly ChainLink[];
  readonly total_ns: number;
}

/** Most stalled time first. */
function rootsOf(stalls: readonly ListedStall[]): Root[] {
  const ofHolders = holdersWaits(stalls);
  const ends = stalls.flatMap((stall) => {
    const root = rootOfStall(stall);
    if (root === null) return [];
    const { cause, call, links } = root;
    if (ofHolders.has(stall)) return [{ stall, cause: { ...cause, thread: stall.thread }, links: [], call: null }];
    return [{ stall, cause, links, call }];
  });
  return [...grouped(ends, ({ cause, call }) => rootOf(cause.thread, cause.cause, call)).values()]
    .flatMap((alike): Root[] => {
      const [first] = alike;
      return first === undefined
        ? []
        : [
            {
              cause: first.cause,
              call: first.call,
              stalls: alike.map(({ stall }) => stall),
              links: alike.flatMap(({ links }) => links),
              total_ns: alike.reduce((sum, { stall }) => sum + stall.duration_ns, 0),
            },
          ];
    })
    .sort((a, b) => b.total_ns - a.total_ns);
}

function reasonOf({ cause, call, stalls, total_ns }: Root): StallReasonFact {
  const grade = gradeOf(
    stalls.flatMap((one) => (one.cause === null ? [] : [{ grade: one.cause.grade, duration_ns: one.duration_ns }])),
  );
  return {
    cause: cause.cause,
    grade,
    thread: cause.thread,
    call,
    // The collector only tells apart what is not known.
    givesBack: givesBackOf(cause, call, grade) === 'yes',
    stalls_n: stalls.length,
    possible_n: stalls.filter((one) => one.cause?.grade === 'possible').length,
    total_ns,
    longest_ns: stalls.reduce((most_ns, { duration_ns }) => Math.max(most_ns, duration_ns), 0),
    threads_n: new Set(stalls.map(({ series }) => series)).size,
  };
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

/** `collector`: of the JVMs; null: not known, or several. */
export function answerOf(
  reasons: readonly StallReasonFact[],
  watched: { readonly threshold_ns: number; readonly watched_ns: number; readonly threads_n: number },
  collector: Collector | null = null,
): AnswerFact {
  const givesBack = (reason: StallReasonFact): GivesBack => givesBackOf(reason, reason.call, reason.grade, collector);
  const { threshold_ns, watched_ns, threads_n } = watched;
  const stalls = (of: readonly StallReasonFact[]): number => of.reduce((sum, { stalls_n }) => sum + stalls_n, 0);
  const time = (of: readonly StallReasonFact[]): number => of.reduce((sum, { total_ns }) => sum + total_ns, 0);
  if (reasons.length === 0) return { code: 'no-stall', threshold_ns, watched_ns, threads_n };
  const givingBack = reasons.filter((one) => givesBack(one) === 'yes');
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
    perhaps_n: givingBack.reduce((sum, { possible_n }) => sum + possible_n, 0),
    others: [
      ...grouped(
        reasons.filter((one) => givesBack(one) !== 'yes' && one.cause !== 'unknown' && !isOfHolder(one)),
        // What the holder of a mutex did is never certain.
        (one) => `${one.cause} ${isHeldUnseen(one.cause) || givesBack(one) === 'open'}`,
      ).values(),
    ]
      .flatMap((alike) =>
        alike.slice(0, 1).map((first) => ({
          cause: first.cause,
          isOpen: alike.some((one) => givesBack(one) === 'open'),
          stalls_n: stalls(alike),
          total_ns: time(alike),
        })),
      )
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

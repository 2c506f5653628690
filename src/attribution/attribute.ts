/** Attributes one stall: its chain, the cause of the whole stall, and the evidence for both. Pure. */
import { statedMissing } from '../words/stall-words.js';
import type { BlamedThread, ChainLink, ListedStall, StallCause, StallEvidence } from '../bundle/stalls-schema.js';
import type { Stall } from '../record/stalls.js';
import { systemCallName } from '../catalogue/system-calls.js';
import { noSystemCall } from '../record/samples.js';
import type { EvidenceOfStall, RunEvidence, VictimEvidenceOfRun } from './evidence.js';
import { eventsDuring } from './events-during.js';
import type { Span } from './link-draft.js';
import { causeOf, chainOf, reconciled } from './links.js';
import { threadsSeen } from './threads.js';
import { tracedPieces } from './traced.js';
import { stallTimeline } from './stall-timeline.js';
import { stacksOfThread } from './stacks-during.js';
import { programStacksDuring } from './program-stacks.js';
import { stealDuring } from './steal.js';
import type { ActivitySpan } from './thread-activities.js';
import { untracedDrafts } from './untraced.js';

export interface AttributedStall extends Stall {
  readonly thread: BlamedThread;
  readonly chain: readonly ChainLink[];
  readonly cause: StallCause;
  readonly causeWithoutTrace: StallCause | null;
  readonly evidence: StallEvidence;
  /** What the victim did during the stall, as the sampler saw it: a partition of the stall. */
  readonly activities: readonly ActivitySpan[];
}

export function attribute(
  stall: Stall,
  victim: VictimEvidenceOfRun,
  { samples, events, ...known }: RunEvidence,
): AttributedStall {
  const span: Span = { start_ns: stall.start_ns, end_ns: stall.start_ns + stall.duration_ns };
  const run: EvidenceOfStall = { ...known, events: eventsDuring(events, span), timeline: stallTimeline(samples) };
  const activities = run.timeline.thread(victim.thread.tid).activities(span);
  const untracedParts = untracedDrafts(span, victim, run);
  const untraced = chainOf(untracedParts, span, stall.series);
  const { trace } = run;
  const covered: Span | null =
    trace === null
      ? null
      : { start_ns: Math.max(span.start_ns, trace.coveredFrom_ns), end_ns: Math.min(span.end_ns, trace.coveredTo_ns) };
  // The trace decides a stall that it covers for the most part, such as a stall that ends after the drain.
  const isCovered = covered !== null && covered.end_ns - covered.start_ns >= stall.duration_ns / 2;
  const chain =
    isCovered && trace !== null
      ? chainOf(reconciled(tracedPieces(covered, victim, run, trace.model), untracedParts, span), span, stall.series)
      : untraced;
  return {
    ...stall,
    thread: victim.thread,
    chain,
    cause: causeOf(chain, stall.series),
    causeWithoutTrace: isCovered ? causeOf(untraced, stall.series) : null,
    evidence: evidenceOf(span, stall, { victim, activities, chain, run, isCovered }),
    activities,
  };
}

interface Attribution {
  readonly victim: VictimEvidenceOfRun;
  readonly activities: readonly ActivitySpan[];
  readonly chain: readonly ChainLink[];
  readonly run: EvidenceOfStall;
  readonly isCovered: boolean;
}

function evidenceOf(
  span: Span,
  stall: Stall,
  { victim, activities, chain, run, isCovered }: Attribution,
): StallEvidence {
  const events = run.events
    .flatMap(({ label, ...event }) => (label === null ? [] : [{ ...event, label }]))
    .slice(0, mostEvents);
  const threads = threadsSeen(span, victim.thread, chain, run);
  const systemCall = longestCallOf(activities);
  const steal_share = stealDuring(span, run);
  const stacks = stacksDuring(
    span,
    threads.map(({ thread }) => thread),
    run,
  );
  return {
    sources: [
      ...(stall.dominant === 'unobserved' ? [] : (['states'] as const)),
      ...(stall.overlappingHolderCalls_n > 0 ? (['calls'] as const) : []),
      ...(threads.some(({ runDelay_ns }) => runDelay_ns !== null) ? (['run delay'] as const) : []),
      ...(systemCall === null ? [] : (['system call'] as const)),
      ...(events.length > 0 ? (['log'] as const) : []),
      ...(steal_share === null ? [] : (['steal'] as const)),
      ...(isCovered ? (['trace'] as const) : []),
      ...(stacks.length > 0 ? (['stacks'] as const) : []),
    ],
    threads,
    events,
    systemCall,
    steal_share,
    stacks,
    userStacks: programStacksDuring(span, victim.thread, chain, run),
    missing: [
      ...run.missing,
      ...(run.trace !== null && !isCovered ? [statedMissing({ code: 'trace-gap', lost_n: run.trace.lost_n })] : []),
      ...((stall.stateShares.unobserved ?? 0) > 0.1
        ? [statedMissing({ code: 'states-unobserved', share: stall.stateShares.unobserved ?? 0 })]
        : []),
    ],
  };
}

/** In the evidence of a stall. */
export const mostEvents = 20;
const mostStacks = 12;

function stacksDuring(
  { start_ns, end_ns }: Span,
  threads: readonly BlamedThread[],
  { trace }: EvidenceOfStall,
): StallEvidence['stacks'] {
  return threads
    .flatMap((thread) =>
      stacksOfThread(trace?.stacks ?? [], thread.tid, { start_ns, end_ns }).map(({ time_ns, state, frames }) => ({
        thread,
        time_ns,
        state,
        frames: [...frames],
      })),
    )
    .sort((a, b) => a.time_ns - b.time_ns)
    .slice(0, mostStacks);
}

/** The system call in which the victim waited longest. */
function longestCallOf(activities: readonly ActivitySpan[]): string | null {
  const waits = activities.filter(({ systemCall }) => systemCall !== null);
  const [longest] = waits.sort((a, b) => b.end_ns - b.start_ns - (a.end_ns - a.start_ns));
  if (longest === undefined || longest.systemCall === null) return null;
  return longest.systemCall === noSystemCall ? 'none' : systemCallName(longest.systemCall);
}

/** The form that stalls.json stores. */
export function asListed({ activities, ...stall }: AttributedStall): ListedStall {
  return { ...stall, overlappingHolderCalls: [...stall.overlappingHolderCalls], chain: [...stall.chain] };
}

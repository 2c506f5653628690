/** One stall, attributed: its chain, the cause of the whole, and what that rests on. Pure. */
import type { BlamedThread, ChainLink, ListedStall, StallCause, StallEvidence } from '../bundle/stalls-schema.js';
import type { Stall } from '../record/stalls.js';
import { noSystemCall, systemCallName } from '../record/system-calls.js';
import type { RunEvidence, VictimEvidenceOfRun } from './evidence.js';
import { causeOf, chainOf, type Span } from './links.js';
import { threadsOf } from './threads.js';
import { stealDuring, untracedDrafts } from './untraced.js';
import { activitiesDuring } from './waits.js';

export interface AttributedStall extends Stall {
  readonly thread: BlamedThread;
  readonly chain: readonly ChainLink[];
  readonly cause: StallCause;
  readonly causeWithoutTrace: StallCause | null;
  readonly evidence: StallEvidence;
}

export function attribute(stall: Stall, victim: VictimEvidenceOfRun, run: RunEvidence): AttributedStall {
  const span: Span = { start_ns: stall.start_ns, end_ns: stall.start_ns + stall.duration_ns };
  const chain = chainOf(untracedDrafts(span, victim, run), span, stall.series);
  return { ...stall, thread: victim.thread, chain, cause: causeOf(chain, stall.series), causeWithoutTrace: null, evidence: evidenceOf(span, stall, victim, chain, run) };
}

function evidenceOf(span: Span, stall: Stall, victim: VictimEvidenceOfRun, chain: readonly ChainLink[], run: RunEvidence): StallEvidence {
  const events = run.events.filter(({ start_ns, duration_ns }) => start_ns < span.end_ns && start_ns + duration_ns > span.start_ns).slice(0, mostEvents);
  const threads = threadsOf(span, victim.thread, chain, run);
  const systemCall = systemCallDuring(span, victim.thread.tid, run);
  const steal_share = stealDuring(span, run);
  return {
    sources: [
      ...(stall.dominant === 'unobserved' ? [] : (['states'] as const)),
      ...(stall.overlappingHolderCalls_n > 0 ? (['calls'] as const) : []),
      ...(threads.some(({ runDelay_ns }) => runDelay_ns !== null) ? (['run delay'] as const) : []),
      ...(systemCall === null ? [] : (['system call'] as const)),
      ...(events.length > 0 ? (['log'] as const) : []),
      ...(steal_share === null ? [] : (['steal'] as const)),
    ],
    threads,
    events,
    systemCall,
    steal_share,
    stacks: [],
    missing: [...run.missing, ...((stall.stateShares.unobserved ?? 0) > 0.1 ? [`for ${Math.round((stall.stateShares.unobserved ?? 0) * 100)} % of the stall nobody looked at the victim's state`] : [])],
  };
}

const mostEvents = 20;

/** The one in which it waited longest. */
function systemCallDuring({ start_ns, end_ns }: Span, tid: number, { samples }: RunEvidence): string | null {
  const waits = activitiesDuring(samples.timelines.get(tid), start_ns, end_ns).filter(({ systemCall }) => systemCall !== null);
  const [longest] = waits.sort((a, b) => b.end_ns - b.start_ns - (a.end_ns - a.start_ns));
  if (longest === undefined || longest.systemCall === null) return null;
  return longest.systemCall === noSystemCall ? 'none' : systemCallName(longest.systemCall);
}

/** As stalls.json lists it. */
export function listed(stall: AttributedStall): ListedStall {
  return { ...stall, overlappingHolderCalls: [...stall.overlappingHolderCalls], chain: [...stall.chain] };
}

/** Which stacks of programs belong to a stall: those of the threads in its chain. Pure. */
import { derivedOnce } from '../base/derived.js';
import { grouped } from '../base/group.js';
import type { BlamedThread, ChainLink, StallEvidence } from '../bundle/stalls-schema.js';
import type { EvidenceOfStall, UserStackSeen } from './evidence.js';
import type { Span } from './link-draft.js';
import { overlapping } from './trace-model.js';

const mostStacks = 6;
const mostOfThread = 2;
/** A thread that got the lock says so once it runs, a little after its wait. */
const after_ns = 1_000_000;

export function programStacksDuring(
  { start_ns, end_ns }: Span,
  victim: BlamedThread,
  chain: readonly ChainLink[],
  { trace }: EvidenceOfStall,
): StallEvidence['userStacks'] {
  if (trace?.userStacks === undefined || trace.userStacks.length === 0) return [];
  const readings = byThread(trace.userStacks);
  const around = { start_ns: start_ns - 1, end_ns: end_ns + after_ns };
  const named = chain.flatMap(({ thread, via, steps }) => [
    ...(thread === null ? [] : [thread]),
    ...steps.flatMap((one) => one.thread ?? []),
    ...via,
  ]);
  const threads = new Map([victim, ...named].map((thread) => [thread.tid, thread]));
  return [...threads.values()]
    .flatMap((thread) => {
      const seen = overlapping(readings.get(thread.tid), around).filter(
        ({ stack: { moment } }) => moment !== (thread.tid === victim.tid ? 'gave-back' : 'waited'),
      );
      // It gives the lock back in the call in which it lost its CPU.
      return distinct(seen)
        .slice(-mostOfThread)
        .map(({ stack: { moment, frames, isCut } }) => ({ thread, moment, frames: [...frames], isCut }));
    })
    .slice(0, mostStacks);
}

/** The last of those with the same frames. */
function distinct(seen: readonly UserStackSeen[]): UserStackSeen[] {
  return [...new Map(seen.map((one) => [JSON.stringify(one.stack.frames), one])).values()];
}

/** By thread and start, a moment as the nanosecond that ends with it. */
const byThread = derivedOnce((all: readonly UserStackSeen[]) =>
  grouped(
    all
      .map((one) => ({ ...one, start_ns: Math.min(one.start_ns, one.end_ns - 1) }))
      .sort((a, b) => a.start_ns - b.start_ns),
    ({ tid }) => tid,
  ),
);

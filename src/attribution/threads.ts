/** What the threads that matter to a stall did meanwhile: for the evidence, and for a small timeline. */
import type { BlamedThread, ChainLink, StallEvidence } from '../bundle/stalls-schema.js';
import type { Timeline } from '../record/samples.js';
import { lowerBound } from '../base/sorted.js';
import { stateLettersDuring } from '../record/states.js';
import type { RunEvidence } from './evidence.js';
import type { Span } from './links.js';
import { activitiesDuring, growthBetween } from './waits.js';

const mostThreads = 8;
const mostSpans = 200;

/** The last look before a span, or the first there is, and the first one after it. */
export function ticksAround({ ticks_ns }: Timeline, { start_ns, end_ns }: Span): [first: number, last: number] {
  return [Math.max(0, lowerBound(ticks_ns, start_ns) - 1), Math.min(ticks_ns.length - 1, lowerBound(ticks_ns, end_ns))];
}

/** The victim, who is in the chain, the holders, then who was kept off its CPU longest; hogs last. */
export function threadsOf(
  span: Span,
  victim: BlamedThread,
  chain: readonly ChainLink[],
  run: RunEvidence,
): StallEvidence['threads'] {
  const named = chain.flatMap(({ thread, via, cpuTakenBy, steps }) => [
    ...via,
    ...steps.flatMap((one) => one.thread ?? []),
    ...(thread === null ? [] : [thread]),
    ...cpuTakenBy.map((one) => one.thread),
  ]);
  const others = [...run.threads.values()]
    .map((thread) => ({ thread, figures: figuresOf(run.samples.timelines.get(thread.tid), span) }))
    .filter(
      ({ thread, figures }) =>
        thread.role === 'holder' ||
        thread.role === 'hog' ||
        (figures.runDelay_ns ?? 0) >= (span.end_ns - span.start_ns) / 4,
    )
    .sort(
      (a, b) =>
        Number(a.thread.role === 'hog') - Number(b.thread.role === 'hog') ||
        (b.figures.runDelay_ns ?? 0) - (a.figures.runDelay_ns ?? 0),
    )
    .map(({ thread }) => thread);
  // Threads of other programs are in the chain alone: nobody looked at them.
  const unique = new Map(
    [victim, ...named, ...others].filter(({ role }) => role !== 'outside').map((thread) => [thread.tid, thread]),
  );
  return [...unique.values()].slice(0, mostThreads).map((thread) => {
    const timeline = run.samples.timelines.get(thread.tid);
    return {
      thread,
      states: stateLettersDuring(timeline, span.start_ns, span.end_ns).letters,
      ...figuresOf(timeline, span),
      spans: activitiesDuring(timeline, span.start_ns, span.end_ns)
        .slice(0, mostSpans)
        .map(({ start_ns, end_ns, activity }) => ({ start_ns, end_ns, activity })),
    };
  });
}

function figuresOf(
  timeline: Timeline | undefined,
  span: Span,
): { onCpu_ns: number | null; runDelay_ns: number | null } {
  if (timeline === undefined || timeline.ticks_ns.length === 0) return { onCpu_ns: null, runDelay_ns: null };
  return growthBetween(timeline, ...ticksAround(timeline, span));
}

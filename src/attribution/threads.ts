/** What the threads that matter to a stall did during it: for the evidence and the report's timeline. */
import type { BlamedThread, ChainLink, StallEvidence } from '../bundle/stalls-schema.js';
import type { EvidenceOfStall } from './evidence.js';
import type { Span } from './link-draft.js';
import { inside, type Segment } from './trace-model.js';

const mostThreads = 8;
const mostSpans = 200;
/** Between two records of a thread that has all of them. */
const mostUnseen_ns = 1e6;

/** The order: the victim, threads of the chain, holders, then threads by their time without a CPU; hogs come last. */
export function threadsSeen(
  span: Span,
  victim: BlamedThread,
  chain: readonly ChainLink[],
  run: EvidenceOfStall,
): StallEvidence['threads'] {
  const named = chain.flatMap(({ thread, via, cpuTakenBy, steps }) => [
    ...via,
    ...steps.flatMap((one) => one.thread ?? []),
    ...(thread === null ? [] : [thread]),
    ...cpuTakenBy.map((one) => one.thread),
  ]);
  const others = perhapsSeen(run)
    .map((thread) => ({ thread, runDelay_ns: run.timeline.thread(thread.tid).growth(span)?.runDelay_ns ?? 0 }))
    .filter(
      ({ thread, runDelay_ns }) =>
        thread.role === 'holder' || thread.role === 'hog' || runDelay_ns >= (span.end_ns - span.start_ns) / 4,
    )
    .sort((a, b) => Number(a.thread.role === 'hog') - Number(b.thread.role === 'hog') || b.runDelay_ns - a.runDelay_ns)
    .map(({ thread }) => thread);
  // The sampler looks at no threads of other programs, and at few of the kernel: without a trace the others appear in the
  // chain only.
  const unique = new Map(
    [victim, ...named, ...others]
      .filter(
        ({ role, tid }) =>
          role !== 'outside' || run.timeline.looked.has(tid) || tracedSegments(tid, span, run).length > 0,
      )
      .map((thread) => [thread.tid, thread]),
  );
  return [...unique.values()].slice(0, mostThreads).map((thread) => {
    const seen = run.timeline.thread(thread.tid);
    const growth = seen.growth(span);
    if (growth === null) {
      const traced = tracedSegments(thread.tid, span, run);
      if (traced.length > 0) return fromTrace(thread, traced, span);
    }
    return {
      thread,
      states: seen.states(span),
      onCpu_ns: growth?.onCpu_ns ?? null,
      runDelay_ns: growth?.runDelay_ns ?? null,
      spans: seen
        .activities(span)
        .slice(0, mostSpans)
        .map(({ start_ns, end_ns, activity }) => ({ start_ns, end_ns, activity })),
    };
  });
}

/** Of a thread without looks no run delay is known. */
const known = new WeakMap<ReadonlySet<number>, WeakMap<EvidenceOfStall['threads'], readonly BlamedThread[]>>();

/** In the order of all threads. An observation has as many stalls as threads: they are searched once for all stalls. */
function perhapsSeen({ threads, timeline: { looked } }: EvidenceOfStall): readonly BlamedThread[] {
  const ofLooked = known.get(looked) ?? new WeakMap<EvidenceOfStall['threads'], readonly BlamedThread[]>();
  known.set(looked, ofLooked);
  const list =
    ofLooked.get(threads) ??
    [...threads.values()].filter(({ tid, role }) => role === 'holder' || role === 'hog' || looked.has(tid));
  ofLooked.set(threads, list);
  return list;
}

function tracedSegments(tid: number, span: Span, { trace }: EvidenceOfStall): Segment[] {
  return trace === null ? [] : inside(trace.model.segments.get(tid), span);
}

/** Of a thread that no sampler looked at. */
function fromTrace(thread: BlamedThread, segments: readonly Segment[], span: Span): StallEvidence['threads'][number] {
  const time = (kind: Segment['scheduling']): number =>
    segments
      .filter(({ scheduling }) => scheduling === kind)
      .reduce((sum, { start_ns, end_ns }) => sum + end_ns - start_ns, 0);
  // An observation has no record of a thread that ran all the time: what lies between is not known.
  const seen_ns = segments.reduce((sum, { start_ns, end_ns }) => sum + end_ns - start_ns, 0);
  const isWhole = seen_ns >= span.end_ns - span.start_ns - mostUnseen_ns;
  return {
    thread,
    states: '',
    onCpu_ns: isWhole ? time('running') : null,
    runDelay_ns: time('runnable'),
    spans: segments
      .slice(0, mostSpans)
      .map(({ start_ns, end_ns, scheduling }) => ({ start_ns, end_ns, activity: scheduling })),
  };
}

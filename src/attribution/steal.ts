/**
 * Time that the hypervisor took from a thread. A thread that loses its virtual CPU while it runs stays in state R, and
 * both of its counters stand still: its CPU time follows rq_clock_task, which excludes stolen time
 * (CONFIG_PARAVIRT_TIME_ACCOUNTING; kernel/sched/core.c, update_rq_clock_task), and it does not wait in a run queue. So
 * the hypervisor took the part of a time in state R that is neither CPU time nor run delay. Pure.
 */
import type { EvidenceOfStall } from './evidence.js';
import { partitionPoint } from '../base/sorted.js';
import { draft, type LinkDraft, type Span } from './link-draft.js';

/** Counters of a running thread are as old as its last tick, so a short span proves nothing. */
const leastSpan_ns = 50_000_000;

export interface Taken {
  /** Time that is missing in the thread's counters, at least. */
  readonly taken_ns: number;
  /** Share of the time of all CPUs, on average over the span, as the machine counts it. */
  readonly steal_share: number;
}

/** For a span in state R. Null unless most of the span was taken and the machine counted as much steal. */
export function takenFrom(span: Span, tid: number, run: EvidenceOfStall): Taken | null {
  const length_ns = span.end_ns - span.start_ns;
  const thread = run.timeline.thread(tid);
  const growth = thread.growth(span);
  const steal_share = stealDuring(span, run);
  if (length_ns < leastSpan_ns || growth === null || steal_share === null || !thread.hasLooksAround(span)) return null;
  const taken_ns = length_ns - growth.onCpu_ns - growth.runDelay_ns;
  return taken_ns >= length_ns / 2 && stolen_ns(span, run) >= taken_ns * leastCounted
    ? { taken_ns, steal_share }
    : null;
}

/** The kernel counts steal in ticks of 10 ms. */
const leastCounted = 0.8;

/** Of all CPUs, in the readings that overlap the span. */
function stolen_ns(span: Span, { steal, cpuCount }: EvidenceOfStall): number {
  return touching(span, steal).reduce(
    (sum, { start_ns, end_ns, steal_share }) => sum + steal_share * cpuCount * (end_ns - start_ns),
    0,
  );
}

interface Steal {
  /** Of all CPUs, inside the span, as if the time between two readings had lost the same share throughout. */
  readonly inside_ns: number;
  /** Of the time of all CPUs, on average over the part of the span that was read. */
  readonly share: number;
}

function stealIn(span: Span, { steal, cpuCount }: Pick<EvidenceOfStall, 'steal' | 'cpuCount'>): Steal | null {
  let [read_ns, lost_ns] = [0, 0];
  for (const { start_ns, end_ns, steal_share } of touching(span, steal)) {
    const part_ns = Math.min(end_ns, span.end_ns) - Math.max(start_ns, span.start_ns);
    read_ns += part_ns;
    lost_ns += steal_share * part_ns;
  }
  return read_ns > 0 ? { inside_ns: lost_ns * cpuCount, share: lost_ns / read_ns } : null;
}

/** On average, of the time of all CPUs; null if the span was not read. */
export function stealDuring(span: Span, run: EvidenceOfStall): number | null {
  return stealIn(span, run)?.share ?? null;
}

/**
 * Null: too little to be the cause. Which CPU lost it is not known, so the machine has to have lost at least half as much
 * CPU time as the span is long: less would explain less than half of the span, even if it all came from one CPU.
 */
export function muchSteal(span: Span, run: EvidenceOfStall): number | null {
  const steal = stealIn(span, run);
  return steal !== null && steal.inside_ns >= (span.end_ns - span.start_ns) / 2 ? steal.share : null;
}

/** Of a thread in the run queue: a stolen CPU and a CPU that another program has look alike. Null: little was stolen. */
export function perhapsStolen(span: Span, run: EvidenceOfStall): LinkDraft | null {
  const share = muchSteal(span, run);
  return share === null
    ? null
    : draft(span, 'steal', 'possible', { why: { code: 'steal-share', share, uncounted_ns: null } });
}

export function stolen(span: Span, { taken_ns, steal_share }: Taken): LinkDraft {
  return draft(span, 'steal', 'likely', {
    why: { code: 'steal-share', share: steal_share, uncounted_ns: taken_ns },
  });
}

/** The readings follow each other: an hour has 14,400. */
function touching({ start_ns, end_ns }: Span, steal: EvidenceOfStall['steal']): EvidenceOfStall['steal'] {
  return steal.slice(
    partitionPoint(steal, (one) => one.end_ns <= start_ns),
    partitionPoint(steal, (one) => one.start_ns < end_ns),
  );
}

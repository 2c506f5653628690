/** What a trace shows of a thread that others wait for: its name, its call, and what it did meanwhile. Pure. */
import type { BlamedThread } from '../bundle/stalls-schema.js';
import { systemCallName } from '../catalogue/system-calls.js';
import type { EvidenceOfStall, VictimEvidenceOfRun } from './evidence.js';
import type { LinkDraft, Span } from './link-draft.js';
import { mayBeKeptBackWithLock } from './throttling.js';
import { inside, type Segment, type TraceModel } from './trace-model.js';

export interface TracedEvidence {
  readonly model: TraceModel;
  /** The trace has all events of mmap_lock. Without them the absence of an event means nothing. */
  readonly seesLock: boolean;
  readonly run: EvidenceOfStall;
  readonly victim: VictimEvidenceOfRun;
  /** Threads that waited for each other, from the victim of the stall on: that of `victim` waits for the last one. */
  readonly visited: readonly number[];
}

export function about(
  tid: number,
  part: Span,
  traced: TracedEvidence,
): Pick<LinkDraft, 'thread' | 'call' | 'holder' | 'cpuTakenBy'> {
  const { model, run } = traced;
  // Parts of a thread of another program may be missing, and the rest would then stand for the whole.
  const isSeen = run.threads.has(tid) || model.outsideFrom_ns <= part.start_ns;
  const segments = isSeen ? inside(model.segments.get(tid), part) : [];
  const time = (...kinds: readonly Segment['scheduling'][]): number =>
    segments
      .filter(({ scheduling }) => kinds.includes(scheduling))
      .reduce((sum, { start_ns, end_ns }) => sum + end_ns - start_ns, 0);
  return {
    thread: threadOf(tid, run, model),
    call: callOf(tid, part, traced),
    holder:
      segments.length === 0
        ? null
        : {
            running_ns: time('running'),
            preempted_ns: time('runnable'),
            blocked_ns: time('blocked', 'asleep', 'stopped'),
            isExact: true,
            ...(segments.some((one) => one.scheduling === 'runnable' && mayBeKeptBackWithLock(tid, one, run))
              ? ({ mayBeLimited: true } as const)
              : {}),
          },
    cpuTakenBy: isSeen ? takenBy(part, tid, traced) : [],
  };
}

/** For a holder of the board, its operation. For other threads, the system call that took most of the time. */
export function callOf(tid: number, part: Span, { run, model }: TracedEvidence): string | null {
  const own = run.holders.find(({ thread }) => thread.tid === tid);
  if (own !== undefined) return own.operation;
  const [longest] = inside(model.calls.get(tid), part).sort((a, b) => b.end_ns - b.start_ns - (a.end_ns - a.start_ns));
  return longest === undefined ? null : (longest.name ?? systemCallName(longest.call));
}

/** Threads that ran on its CPU while it was ready to run. */
export function takenBy(part: Span, tid: number, { model, run }: TracedEvidence): LinkDraft['cpuTakenBy'] {
  const times = new Map<number, number>();
  for (const segment of inside(model.segments.get(tid), part)) {
    if (segment.scheduling !== 'runnable') continue;
    for (const one of inside(model.ran.get(segment.cpu), segment)) {
      if (one.tid !== 0 && one.tid !== tid) times.set(one.tid, (times.get(one.tid) ?? 0) + one.end_ns - one.start_ns);
    }
  }
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 5)
    .map(([other, duration_ns]) => ({ thread: threadOf(other, run, model), duration_ns }));
}

export function threadOf(tid: number, run: EvidenceOfStall, model: TraceModel): BlamedThread {
  return run.threads.get(tid) ?? { name: model.names.get(tid) ?? `thread ${tid}`, tid, role: 'outside', nice: null };
}

/**
 * Whether the limit of a cgroup (cpu.max) kept a thread back that was ready to run. Counters say that the cgroup used up
 * its CPU time between two readings, and not which threads that kept back. From Linux 6.18 on the stack of a thread shows
 * it. Pure.
 */
import type { Grade } from '../facts/blame.js';
import { isThrottled, kernelWaitOf } from '../catalogue/kernel-waits.js';
import type { EvidenceOfStall } from './evidence.js';
import type { Span } from './link-draft.js';
import { stacksOfThread } from './stacks-during.js';
import { overlapping } from './trace-model.js';

/** `unknown`: the counters were not read, or nobody looked. */
export type Throttling = 'yes' | 'no' | 'unknown';

/**
 * Whether cgroups of its process were kept back around the span for at least half as long as the span is. What kept a
 * thread back is counted once the thread may go on, in each reading that overlaps its wait. Less on all CPUs together
 * explains less than half of the wait.
 */
export function throttlingOf(tid: number, span: Span, { throttled, timeline }: EvidenceOfStall): Throttling {
  const read = [...(throttled ?? [])].flatMap(([pid, times]) =>
    times !== null && timeline.tidsIn(pid).includes(tid) ? [times] : [],
  );
  if (read.length === 0) return 'unknown';
  const throttled_ns = read
    .flatMap((times) => overlapping(times, span))
    .reduce((sum, one) => sum + one.throttled_ns, 0);
  return throttled_ns > 0 && throttled_ns >= (span.end_ns - span.start_ns) / 2 ? 'yes' : 'no';
}

/**
 * By its stack. The function that takes a thread off the queue is certain; other work on the way to user space looks
 * like it, so the counters have to agree. Null: its stack or the counters speak against it.
 */
export function keptBackGrade(tid: number, span: Span, run: EvidenceOfStall): Grade | null {
  const frames = framesOf(tid, span, run);
  if (!isThrottled(frames)) return null;
  if (kernelWaitOf(frames) === 'cpu-limit') return 'likely';
  return gradeBy[throttlingOf(tid, span, run)];
}

const gradeBy: Readonly<Record<Throttling, Grade | null>> = { yes: 'likely', unknown: 'possible', no: null };

/** A stack that shows nothing rules it out where the kernel would have shown it. */
export function mayBeKeptBack(tid: number, span: Span, run: EvidenceOfStall): Throttling {
  const isRuledOut = run.showsThrottling === true && framesOf(tid, span, run).length > 0;
  return isRuledOut ? 'no' : throttlingOf(tid, span, run);
}

/**
 * The same of a thread that had a lock, where the counters say so. Where stacks show it, a thread is kept back on its way
 * to user space only, and has no lock of the kernel then: without such a stack nothing speaks for it.
 */
export function mayBeKeptBackWithLock(tid: number, span: Span, run: EvidenceOfStall): boolean {
  const isSeen = run.showsThrottling !== true || isThrottled(framesOf(tid, span, run));
  return throttlingOf(tid, span, run) === 'yes' && isSeen;
}

/** Innermost first; empty where no stack was read while the span lasted. */
export function framesOf(tid: number, span: Span, { trace }: EvidenceOfStall): readonly string[] {
  return stacksOfThread(trace?.stacks ?? [], tid, span)[0]?.frames ?? [];
}

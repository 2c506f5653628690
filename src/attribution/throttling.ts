/**
 * Whether the limit of a cgroup (cpu.max) kept a thread back that was ready to run. Counters say that the cgroup used up
 * its CPU time at some time of the measurement, and not when. From Linux 6.18 on the stack of the thread shows it. Pure.
 */
import type { Grade } from '../facts/blame.js';
import { isThrottled, kernelWaitOf } from '../catalogue/kernel-waits.js';
import type { EvidenceOfStall } from './evidence.js';
import type { Span } from './link-draft.js';
import { stacksOfThread } from './stacks-during.js';

/** `unknown`: the counters were not read, or nobody looked. */
export type Throttling = 'yes' | 'no' | 'unknown';

/** Whether a cgroup of its process used up its CPU time meanwhile. */
export function throttlingOf(tid: number, { throttled, timeline }: EvidenceOfStall): Throttling {
  const found = [...(throttled ?? [])].flatMap(([pid, is]) => (timeline.tidsIn(pid).includes(tid) ? [is] : []));
  if (found.includes(true)) return 'yes';
  return found.includes(false) ? 'no' : 'unknown';
}

/**
 * By its stack. The function that takes a thread off the queue is certain; other work on the way to user space looks
 * like it, so the counters have to agree. Null: its stack or the counters speak against it.
 */
export function keptBackGrade(tid: number, span: Span, run: EvidenceOfStall): Grade | null {
  const frames = framesOf(tid, span, run);
  const throttling = throttlingOf(tid, run);
  if (!isThrottled(frames) || throttling === 'no') return null;
  return throttling === 'yes' || kernelWaitOf(frames) === 'cpu-limit' ? 'likely' : 'possible';
}

/** A stack that shows nothing rules it out where the kernel would have shown it. */
export function mayBeKeptBack(tid: number, span: Span, run: EvidenceOfStall): Throttling {
  const isRuledOut = run.showsThrottling === true && framesOf(tid, span, run).length > 0;
  return isRuledOut ? 'no' : throttlingOf(tid, run);
}

/**
 * The same of a thread that had a lock, where the counters say so. Where stacks show it, a thread is kept back on its way
 * to user space only, and has no lock of the kernel then: without such a stack nothing speaks for it.
 */
export function mayBeKeptBackWithLock(tid: number, span: Span, run: EvidenceOfStall): boolean {
  const isSeen = run.showsThrottling !== true || isThrottled(framesOf(tid, span, run));
  return throttlingOf(tid, run) === 'yes' && isSeen;
}

/** Innermost first; empty where no stack was read while the span lasted. */
export function framesOf(tid: number, span: Span, { trace }: EvidenceOfStall): readonly string[] {
  return stacksOfThread(trace?.stacks ?? [], tid, span)[0]?.frames ?? [];
}

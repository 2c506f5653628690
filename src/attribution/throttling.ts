/**
 * Whether the limit of a cgroup (cpu.max) kept a thread back that was ready to run. Counters say that the cgroup used up
 * its CPU time during an observation, and not when. From Linux 6.18 on the stack of the thread shows it. Pure.
 */
import { isThrottled } from '../catalogue/kernel-waits.js';
import type { EvidenceOfStall } from './evidence.js';
import type { Span } from './link-draft.js';
import { stacksOfThread } from './stacks-during.js';

/** The stack shows other work on the way to user space, too, so the counters of its cgroups have to agree. */
export function isKeptBack(tid: number, pid: number, span: Span, run: EvidenceOfStall): boolean {
  return run.throttled?.get(pid) !== false && isThrottled(framesOf(tid, span, run));
}

/** A stack that shows nothing rules it out where the kernel would have shown it. */
export function mayBeKeptBack(tid: number, span: Span, run: EvidenceOfStall): boolean {
  const isRuledOut = run.showsThrottling === true && framesOf(tid, span, run).length > 0;
  return isOfThrottled(tid, run) && !isRuledOut;
}

/**
 * The same of a thread that had a lock. Where stacks show it, a thread is kept back on its way to user space only, and
 * has no lock of the kernel then: without such a stack nothing speaks for it.
 */
export function mayBeKeptBackWithLock(tid: number, span: Span, run: EvidenceOfStall): boolean {
  const isSeen = run.showsThrottling !== true || isThrottled(framesOf(tid, span, run));
  return isOfThrottled(tid, run) && isSeen;
}

/** Whether a cgroup of its process used up its CPU time meanwhile. */
export function isOfThrottled(tid: number, { throttled, timeline }: EvidenceOfStall): boolean {
  return [...(throttled ?? [])].some(([pid, is]) => is === true && timeline.tidsIn(pid).includes(tid));
}

/** Innermost first; empty where no stack was read while the span lasted. */
export function framesOf(tid: number, span: Span, { trace }: EvidenceOfStall): readonly string[] {
  return stacksOfThread(trace?.stacks ?? [], tid, span)[0]?.frames ?? [];
}

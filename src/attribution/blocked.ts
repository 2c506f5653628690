/**
 * A victim blocked in the kernel (state D), without a trace: whose lock did it wait for? Two things are known: which
 * calls of holders went on meanwhile, with the lock that each takes, and which threads were kept off their CPU. Who is
 * named is never more than likely: that it held the lock was not seen.
 */
import { grades } from '../facts/blame.js';
import type { BlamedThread, ChainStep } from '../bundle/stalls-schema.js';
import type { LockClass } from '../catalogue/locks.js';
import type { HolderCall } from '../record/stalls.js';
import { changesMap, systemCallName } from '../catalogue/system-calls.js';
import { noSystemCall } from '../record/samples.js';
import type { HolderEvidence, EvidenceOfStall, LoggedEvent, NamedThread, VictimEvidenceOfRun } from './evidence.js';
import { clipped, draft, uncovered, unknownLink, type LinkDraft, type Span } from './links.js';

export function blameBlocked(
  span: Span,
  systemCall: number | null,
  victim: VictimEvidenceOfRun,
  run: EvidenceOfStall,
): LinkDraft[] {
  const wait = waitOf(span, systemCall, victim);
  if (wait === null)
    return [
      unknownLink(span, {
        code: 'blocked-elsewhere',
        systemCall: systemCall === null || systemCall === noSystemCall ? null : systemCallName(systemCall),
      }),
    ];
  const { waiter, steps, isSure } = wait;
  const drafts = likeliest(
    [
      ...run.holders
        .filter(({ concernsVictims }) => concernsVictims)
        .flatMap((holder) => ofHolder(span, waiter, holder, run)),
      ...ofOtherVictims(span, waiter, run),
    ],
    span,
  );
  const rest = uncovered(span, drafts).filter(
    (part) => drafts.length === 0 || part.end_ns - part.start_ns >= leastCall_ns,
  );
  return [...drafts, ...rest.flatMap((part) => ofNamed(part, waiter, run))].map((one) =>
    one.cause === 'unknown' ? one : { ...one, grade: isSure ? one.grade : 'possible', steps: [...steps] },
  );
}

interface Wait {
  /** With the lock that it waited for. */
  readonly waiter: VictimEvidenceOfRun;
  readonly steps: readonly ChainStep[];
  readonly isSure: boolean;
}

/** Of an operation that takes no lock itself: the call in which its thread waited says more. Null if nothing does. */
function waitOf(span: Span, systemCall: number | null, victim: VictimEvidenceOfRun): Wait | null {
  if (victim.lock !== 'none' || victim.allocates) return { waiter: victim, steps: [], isSure: true };
  const length_ns = span.end_ns - span.start_ns;
  // A page fault takes the VMA's lock or mmap_lock, for reading.
  if (systemCall === noSystemCall || (systemCall === null && victim.touchesMemory)) {
    return {
      waiter: { ...victim, lock: 'mmap_lock read' },
      steps: [{ step: 'page-fault', label: null, thread: victim.thread, activity: 'blocked', duration_ns: length_ns }],
      isSure: systemCall !== null,
    };
  }
  const isWriter = systemCall !== null && changesMap(systemCallName(systemCall));
  return isWriter ? { waiter: { ...victim, lock: 'mmap_lock write' }, steps: [], isSure: true } : null;
}

/** Where calls overlap: one that did not wait itself, then the surer one, then the first. */
function likeliest(drafts: readonly LinkDraft[], span: Span): LinkDraft[] {
  const edges = [...new Set([span, ...drafts].flatMap(({ start_ns, end_ns }) => [start_ns, end_ns]))].sort(
    (a, b) => a - b,
  );
  return edges.slice(1).flatMap((end_ns, i) => {
    const start_ns = edges[i] ?? end_ns;
    const [best] = drafts
      .filter((one) => one.start_ns <= start_ns && one.end_ns >= end_ns)
      .sort(
        (a, b) => Number(a.holderWaited) - Number(b.holderWaited) || grades.indexOf(a.grade) - grades.indexOf(b.grade),
      );
    return best === undefined ? [] : [clipped(best, start_ns, end_ns)];
  });
}

/** While it was in state D it waited for a lock itself, perhaps the very same one: then somebody else had it. */
function ofHolder(span: Span, victim: VictimEvidenceOfRun, holder: HolderEvidence, run: EvidenceOfStall): LinkDraft[] {
  return holder.calls.flatMap((call) => {
    const overlap = { start_ns: Math.max(call.start_ns, span.start_ns), end_ns: Math.min(call.end_ns, span.end_ns) };
    if (overlap.end_ns <= overlap.start_ns) return [];
    const crossed = call.crossed || (call.call === null && holder.crosses);
    const waits = holder.isOneThread ? waitsOf(holder.thread.tid, overlap, run) : [];
    const lock = crossed ? holder.crossingLock : holder.lock;
    const suspect = {
      victim,
      run,
      thread: holder.thread,
      call: `${holder.operation}${crossed ? ' across VMAs' : ''}`,
    };
    return [
      ...waits.map((part) => {
        const time = { running_ns: 0, preempted_ns: 0, blocked_ns: part.end_ns - part.start_ns, isExact: false };
        return { ...byLock(part, lock, { ...suspect, holder: time, isLong: false }), holderWaited: true };
      }),
      ...uncovered(overlap, waits).map((part) =>
        byLock(part, lock, { ...suspect, holder: holderTime(call, part), isLong: isLong(call) }),
      ),
    ];
  });
}

/** When it was seen in state D. */
function waitsOf(tid: number, span: Span, { timeline }: EvidenceOfStall): Span[] {
  return timeline
    .thread(tid)
    .activities(span)
    .filter(({ activity }) => activity === 'blocked');
}

/**
 * Victims hold locks too, while they are not blocked for one. Who walks memory in a system call is in the lock for most
 * of it; of another operation it is not known whether its thread had the lock when it lost its CPU.
 */
function ofOtherVictims(span: Span, victim: VictimEvidenceOfRun, run: EvidenceOfStall): LinkDraft[] {
  return run.victims
    .filter(
      (one) =>
        one.thread.tid !== victim.thread.tid &&
        one.pid === victim.pid &&
        (one.lock === 'mmap_lock read' || one.lock === 'mmap_lock write'),
    )
    .flatMap((other) =>
      other.slow
        .filter(({ duration_ns }) => duration_ns >= leastCall_ns)
        .flatMap((slow) => {
          const overlap = {
            start_ns: Math.max(slow.start_ns, span.start_ns),
            end_ns: Math.min(slow.start_ns + slow.duration_ns, span.end_ns),
          };
          return run.timeline
            .thread(other.thread.tid)
            .activities(overlap)
            .filter(({ activity }) => activity === 'running' || activity === 'runnable')
            .map((part) => {
              const holder = {
                running_ns: 0,
                preempted_ns: preemptedDuring(other.thread.tid, part, run),
                blocked_ns: 0,
                isExact: false,
              };
              return byLock(part, other.lock, {
                victim,
                run,
                thread: other.thread,
                call: other.operation,
                holder,
                isLong: other.walksMemory,
              });
            });
        }),
    )
    .filter(({ cause }) => cause !== 'unknown');
}

/** A call of a tick or two is not preempted inside, and so is not what a long wait was for. */
function isLong(call: HolderCall): boolean {
  return call.end_ns - call.start_ns >= leastCall_ns;
}
const leastCall_ns = 10_000_000;

interface Suspect {
  readonly victim: VictimEvidenceOfRun;
  readonly run: EvidenceOfStall;
  readonly thread: BlamedThread;
  readonly call: string | null;
  readonly holder: LinkDraft['holder'];
  readonly isLong: boolean;
}

function byLock(span: Span, lock: LockClass, { victim, run, thread, call, holder, isLong: long }: Suspect): LinkDraft {
  // An operation of no known lock that allocates may map, unmap or fault inside the allocator.
  const isPlain = long && (victim.lock === 'mmap_lock write' || victim.lock === 'mmap_lock read');
  const common = { thread, call, holder };
  switch (lock) {
    case 'mmap_lock write':
      return draft(span, 'mmap-lock-writer', isPlain ? 'likely' : 'possible', { ...common, lock: 'mmap_lock write' });
    case 'mmap_lock read': {
      if (victim.lock === 'mmap_lock write')
        return draft(span, 'mmap-lock-reader', isPlain ? 'likely' : 'possible', { ...common, lock: 'mmap_lock read' });
      // Readers share: only a writer that is queued between the two keeps one waiting.
      const via = writersInQueue(span, victim, run);
      return draft(span, 'mmap-lock-reader', isPlain && via.length > 0 ? 'likely' : 'possible', {
        ...common,
        lock: 'mmap_lock read',
        via,
      });
    }
    case 'VMA lock': {
      const writers = fellBack(span, run) ? [] : writersOfItsVma(span, run);
      if (writers.some((one) => one.tid === victim.thread.tid))
        return draft(span, 'vma-lock', isPlain ? 'likely' : 'possible', { ...common, lock: 'vma' });
      const [writer] = writers;
      if (writer !== undefined)
        return draft(span, 'vma-lock', isPlain ? 'likely' : 'possible', {
          ...common,
          lock: 'mmap_lock write',
          via: [writer],
        });
      // The VMA's lock kept nobody waiting, so what did is mmap_lock: on kernels where such calls take it, and where
      // the VMA was being changed when the call began.
      const via = victim.lock === 'mmap_lock write' ? [] : writersInQueue(span, victim, run);
      return draft(span, 'mmap-lock-reader', 'possible', { ...common, lock: 'mmap_lock read', via });
    }
    case 'none':
      return unknownLink(span, { code: 'call-without-lock', thread: thread.name });
  }
}

/**
 * Other victims that take mmap_lock for write and were blocked for most of the span; who has waited longest is first in
 * the queue.
 */
function writersInQueue(span: Span, victim: VictimEvidenceOfRun, run: EvidenceOfStall): BlamedThread[] {
  return run.victims
    .filter((one) => one.thread.tid !== victim.thread.tid && one.lock === 'mmap_lock write' && one.pid === victim.pid)
    .flatMap((one) =>
      one.slow
        .filter((slow) => covers(slow, span))
        .map(({ start_ns }) => ({ thread: one.thread, start_ns, isBlocked: wasBlocked(one.thread.tid, span, run) })),
    )
    .filter(({ isBlocked }) => isBlocked)
    .sort((a, b) => a.start_ns - b.start_ns)
    .slice(0, 1)
    .map(({ thread }) => thread);
}

/** Victims that change the very VMA that the holder works on, or one that merges with it. */
function writersOfItsVma(span: Span, run: EvidenceOfStall): BlamedThread[] {
  return run.victims
    .filter((one) => one.lock === 'mmap_lock write' && (one.layout === 'same' || one.layout === 'mergeable'))
    .filter((one) => one.slow.some((slow) => covers(slow, span)))
    .map(({ thread }) => thread);
}

/**
 * Who needs another VMA can only wait behind a writer of this one: it never waits first. If it did, the holder's call
 * had not taken the VMA's lock but mmap_lock itself, as it does where the VMA is write-locked when it begins.
 */
function fellBack(span: Span, run: EvidenceOfStall): boolean {
  const firstOf = (isNear: boolean): number =>
    Math.min(
      ...run.victims
        .filter(
          (one) => one.lock === 'mmap_lock write' && (one.layout === 'same' || one.layout === 'mergeable') === isNear,
        )
        .flatMap((one) => one.slow.filter((slow) => covers(slow, span)).map(({ start_ns }) => start_ns)),
    );
  const [near_ns, far_ns] = [firstOf(true), firstOf(false)];
  return far_ns < near_ns && near_ns !== Infinity;
}

function covers(
  { start_ns, duration_ns }: { readonly start_ns: number; readonly duration_ns: number },
  span: Span,
): boolean {
  const overlap_ns = Math.min(start_ns + duration_ns, span.end_ns) - Math.max(start_ns, span.start_ns);
  return overlap_ns >= (span.end_ns - span.start_ns) / 2;
}

function wasBlocked(tid: number, span: Span, { timeline }: EvidenceOfStall): boolean {
  return timeline.thread(tid).time_ns(span, 'blocked') >= (span.end_ns - span.start_ns) / 2;
}

/** Run delay is of the whole call: of a part of it, at most that, and at most the part. */
function holderTime(call: HolderCall, { start_ns, end_ns }: Span): LinkDraft['holder'] {
  const preempted_ns = Math.min(call.runDelayAtMost_ns, end_ns - start_ns);
  return { running_ns: 0, preempted_ns, blocked_ns: 0, isExact: false };
}

/**
 * Threads of a JVM and of its allocator have no calls on the board. One that gives memory back, and was kept off its
 * CPU for most of the time that the victim was blocked, is likely to have been in such a call. A log that tells of it
 * makes it sure enough.
 */
function ofNamed(span: Span, victim: VictimEvidenceOfRun, run: EvidenceOfStall): LinkDraft[] {
  const suspects = suspectsOf(span, victim, run).filter(({ one }) => one.lock !== null);
  const [first, second] = suspects;
  if (first === undefined) return [unknownLink(span, { code: 'no-suspect' })];
  const { one, preempted_ns, event } = first;
  const blocked_ns = run.timeline.thread(one.thread.tid).time_ns(span, 'blocked');
  const holderWaited = blocked_ns >= (span.end_ns - span.start_ns) / 2;
  const found = byLock(span, one.lock ?? 'none', {
    victim,
    run,
    thread: one.thread,
    call: one.call,
    holder: { running_ns: 0, preempted_ns, blocked_ns, isExact: false },
    isLong: !holderWaited && preempted_ns > 0 && (second === undefined || event !== null),
  });
  return [{ ...found, holderWaited }];
}

export interface NamedSuspect {
  readonly one: NamedThread;
  readonly preempted_ns: number;
  readonly event: LoggedEvent | null;
}

/**
 * Those kept off their CPU for at least half of the span or told of by the log; who the log tells of first, then by
 * that time.
 */
export function suspectsOf(span: Span, victim: VictimEvidenceOfRun, run: EvidenceOfStall): NamedSuspect[] {
  const length_ns = span.end_ns - span.start_ns;
  return run.named
    .filter(({ pid, thread }) => pid === victim.pid && thread.tid !== victim.thread.tid)
    .map((one) => ({
      one,
      preempted_ns: preemptedDuring(one.thread.tid, span, run),
      event: one.lock === 'mmap_lock write' ? givingBack(span, run) : null,
    }))
    .filter(({ one, preempted_ns, event }) => preempted_ns >= length_ns / 2 || (event !== null && one.call !== null))
    .sort((a, b) => Number(b.event !== null) - Number(a.event !== null) || b.preempted_ns - a.preempted_ns);
}

/** As the log says, for most of the time. */
export function givingBack(span: Span, { events }: EvidenceOfStall): LoggedEvent | null {
  return events.find((event) => event.name === 'gc.uncommit' && covers(event, span)) ?? null;
}

/** Growth of its run delay between the looks around the span, at most the span. */
export function preemptedDuring(tid: number, span: Span, { timeline }: EvidenceOfStall): number {
  return Math.min(timeline.thread(tid).growth(span)?.runDelay_ns ?? 0, span.end_ns - span.start_ns);
}

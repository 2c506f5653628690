/**
 * A victim blocked in the kernel (state D), without a trace: which thread held the lock? Two facts are known: the calls
 * of holders that overlap the wait, with the lock of each, and the threads that had no CPU. The grade is at most
 * `likely`, because nothing observed the lock itself.
 */
import { grades } from '../facts/blame.js';
import type { BlamedThread, ChainStep } from '../bundle/stalls-schema.js';
import type { LockClass } from '../catalogue/locks.js';
import type { HolderCall } from '../record/stalls.js';
import { givesHeapBack } from '../catalogue/collectors.js';
import { changesMap, systemCallName } from '../catalogue/system-calls.js';
import { noSystemCall } from '../record/samples.js';
import type { HolderEvidence, EvidenceOfStall, LoggedEvent, NamedThread, VictimEvidenceOfRun } from './evidence.js';
import { draft, unknownLink, type LinkDraft, type Span } from './link-draft.js';
import { clipped, uncovered } from './links.js';

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
  /** The victim, with the lock that it waited for. */
  readonly waiter: VictimEvidenceOfRun;
  readonly steps: readonly ChainStep[];
  readonly isSure: boolean;
}

/**
 * For an operation that takes no lock itself: the system call in which its thread waited shows the lock. Null if it
 * does not.
 */
function waitOf(span: Span, systemCall: number | null, victim: VictimEvidenceOfRun): Wait | null {
  if (victim.lock !== 'none' || victim.allocates) return { waiter: victim, steps: [], isSure: true };
  const length_ns = span.end_ns - span.start_ns;
  // A page fault takes the VMA's lock, or mmap_lock for reading.
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

/** Where calls overlap, a holder that did not wait comes first, then the stronger grade, then the earlier call. */
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

/** A holder in state D waits for a lock itself, perhaps for the same lock: then another thread held it. */
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

/** Spans in which the thread was in state D. */
function waitsOf(tid: number, span: Span, { timeline }: EvidenceOfStall): Span[] {
  return timeline
    .thread(tid)
    .activities(span)
    .filter(({ activity }) => activity === 'blocked');
}

/**
 * A victim that is not blocked may hold a lock. A victim that walks memory in a system call holds it for most of the
 * call. For other operations it is unknown whether the thread had the lock when it lost its CPU.
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

/** A call of one or two ticks is not preempted, so a long wait has another reason. */
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
  // An operation that allocates may map, unmap or fault inside the allocator, even if its lock is unknown.
  const isPlain = long && (victim.lock === 'mmap_lock write' || victim.lock === 'mmap_lock read');
  const common = { thread, call, holder };
  switch (lock) {
    case 'mmap_lock write':
      return draft(span, 'mmap-lock-writer', isPlain ? 'likely' : 'possible', { ...common, lock: 'mmap_lock write' });
    case 'mmap_lock read': {
      if (victim.lock === 'mmap_lock write')
        return draft(span, 'mmap-lock-reader', isPlain ? 'likely' : 'possible', { ...common, lock: 'mmap_lock read' });
      // Readers share the lock: a reader waits only for a writer that is queued between the two.
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
      const extending = perhapsExtending(span, victim, run);
      if (extending !== null) {
        const isVictim = extending.tid === victim.thread.tid;
        return draft(span, 'vma-lock', 'possible', {
          ...common,
          ...(isVictim ? { lock: 'vma' } : { lock: 'mmap_lock write', via: [extending] }),
        });
      }
      // No writer of the VMA waited, so mmap_lock blocked the victim: on some kernels the call takes mmap_lock, and on
      // all kernels it does so if the VMA was being changed when the call began.
      const via = victim.lock === 'mmap_lock write' ? [] : writersInQueue(span, victim, run);
      return draft(span, 'mmap-lock-reader', 'possible', { ...common, lock: 'mmap_lock read', via });
    }
    case 'none':
      return unknownLink(span, { code: 'call-without-lock', thread: thread.name });
  }
}

/**
 * Other victims that take mmap_lock for writing and were blocked for most of the span. The victim that has waited
 * longest is first in the queue.
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

/** Victims that change the VMA on which the holder works, or a VMA that merges with it. */
function writersOfItsVma(span: Span, run: EvidenceOfStall): BlamedThread[] {
  return run.victims
    .filter((one) => one.lock === 'mmap_lock write' && (one.layout === 'same' || one.layout === 'mergeable'))
    .filter((one) => one.slow.some((slow) => covers(slow, span)))
    .map(({ thread }) => thread);
}

/**
 * An allocation may extend the heap's VMA, on which the holder works. It cannot have waited behind another writer then,
 * so it is the first of the writers that waited. Null: another one came first, or none allocates. Which VMA it extends
 * is not seen, and the holder's call may have taken mmap_lock instead.
 */
function perhapsExtending(span: Span, victim: VictimEvidenceOfRun, run: EvidenceOfStall): BlamedThread | null {
  const waits = run.victims
    .filter((one) => one.pid === victim.pid && (one.lock === 'mmap_lock write' || one.allocates))
    .filter((one) => wasBlocked(one.thread.tid, span, run))
    .flatMap((one) => one.slow.filter((slow) => covers(slow, span)).map(({ start_ns }) => ({ one, start_ns })))
    .sort((a, b) => a.start_ns - b.start_ns);
  const [first] = waits;
  return first?.one.allocates === true ? first.one.thread : null;
}

/**
 * A victim that needs another VMA can only wait behind a writer of this VMA, so it never waits first. If it waited
 * first, the holder's call had taken mmap_lock instead of the VMA's lock, as it does if the VMA is write-locked when
 * the call begins.
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

/** The run delay is known for the whole call. For a part of the call it is at most that delay, and at most the part. */
function holderTime(call: HolderCall, { start_ns, end_ns }: Span): LinkDraft['holder'] {
  const preempted_ns = Math.min(call.runDelayAtMost_ns, end_ns - start_ns);
  return { running_ns: 0, preempted_ns, blocked_ns: 0, isExact: false };
}

/**
 * Threads of a JVM and of its allocator have no calls on the board. A thread that does nothing but give memory back, and
 * had no CPU for most of the time in which the victim was blocked, was likely in such a call. So was a thread that does
 * other work too, if the JVM's log has a return of heap at that time.
 */
function ofNamed(span: Span, victim: VictimEvidenceOfRun, run: EvidenceOfStall): LinkDraft[] {
  const suspects = suspectsOf(span, victim, run).filter(({ one }) => one.lock !== null);
  const [first, second] = suspects;
  if (first === undefined) return ofOutside(span, run);
  const { one, preempted_ns, event } = first;
  const blocked_ns = run.timeline.thread(one.thread.tid).time_ns(span, 'blocked');
  const holderWaited = blocked_ns >= (span.end_ns - span.start_ns) / 2;
  const holder = { running_ns: 0, preempted_ns, blocked_ns, isExact: false };
  const found = isGivingBack(one, span, run)
    ? byLock(span, one.lock ?? 'none', {
        victim,
        run,
        thread: one.thread,
        call: one.call,
        holder,
        isLong: !holderWaited && preempted_ns > 0 && (second === undefined || event !== null),
      })
    : // The lock and its mode are those of the call, which was not seen.
      draft(span, 'mmap-lock-holder', 'possible', { lock: 'mmap_lock', thread: one.thread, holder });
  return [{ ...found, holderWaited }];
}

/**
 * Nobody of the workload fits. A thread of the kernel that had no CPU meanwhile, or an agent that ran all the time, may
 * have held the lock. On whose memory the first worked, which files the second read, and in which of its calls it was,
 * is not seen without a trace.
 */
function ofOutside(span: Span, run: EvidenceOfStall): LinkDraft[] {
  const { agents = [], ofKernel = [] } = run;
  const [starved] = ofKernel
    .map((thread) => ({ thread, preempted_ns: preemptedDuring(thread.tid, span, run) }))
    .filter(({ preempted_ns }) => preempted_ns >= (span.end_ns - span.start_ns) / 2)
    .toSorted((a, b) => b.preempted_ns - a.preempted_ns);
  if (starved !== undefined)
    return [
      draft(span, 'mmap-lock-holder', 'possible', {
        lock: 'mmap_lock',
        thread: starved.thread,
        holder: { running_ns: 0, preempted_ns: starved.preempted_ns, blocked_ns: 0, isExact: false },
      }),
    ];
  const agent = agents.find(({ start_ns, end_ns }) => covers({ start_ns, duration_ns: end_ns - start_ns }, span));
  return [
    agent === undefined
      ? unknownLink(span, { code: 'no-suspect' })
      : draft(span, 'mmap-lock-holder', 'possible', { lock: 'mmap_lock', thread: agent.thread }),
  ];
}

export interface NamedSuspect {
  readonly one: NamedThread;
  readonly preempted_ns: number;
  readonly event: LoggedEvent | null;
}

/**
 * Threads that had no CPU for at least half of the span, and threads that the log names. Threads in the log come first,
 * then the longest time without a CPU.
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

/** Whether a thread that others waited for was in the call of its name: it makes no other, or the JVM's log says so. */
export function isGivingBack({ call, isCallSure }: NamedThread, span: Span, run: EvidenceOfStall): boolean {
  return isCallSure || isInLog({ call }, span, run);
}

/** The JVM's log has a return of heap for most of the span, which the thread makes by its call. */
export function isInLog({ call }: Pick<NamedThread, 'call'>, span: Span, run: EvidenceOfStall): boolean {
  return call !== null && givesHeapBack(call) && givingBack(span, run) !== null;
}

/** The log's entry that covers most of the span. */
function givingBack(span: Span, { events }: EvidenceOfStall): LoggedEvent | null {
  return events.find((event) => event.name === 'gc.uncommit' && covers(event, span)) ?? null;
}

/** Growth of the thread's run delay between the looks around the span, at most the length of the span. */
export function preemptedDuring(tid: number, span: Span, { timeline }: EvidenceOfStall): number {
  return Math.min(timeline.thread(tid).growth(span)?.runDelay_ns ?? 0, span.end_ns - span.start_ns);
}

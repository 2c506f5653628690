/**
 * The chain of one stall from a trace, event by event: which thread held mmap_lock at each instant of the wait, and
 * which thread woke the waiter if the lock has no event (a VMA's lock, a futex). A thread that releases a lock wakes
 * the waiter. Pure.
 */
import { causes, lockCauses, type Cause } from '../facts/blame.js';
import { derivedOnce } from '../base/derived.js';
import { joinedLists } from '../base/group.js';
import type { BlamedThread } from '../bundle/stalls-schema.js';
import { traceEvents } from '../record/trace/trace.js';
import { vmThread } from '../catalogue/collectors.js';
import { kernelWaitOf } from '../catalogue/kernel-waits.js';
import { systemCallNumber } from '../catalogue/system-calls.js';
import { ofJvm, type Look } from './safepoint.js';
import type { EvidenceOfStall, VictimEvidenceOfRun } from './evidence.js';
import {
  draftsOf,
  newBlames,
  sharedDrafts,
  type Blames,
  type DecidedPart,
  type Piece,
  type SharedDrafts,
} from './handovers.js';
import { draft, mostThreads, unknownLink, type LinkDraft, type Span } from './link-draft.js';
import { uncovered } from './links.js';
import { firstWriter, hasForWriting, type QueuePart } from './lock-queues.js';
import { signalBefore } from './stops.js';
import { muchSteal, perhapsStolen, stolen, takenFrom } from './steal.js';
import { mutexDrafts } from './traced-mutex.js';
import { operationDrafts } from './vm-operation.js';
import { about, callOf, takenBy, threadOf, type TracedEvidence } from './traced-threads.js';
import {
  inside,
  overlapping,
  type Hold,
  type LockWait,
  type OtherWait,
  type Segment,
  type TraceModel,
} from './trace-model.js';
import { framesOf, keptBackGrade, mayBeKeptBack } from './throttling.js';
import { partsOfWait, type PartRange } from './wait-parts.js';

/** If one of these events is missing, the holder of mmap_lock is unknown. */
const lockEvents: readonly string[] = [traceEvents.start, traceEvents.acquired, traceEvents.released];

/** The drafts of a stall, those of a convoy's handovers in rows. */
export function tracedPieces(
  stall: Span,
  victim: VictimEvidenceOfRun,
  run: EvidenceOfStall,
  model: TraceModel,
): Piece[] {
  const traced = {
    model,
    run,
    victim,
    visited: [],
    seesLock: run.trace !== null && !run.trace.missingEvents.some((event) => lockEvents.includes(event)),
  };
  return joinedLists(inside(model.segments.get(victim.thread.tid), stall), (segment) => piecesOf(segment, traced));
}

function blame(segment: Segment, traced: TracedEvidence): LinkDraft[] {
  return joinedLists(piecesOf(segment, traced), draftsOf);
}

function piecesOf(segment: Segment, traced: TracedEvidence): Piece[] {
  const { tid } = traced.victim.thread;
  switch (segment.scheduling) {
    case 'running': {
      // A trace of the guest's kernel does not show that the hypervisor took the CPU.
      const taken = takenFrom(segment, tid, traced.run);
      return [
        taken === null
          ? draft(segment, 'running', muchSteal(segment, traced.run) === null ? 'proven' : 'possible')
          : stolen(segment, taken),
      ];
    }
    case 'runnable':
      return ready(segment, traced);
    case 'stopped':
      return [draft(segment, 'stopped', 'proven')];
    case 'asleep':
      return asleep(segment, traced);
    case 'blocked':
      return blocked(segment, tid, traced);
  }
}

/**
 * A thread that is ready to run while nobody is seen on its CPU may be kept back by a limit (cpu.max before Linux 6.18),
 * wait in the queue of another CPU, or still sleep: a signal wakes a sleeper for a moment that is too short to be
 * reported. If its cgroup used up its CPU time meanwhile, it may be kept back on a busy CPU too; on an idle CPU nothing
 * else fits as well. If the hypervisor took a CPU, it looks busy with the thread that ran there last.
 */
function withoutCpu(segment: Segment, tid: number, traced: TracedEvidence): LinkDraft {
  const { model, run } = traced;
  const half_ns = (segment.end_ns - segment.start_ns) / 2;
  const cpuTakenBy = takenBy(segment, tid, traced);
  const { isSeen, idle_ns } = idleOf(segment, model);
  const isIdle = idle_ns >= half_ns;
  const limit = mayBeKeptBack(tid, segment, run);
  if (limit === 'yes' && isIdle) return draft(segment, 'cpu-limit', 'likely');
  const perhaps = { cpuTakenBy, rulesOut: notWhileReady };
  const steal = perhapsStolen(segment, run);
  if (steal !== null) return { ...steal, ...perhaps };
  if (limit === 'yes')
    return draft(segment, 'not-scheduled', 'possible', { ...perhaps, why: { code: 'limit-used-up' } });
  const taken_ns = cpuTakenBy.reduce((sum, { duration_ns }) => sum + duration_ns, 0);
  const isBusy = (segment.busy_share ?? 0) >= 0.5 || taken_ns >= half_ns;
  if (!isBusy && !(isSeen && !isIdle)) return draft(segment, 'not-scheduled', 'possible', { rulesOut: notWhileReady });
  return limit === 'unknown'
    ? draft(segment, 'not-scheduled', 'possible', { ...perhaps, why: { code: 'limit-unread' } })
    : draft(segment, 'not-scheduled', 'proven', { cpuTakenBy });
}

/** A thread that is ready to run waits for a CPU, and for no lock, pause or disk. */
const notWhileReady: readonly Cause[] = causes.filter(
  (one) => !(['not-scheduled', 'cpu-limit', 'steal', 'stopped'] as const).some((cause) => cause === one),
);

/** How long its CPU was seen idle. Without all switches of other programs an idle CPU and a busy one look alike. */
function idleOf(
  segment: Segment,
  { ran, ranIsWhole, outsideFrom_ns }: TraceModel,
): { readonly isSeen: boolean; readonly idle_ns: number } {
  if (!ranIsWhole || outsideFrom_ns > segment.start_ns) return { isSeen: false, idle_ns: 0 };
  const idle_ns = inside(ran.get(segment.cpu), segment)
    .filter(({ tid }) => tid === 0)
    .reduce((sum, { start_ns, end_ns }) => sum + end_ns - start_ns, 0);
  return { isSeen: true, idle_ns };
}

function ready(segment: Segment, traced: TracedEvidence): LinkDraft[] {
  const { model, run, victim } = traced;
  const { tid } = victim.thread;
  const processTids = run.timeline.tidsIn(victim.pid);
  const signal_ns = signalBefore(segment, tid, { model, processTids }) ?? segment.end_ns;
  const waited = { ...segment, end_ns: signal_ns };
  const keptBack = keptBackGrade(tid, waited, run);
  return [
    ...(waited.end_ns <= waited.start_ns
      ? []
      : [
          keptBack === null
            ? withoutCpu(waited, tid, traced)
            : draft(waited, 'cpu-limit', keptBack, { rulesOut: notWhileReady }),
        ]),
    ...(signal_ns < segment.end_ns ? [draft({ ...segment, start_ns: signal_ns }, 'stopped', 'proven')] : []),
  ];
}

/** The thread is in the queue of mmap_lock, or holds it and waits for the readers of a VMA. */
function blocked(segment: Segment, tid: number, traced: TracedEvidence): Piece[] {
  const waits = inside(traced.model.waits.get(tid), segment);
  const queued = joinedLists(waits, (wait) => byHolders(wait, traced));
  const rest = uncovered(segment, waits).map((part) => {
    const other = otherWaitOf(tid, part, traced);
    if (hasForWriting(tid, part, traced.model) && canBeVma(other))
      return byWaker({ ...segment, ...part }, traced, { cause: 'vma-lock', lock: 'vma', via: [] });
    const wait = kernelWaitOf(framesOf(tid, part, traced.run));
    if (wait !== null && wait !== 'cpu-limit') return draft(part, wait, 'proven');
    if (isUnseen(tid, part, other, traced))
      return unknownLink(part, { code: 'lock-unseen', systemCall: callOf(tid, part, traced) });
    return unknownLink(
      part,
      {
        code: 'not-mmap-lock',
        lock: other === null ? null : kindOf(other),
        wokenBy: other === null ? null : wokenBy(tid, segment, traced),
      },
      { rulesOut: traced.seesLock ? lockCauses : [] },
    );
  });
  return [...queued, ...rest];
}

/**
 * The wait may be for mmap_lock all the same: it began before the trace did, or the trace has no event of each attempt to
 * take that lock and shows no other lock.
 */
function isUnseen(tid: number, part: Span, other: OtherWait | null, { model, run, seesLock }: TracedEvidence): boolean {
  if (other !== null) return false;
  const coveredFrom_ns = run.trace?.coveredFrom_ns ?? -Infinity;
  const hasBegunBefore = overlapping(model.segments.get(tid), part).some(
    ({ start_ns, scheduling }) => scheduling === 'blocked' && start_ns <= coveredFrom_ns,
  );
  return !seesLock || hasBegunBefore;
}

/** The wait for another lock that takes most of the part; null if the trace has none. */
function otherWaitOf(tid: number, part: Span, { model }: TracedEvidence): OtherWait | null {
  const own = inside(model.otherWaits.get(tid), part).sort(
    (a, b) => b.end_ns - b.start_ns - (a.end_ns - a.start_ns),
  )[0];
  return own !== undefined && own.end_ns - own.start_ns >= (part.end_ns - part.start_ns) / 2 ? own : null;
}

/**
 * A writer takes a VMA's lock for writing. In Linux 6.4 to 6.14 that lock is a read-write semaphore with trace events;
 * from 6.15 on it is a counter without events. So a wait for a mutex, or for reading, is a wait for another lock.
 */
function canBeVma(other: OtherWait | null): boolean {
  return other === null || other.isWrite;
}

function kindOf({ isRead, isWrite }: OtherWait): 'rwsem-read' | 'rwsem-write' | 'mutex' {
  return isWrite ? 'rwsem-write' : isRead ? 'rwsem-read' : 'mutex';
}

function wokenBy(tid: number, part: Span, traced: TracedEvidence): string | null {
  const waker = wakerOf(tid, part, traced);
  return waker === null || waker === 0 ? null : threadOf(waker, traced.run, traced.model).name;
}

/** By all that names the threads, and by the list of parts: what waiters share is decided once for all of them. */
const sharedIn = derivedOnce<EvidenceOfStall['threads'], (holders: EvidenceOfStall['holders']) => Shared>(() =>
  derivedOnce(() => ({ blames: newBlames(), byParts: new WeakMap() })),
);

interface Shared {
  readonly blames: Blames;
  readonly byParts: WeakMap<PartRange['parts'], SharedDrafts>;
}

function byHolders(wait: LockWait, traced: TracedEvidence): Piece[] {
  const { model, run } = traced;
  const { blames, byParts } = sharedIn(run.threads)(run.holders);
  return partsOfWait(wait, model).flatMap((range) => {
    const { parts } = range;
    const shared = byParts.get(parts) ?? sharedDrafts(parts, blames, (part) => decide(part, wait.mm, traced));
    byParts.set(parts, shared);
    return shared.piecesOf(wait, range);
  });
}

/**
 * Between two changes of the holders a single thread is to blame: the writer, or the reader that releases last. If it
 * is a writer's turn, that writer is to blame: a running thread may take the lock for a moment before the sleepers, but
 * delays no thread that is queued behind the writer.
 */
function decide({ part, holder, turn }: QueuePart, mm: bigint, traced: TracedEvidence): DecidedPart {
  const { model } = traced;
  if (holder !== null)
    return holder.isWrite ? behindWriter(part, holder, traced) : behindReader(part, holder, mm, traced);
  const drafts =
    turn === null
      ? [unknownLink(part, { code: 'no-holder-seen' }, { clears: (tid) => waited(tid, part, mm, model) })]
      : [
          draft(part, 'mmap-lock-writer', 'proven', {
            lock: 'mmap_lock write',
            isNext: true,
            ...about(turn.tid, part, traced),
          }),
        ];
  return { drafts, of: null };
}

/** A thread that waited during the whole part did not hold the lock. */
function waited(tid: number, part: Span, mm: bigint, { waits }: TraceModel): boolean {
  return overlapping(waits.get(tid), part).some(
    (wait) => wait.mm === mm && wait.start_ns <= part.start_ns && wait.end_ns >= part.end_ns,
  );
}

/** Readers wait behind the first writer that was queued before them although the lock is held for reading. */
function behindReader(part: Span, holder: Hold, mm: bigint, traced: TracedEvidence): DecidedPart {
  const { model, run } = traced;
  const grade = holder.isSure ? 'proven' : 'likely';
  const found = { lock: 'mmap_lock read', ...about(holder.tid, part, traced) } as const;
  const behind = (via: BlamedThread[]): LinkDraft[] => [draft(part, 'mmap-lock-reader', grade, { ...found, via })];
  const queue = model.waitsOn.get(mm);
  const first = firstWriter(queue, part, () => true);
  const direct = behind([]);
  if (first === null) return { drafts: direct, of: null };
  const queued = behind([threadOf(first.tid, run, model)]);
  const of = (wait: LockWait): readonly LinkDraft[] => {
    if (first.tid !== wait.tid) return wait.isWrite && first.start_ns >= wait.start_ns ? direct : queued;
    const other = firstWriter(
      queue,
      part,
      (one) => one.tid !== wait.tid && (!wait.isWrite || one.start_ns < wait.start_ns),
    );
    return other === null ? direct : behind([threadOf(other.tid, run, model)]);
  };
  return { drafts: queued, of };
}

/**
 * A writer that is blocked while it holds the lock waits for the readers of a VMA, and the last of those readers is to
 * blame. A thread that waits for the lock is none of them.
 */
function behindWriter(part: Span, holder: Hold, traced: TracedEvidence): DecidedPart {
  const writer = threadOf(holder.tid, traced.run, traced.model);
  const passedOn = inside(traced.model.segments.get(holder.tid), part).flatMap((segment) => {
    if (segment.scheduling !== 'blocked' || !canBeVma(otherWaitOf(holder.tid, segment, traced))) return [];
    const waker = wakerOf(holder.tid, segment, traced);
    if (waker === null) return [];
    const link = byWaker(segment, traced, { cause: 'vma-lock', lock: 'mmap_lock write', via: [writer] }, waker);
    return [{ waker, link }];
  });
  const behind = (links: readonly LinkDraft[]): LinkDraft[] => [
    ...links,
    ...uncovered(part, links).map((own) =>
      draft(own, 'mmap-lock-writer', 'proven', { lock: 'mmap_lock write', ...about(holder.tid, own, traced) }),
    ),
  ];
  const drafts = behind(passedOn.map(({ link }) => link));
  if (passedOn.length === 0) return { drafts, of: null };
  const of = (wait: LockWait): readonly LinkDraft[] =>
    passedOn.some(({ waker }) => waker === wait.tid)
      ? behind(passedOn.flatMap(({ waker, link }) => (waker === wait.tid ? [] : [link])))
      : drafts;
  return { drafts, of };
}

/** The thread that ended the whole wait, of which the segment may be a part. */
function wakerOf(tid: number, { start_ns, end_ns }: Span, { model }: TracedEvidence): number | null {
  const whole = overlapping(model.segments.get(tid), { start_ns, end_ns }).find(
    (one) =>
      one.start_ns <= start_ns && one.end_ns >= end_ns && one.scheduling !== 'running' && one.scheduling !== 'runnable',
  );
  return whole?.wokenBy ?? null;
}

function byWaker(
  segment: Segment,
  traced: TracedEvidence,
  found: Pick<LinkDraft, 'cause' | 'lock' | 'via'>,
  waker: number | null = segment.wokenBy,
): LinkDraft {
  if (waker === null) return unknownLink(segment, { code: 'waker-unseen' });
  if (!traced.run.threads.has(waker)) return unknownLink(segment, { code: 'woken-from-outside' });
  return draft(segment, found.cause, 'proven', { lock: found.lock, via: found.via, ...about(waker, segment, traced) });
}

/**
 * A mutex comes first: a thread that waits for one does so in a pause of its JVM, too. Pauses come from the JVM's log, and
 * are proven if the VM thread woke the sleeper. Other sleeps are waits for a futex, and the thread that woke the sleeper is
 * to blame.
 */
function asleep(segment: Segment, traced: TracedEvidence): LinkDraft[] {
  const { tid } = traced.victim.thread;
  const forMutex = overlapping(traced.model.mutexWaits.get(tid), segment).flatMap((wait) =>
    mutexDrafts(wait, segment, traced, blame),
  );
  return [
    ...forMutex,
    ...uncovered(segment, forMutex).flatMap((part) => asleepElsewhere({ ...segment, ...part }, traced)),
  ];
}

function asleepElsewhere(segment: Segment, traced: TracedEvidence): LinkDraft[] {
  const waker = segment.wokenBy ?? wakerOf(traced.victim.thread.tid, segment, traced);
  const isSeen = waker !== null && threadOf(waker, traced.run, traced.model).name === vmThread;
  const pauses = ofJvm(segment, traced.victim, traced.run, byTrace(traced)).map((one): LinkDraft =>
    isSeen && one.steps.length === 0 ? { ...one, grade: 'proven' } : one,
  );
  const operations =
    waker !== null && isSeen
      ? uncovered(segment, pauses).flatMap((part) => operationDrafts(part, waker, traced, blame))
      : [];
  const rest = uncovered(segment, [...pauses, ...operations]).flatMap((part) =>
    onFutex({ ...segment, ...part }, traced.victim.thread.tid, traced, []),
  );
  return [...pauses, ...operations, ...rest];
}

function byTrace({ model, run }: TracedEvidence): Look {
  return {
    activities: (tid, span) =>
      inside(model.segments.get(tid), span).map(({ start_ns, end_ns, scheduling }) => ({
        start_ns,
        end_ns,
        activity: scheduling,
      })),
    drafts: (span, waiter) => joinedLists(tracedPieces(span, waiter, run, model), draftsOf),
    sleeps: (tid, span) => inside(model.segments.get(tid), span).filter(({ scheduling }) => scheduling === 'asleep'),
  };
}

function onFutex(segment: Segment, tid: number, traced: TracedEvidence, via: readonly BlamedThread[]): LinkDraft[] {
  const { model, run, victim } = traced;
  const futex = systemCallNumber('futex');
  const inFutex = inside(model.calls.get(tid), segment).some(({ call }) => call === futex);
  if (!victim.allocates || victim.sleepsItself || !inFutex)
    return [unknownLink(segment, { code: 'asleep', systemCall: null })];
  const waker = segment.wokenBy ?? wakerOf(tid, segment, traced);
  if (waker === null || !run.threads.has(waker))
    return [draft(segment, 'allocator-mutex', 'possible', { lock: 'futex', via: [...via] })];
  // The waker may have waited for the same mutex first: then an earlier thread held it.
  const earlier =
    via.length >= mostThreads
      ? []
      : inside(model.segments.get(waker), segment).filter(
          (one) =>
            one.scheduling === 'asleep' &&
            inside(model.calls.get(waker), one).some(({ call }) => call === futex) &&
            one.wokenBy !== tid &&
            one.wokenBy !== waker,
        );
  const passedOn = earlier.flatMap((one) => onFutex(one, waker, traced, [...via, threadOf(waker, run, model)]));
  const own = uncovered(segment, earlier).map((part) =>
    draft(part, 'allocator-mutex', 'proven', { lock: 'futex', via: [...via], ...about(waker, part, traced) }),
  );
  return [...passedOn, ...own];
}

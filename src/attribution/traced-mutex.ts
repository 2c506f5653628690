/**
 * Who had a mutex for which a thread slept. The kernel wakes the sleepers of a futex in the order in which they fell asleep
 * (futex_wake in kernel/futex/waitwake.c; those of real-time priority come first). So whoever gives the mutex back while
 * the thread sleeps wakes it, or a thread that has slept longer, whose sleep is known too. Between two such wakings the
 * mutex belongs to the thread that makes the second. Pure.
 */
import type { Cause, Grade } from '../facts/blame.js';
import { derivedOnce } from '../base/derived.js';
import { grouped } from '../base/group.js';
import { partitionPoint } from '../base/sorted.js';
import { systemCallName, systemCallNumber } from '../catalogue/system-calls.js';
import type { EvidenceOfStall } from './evidence.js';
import { draft, mostThreads, weaker, type LinkDraft, type Span } from './link-draft.js';
import { uncovered } from './links.js';
import { inside, type MutexWait, type Segment, type TraceModel } from './trace-model.js';
import { about, threadOf, type TracedEvidence } from './traced-threads.js';

/** A thread that is woken gets its CPU, and the mutex, within this time; else it is late. */
const late_ns = 1_000_000;

export interface MutexPart extends Span {
  /** Null: who had the mutex was not seen. */
  readonly tid: number | null;
  /** It was woken to take the mutex, and had no CPU yet. */
  readonly isNext: boolean;
  readonly grade: Grade;
}

/** A partition of the wait, of which all parts that overlap the span are returned. */
export function mutexParts(
  wait: MutexWait,
  { mutexWaitsOn }: Pick<TraceModel, 'mutexWaitsOn'>,
  span: Span = wait,
): MutexPart[] {
  const { wakings, isLast } = wakingsAround(span, wait, wakingsOf(mutexWaitsOn).get(wait.mutex) ?? []);
  return [...wakings, ...(isLast ? [wait] : [])].flatMap(({ end_ns, unlockedBy }, i) => {
    const woken = wakings[i - 1] ?? null;
    const part = { start_ns: Math.max(woken?.end_ns ?? wait.start_ns, wait.start_ns), end_ns };
    if (part.end_ns <= part.start_ns) return [];
    return unlockedBy === null ? [afterLast(part, woken, { mutexWaitsOn })] : until(part, woken, unlockedBy);
  });
}

/** By mutex and end. */
const wakingsOf = derivedOnce(
  (mutexWaitsOn: TraceModel['mutexWaitsOn']) =>
    new Map(
      [...mutexWaitsOn].map(([mutex, waits]) => [
        mutex,
        waits.filter(({ unlockedBy }) => unlockedBy !== null).sort((a, b) => a.end_ns - b.end_ns),
      ]),
    ),
);

/** Of other threads, from the one before the span to the one after it. `isLast`: the next one is that of the wait. */
function wakingsAround(
  span: Span,
  wait: MutexWait,
  all: readonly MutexWait[],
): { readonly wakings: readonly MutexWait[]; readonly isLast: boolean } {
  const isOther = (one: MutexWait | undefined): boolean => one !== undefined && one.tid !== wait.tid;
  // A thread is in the queue of the futex a little before it leaves its CPU.
  const first = partitionPoint(all, ({ end_ns }) => end_ns <= wait.start_ns - late_ns);
  const end = partitionPoint(all, ({ end_ns }) => end_ns < wait.end_ns);
  let from = partitionPoint(all, ({ end_ns }) => end_ns <= span.start_ns) - 1;
  while (from > first && !isOther(all[from])) from -= 1;
  let to = partitionPoint(all, ({ end_ns }) => end_ns < span.end_ns);
  while (to < end && !isOther(all[to])) to += 1;
  return { wakings: all.slice(Math.max(from, first), Math.min(to + 1, end)).filter(isOther), isLast: to >= end };
}

/**
 * Nobody was seen giving it back. Who was woken last to take it may have it, unless it went to sleep for it again. A
 * thread may have been woken after that while it went to sleep: who did it, and for what, is not told.
 */
function afterLast(part: Span, woken: MutexWait | null, { mutexWaitsOn }: Pick<TraceModel, 'mutexWaitsOn'>): MutexPart {
  const slept =
    woken !== null &&
    (mutexWaitsOn.get(woken.mutex) ?? []).some(({ tid, start_ns }) => tid === woken.tid && start_ns >= woken.end_ns);
  return { ...part, tid: woken === null || slept ? null : woken.tid, isNext: false, grade: 'possible' };
}

/** `woken`: by the thread that had it before, so that it takes the mutex. A running thread may be faster. */
function until({ start_ns, end_ns }: Span, woken: MutexWait | null, unlockedBy: number): MutexPart[] {
  const turn_ns = woken === null ? start_ns : Math.min(Math.max(woken.ran_ns, start_ns), end_ns);
  const had = { tid: unlockedBy, isNext: false, grade: 'proven' } as const;
  if (woken === null || turn_ns - start_ns < late_ns) return [{ start_ns, end_ns, ...had }];
  const turn: MutexPart =
    woken.tid === unlockedBy
      ? { start_ns, end_ns: turn_ns, tid: woken.tid, isNext: true, grade: 'proven' }
      : // From when on the other thread had it is not known, and the thread that was woken late may be why it goes on.
        { start_ns, end_ns: turn_ns, tid: unlockedBy, isNext: false, grade: 'possible' };
  return turn_ns < end_ns ? [turn, { start_ns: turn_ns, end_ns, ...had }] : [turn];
}

type Blame = (segment: Segment, traced: TracedEvidence) => LinkDraft[];

/** Of the part of a wait that lies in `span`. `blame`: what a thread waited for that had a mutex and could not go on. */
export function mutexDrafts(wait: MutexWait, span: Span, traced: TracedEvidence, blame: Blame): LinkDraft[] {
  // A trace covers no time in which it lost events.
  const isLossless = traced.model.ranIsWhole || (traced.run.trace?.lost_n ?? 0) === 0;
  const isWhole = isLossless && wait.isWhole;
  return inside(mutexParts(wait, traced.model, span), span).flatMap((part) => {
    const found = { ...part, grade: isWhole ? part.grade : 'possible' } as const;
    return found.tid === null
      ? [ofMutex(found, 'possible', wait.mutex, traced.run)]
      : throughHolder({ ...found, tid: found.tid }, wait, traced, blame);
  });
}

/** A lock of malloc is known by where it lies. */
export function ofMutex(
  span: Span,
  grade: Grade,
  mutex: string,
  { mutexMemory }: Pick<EvidenceOfStall, 'mutexMemory'>,
  more: Partial<LinkDraft> = {},
): LinkDraft {
  const where = mutexMemory?.get(mutex);
  if (where?.kind === 'malloc-arena') return draft(span, 'allocator-mutex', grade, { ...more, lock: 'futex' });
  const why = where === undefined ? null : ({ code: 'mutex-memory', file: where.file } as const);
  return draft(span, 'mutex', grade, { ...more, lock: 'futex', why });
}

type HeldPart = MutexPart & { readonly tid: number };

/** What the holder waited for is the root; the rest of the time is the holder's. */
function throughHolder(part: HeldPart, wait: MutexWait, traced: TracedEvidence, blame: Blame): LinkDraft[] {
  const { model, run, victim, visited } = traced;
  const thread = threadOf(part.tid, run, model);
  const isFollowed = visited.length < mostThreads && ![...visited, victim.thread.tid].includes(part.tid);
  const as = { ...traced, victim: { ...victim, thread }, visited: [...visited, victim.thread.tid] };
  const passedOn = (isFollowed ? inside(model.segments.get(part.tid), part) : [])
    .filter(({ scheduling }) => scheduling !== 'running')
    .flatMap((segment) =>
      blame(segment, as)
        .filter(({ cause, steps }) => cause !== 'unknown' && (steps.length > 0 || !ownCauses.includes(cause)))
        .map((one): LinkDraft => {
          const duration_ns = one.end_ns - one.start_ns;
          const step = { step: 'mutex', label: null, thread, activity: segment.scheduling, duration_ns } as const;
          return { ...one, grade: weaker(one.grade, part.grade), steps: [step, ...one.steps] };
        }),
    );
  const own = uncovered(part, passedOn).map((rest) => ofHolder({ ...part, ...rest }, wait.mutex, traced));
  return [...passedOn, ...own];
}

/**
 * A holder that sleeps in a call of futex waits for another thread, as a thread of a JVM does that has a lock of the heap
 * and waits until the VM thread has collected. It has the mutex, and why that takes so long is not known.
 */
function ofHolder(part: HeldPart, mutex: string, traced: TracedEvidence): LinkDraft {
  const { model, run } = traced;
  const call = part.isNext ? null : callWhileHeld(part.tid, part, model);
  const slept_ns = lengthOf(
    inside(model.segments.get(part.tid), part).filter(({ scheduling }) => scheduling === 'asleep'),
  );
  const waits = call === null && slept_ns >= (part.end_ns - part.start_ns) / 2;
  return ofMutex(part, waits ? 'possible' : part.grade, mutex, run, {
    isNext: part.isNext,
    ...about(part.tid, part, traced),
    call,
  });
}

/** With these the chain ends at the holder, unless another thread was to blame for them. */
const ownCauses: readonly Cause[] = ['unknown', 'running', 'not-scheduled', 'steal'];

/**
 * The call in which the thread was for most of the time that it had no CPU. Null where that is less than a tenth of the
 * whole: what it did on its CPU is not seen. Its calls of futex say nothing of what it did.
 */
function callWhileHeld(tid: number, part: Span, { segments, calls }: TraceModel): string | null {
  const off_ns = lengthOf(inside(segments.get(tid), part).filter(({ scheduling }) => scheduling !== 'running'));
  const futex = systemCallNumber('futex');
  const made = inside(calls.get(tid), part).filter(({ call }) => call !== futex);
  const [most] = [...grouped(made, ({ call, name }) => name ?? systemCallName(call))]
    .map(([name, spans]) => ({ name, time_ns: lengthOf(spans) }))
    .sort((a, b) => b.time_ns - a.time_ns);
  return most !== undefined && most.time_ns >= Math.max(off_ns / 2, (part.end_ns - part.start_ns) / 10)
    ? most.name
    : null;
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { start_ns, end_ns }) => sum + end_ns - start_ns, 0);
}

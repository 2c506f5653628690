/**
 * Who held a lock and whose turn it was. A convoy of n threads has n stalls with up to n holders each, so nothing here
 * searches all waiters or all holders for one part of a wait. Pure.
 */
import { derivedOnce } from '../base/derived.js';
import { grouped } from '../base/group.js';
import type { Span } from './link-draft.js';
import {
  firstEndingAfter,
  inside,
  overlapping,
  wakingsDuring,
  type Hold,
  type LockWait,
  type TraceModel,
} from './trace-model.js';

/** The turn of a queued writer. */
export interface Turn extends Span {
  readonly tid: number;
}

/** By the order in which the writers queued. */
type NumberedTurn = Turn & { readonly place: number };

/** A queue of mmap_lock, by start. */
const writersIn = derivedOnce((queue: readonly LockWait[]) => queue.filter(({ isWrite }) => isWrite));

const holdsByThread = derivedOnce((holds: readonly Hold[]) => grouped(holds, ({ tid }) => tid));

const turnsByThread = derivedOnce((turns: readonly NumberedTurn[]) => grouped(turns, ({ tid }) => tid));

const turnsOf = derivedOnce((model: TraceModel) => {
  const turns = [...model.waitsOn].map(([mm, queue]) => {
    const list = writersIn(queue).flatMap((queued) => turnsOfWriter(queued, model));
    return [mm, list.map((turn, place) => ({ ...turn, place })).sort((a, b) => a.start_ns - b.start_ns)] as const;
  });
  return new Map<bigint, readonly NumberedTurn[]>(turns);
});

/**
 * The turn of a queued writer: from its waking by the thread that released mmap_lock, until it has the lock or sleeps
 * again. A rwsem wakes the first waiter in its queue; readers do not overtake it, and a writer at the tail sleeps on
 * (rwsem_mark_wake in kernel/locking/rwsem.c). The writer reports the lock only when it has a CPU.
 */
function turnsOfWriter(queued: LockWait, model: TraceModel): Turn[] {
  const segments = inside(model.segments.get(queued.tid), queued);
  // A writer may be woken while it is on its way to sleep. Then the waking has the time at which the wait begins.
  const fromStart = { start_ns: queued.start_ns - 1, end_ns: queued.end_ns };
  return wakingsDuring(model.wakings, queued.tid, fromStart).flatMap(({ time_ns: woken_ns, by, isTurn = false }) => {
    if (!isTurn && !gaveBack(by, { start_ns: queued.start_ns, end_ns: woken_ns }, queued.mm, model)) return [];
    const slept = segments.find(
      (one) => one.start_ns >= woken_ns && one.scheduling !== 'runnable' && one.scheduling !== 'running',
    );
    return [{ tid: queued.tid, start_ns: woken_ns, end_ns: slept?.start_ns ?? queued.end_ns }];
  });
}

/** The event precedes the release: a thread that queues between the two begins after the event, and is still woken. */
const giving_ns = 1_000_000;

function gaveBack(tid: number, { start_ns, end_ns }: Span, mm: bigint, model: TraceModel): boolean {
  const holds = model.holds.get(mm);
  return (
    holds !== undefined &&
    overlapping(holdsByThread(holds).get(tid), { start_ns: start_ns - giving_ns, end_ns }).some(
      (hold) => hold.end_ns <= end_ns,
    )
  );
}

/** In the queue of that mmap_lock, by place. */
export function turnsDuring(span: Span, mm: bigint, model: TraceModel): Turn[] {
  return overlapping(turnsOf(model).get(mm), span).sort((a, b) => a.place - b.place);
}

/** The turns and holds of the waiting thread, by start. */
export function ownDuring(wait: LockWait, model: TraceModel): Span[] {
  const [turns, holds] = [turnsOf(model).get(wait.mm), model.holds.get(wait.mm)];
  return [
    ...(turns === undefined ? [] : overlapping(turnsByThread(turns).get(wait.tid), wait)),
    ...(holds === undefined ? [] : overlapping(holdsByThread(holds).get(wait.tid), wait)),
  ].sort((a, b) => a.start_ns - b.start_ns);
}

/** Whether the thread has a lock of this kind for writing at some time of the part. */
export function hasForWriting(tid: number, part: Span, { holds }: Pick<TraceModel, 'holds'>): boolean {
  return [...holds.values()].some((list) =>
    overlapping(holdsByThread(list).get(tid), part).some(({ isWrite }) => isWrite),
  );
}

/** The first writer in the queue that waited during the whole part, of those that `isMeant`. */
export function firstWriter(
  queue: readonly LockWait[] | undefined,
  part: Span,
  isMeant: (wait: LockWait) => boolean,
): LockWait | null {
  if (queue === undefined) return null;
  const writers = writersIn(queue);
  for (let i = firstEndingAfter(writers, part.start_ns); i < writers.length; i += 1) {
    const one = writers[i];
    if (one === undefined || one.start_ns > part.start_ns) return null;
    if (one.end_ns >= part.end_ns && isMeant(one)) return one;
  }
  return null;
}

/** A steal takes less than this. */
const steal_ns = 1_000_000;

/** Without those that took the lock for a moment during the turn of another thread. */
export function withoutSteals(holds: readonly Hold[], turns: readonly Turn[]): Hold[] {
  const byStart = turns.toSorted((a, b) => a.start_ns - b.start_ns);
  return holds.filter(
    (hold) =>
      hold.end_ns - hold.start_ns >= steal_ns ||
      !overlapping(byStart, hold).some(
        (turn) => turn.tid !== hold.tid && turn.start_ns <= hold.start_ns && hold.end_ns <= turn.end_ns,
      ),
  );
}

export interface QueuePart {
  readonly part: Span;
  /** Of those that had the lock during the whole part: the first writer, else the reader that gave it back last. */
  readonly holder: Hold | null;
  /** Whose turn it was, the writer that queued first. */
  readonly turn: Turn | null;
}

/** The span, cut wherever a hold or a turn begins or ends. `holds`: by start; `turns`: by place in the queue. */
export function queueParts(whole: Span, holds: readonly Hold[], turns: readonly Turn[]): QueuePart[] {
  const edges = new Set([whole.start_ns, whole.end_ns]);
  for (const { start_ns, end_ns } of [...holds, ...turns]) {
    edges.add(Math.max(start_ns, whole.start_ns));
    edges.add(Math.min(end_ns, whole.end_ns));
  }
  const byTime = [...edges].sort((a, b) => a - b);
  const holderOf = holders(holds);
  const turnOf = firstTurns(turns);
  return byTime.slice(1).map((end_ns, i) => {
    const part = { start_ns: byTime[i] ?? end_ns, end_ns };
    return { part, holder: holderOf(part), turn: turnOf(part) };
  });
}

/** For parts that follow each other. */
function holders(holds: readonly Hold[]): (part: Span) => Hold | null {
  const writers = holds.filter(({ isWrite }) => isWrite);
  let next = 0;
  // If the last to give it back has done so, all of those that took it until then have.
  let last: Hold | null = null;
  return ({ start_ns, end_ns }) => {
    for (let one = holds[next]; one !== undefined && one.start_ns < end_ns; next += 1, one = holds[next])
      if (last === null || one.end_ns > last.end_ns) last = one;
    const writer = writers[firstEndingAfter(writers, start_ns)];
    if (writer !== undefined && writer.start_ns < end_ns) return writer;
    return last !== null && last.end_ns > start_ns ? last : null;
  };
}

/** For parts that follow each other. A lock wakes one writer at a time, so few turns last at once. */
function firstTurns(turns: readonly Turn[]): (part: Span) => Turn | null {
  const byStart = turns.map((turn, place) => ({ turn, place })).sort((a, b) => a.turn.start_ns - b.turn.start_ns);
  let next = 0;
  let current: typeof byStart = [];
  return ({ start_ns, end_ns }) => {
    if (current.some(({ turn }) => turn.end_ns <= start_ns))
      current = current.filter(({ turn }) => turn.end_ns > start_ns);
    for (let one = byStart[next]; one !== undefined && one.turn.start_ns < end_ns; next += 1, one = byStart[next])
      if (one.turn.end_ns > start_ns) current.push(one);
    return (
      current.reduce<(typeof byStart)[number] | null>(
        (first, one) => (first === null || one.place < first.place ? one : first),
        null,
      )?.turn ?? null
    );
  };
}

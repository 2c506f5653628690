/**
 * The parts of a wait for mmap_lock, each with who had the lock. The n waiters of a convoy wait behind up to n holders
 * each, but behind the same holders: so the time of a lock is cut once, and all its waiters share the parts. Pure.
 */
import { derivedOnce } from '../base/derived.js';
import { partitionPoint } from '../base/sorted.js';
import type { Span } from './link-draft.js';
import { ownDuring, queueParts, turnsDuring, withoutSteals, type QueuePart } from './lock-queues.js';
import { firstEndingAfter, overlapping, type LockWait, type TraceModel } from './trace-model.js';

interface SharedParts extends Span {
  readonly parts: readonly QueuePart[];
  /** Of the parts. */
  readonly spans: readonly Span[];
}

const sharedIn = derivedOnce((model: TraceModel) => derivedOnce((queue: readonly LockWait[]) => shared(queue, model)));

/** `queue`: all that wait for a lock. */
function shared(queue: readonly LockWait[], model: TraceModel): SharedParts {
  const whole = { start_ns: Infinity, end_ns: -Infinity };
  for (const { start_ns, end_ns } of queue) {
    whole.start_ns = Math.min(whole.start_ns, start_ns);
    whole.end_ns = Math.max(whole.end_ns, end_ns);
  }
  const parts = queue[0] === undefined ? [] : partsDuring(whole, queue[0].mm, model, () => true);
  return { ...whole, parts, spans: parts.map(({ part }) => part) };
}

function partsDuring(span: Span, mm: bigint, model: TraceModel, counts: (tid: number) => boolean): QueuePart[] {
  const turns = turnsDuring(span, mm, model).filter(({ tid }) => counts(tid));
  const holds = overlapping(model.holds.get(mm), span).filter(({ tid }) => counts(tid));
  return queueParts(span, withoutSteals(holds, turns), turns);
}

/** Of a list that other waits may share. */
export interface PartRange {
  readonly parts: readonly QueuePart[];
  readonly from: number;
  /** Behind the last. */
  readonly to: number;
}

/** The parts of the wait, in order. Those that the ends of the wait cut, or its thread's own turns, are not shared. */
export function partsOfWait(wait: LockWait, model: TraceModel): PartRange[] {
  const ownParts = (span: Span): PartRange => {
    const parts = partsDuring(span, wait.mm, model, (tid) => tid !== wait.tid);
    return { parts, from: 0, to: parts.length };
  };
  const queue = model.waitsOn.get(wait.mm);
  const all = queue === undefined ? null : sharedIn(model)(queue);
  if (all === null || all.start_ns > wait.start_ns || all.end_ns < wait.end_ns) return [ownParts(wait)];
  const { parts, spans } = all;
  const first = firstEndingAfter(spans, wait.start_ns);
  const end = firstFrom(spans, wait.end_ns);
  const start_ns = (i: number): number => Math.max(spans[i]?.start_ns ?? wait.end_ns, wait.start_ns);
  const found: PartRange[] = [];
  let next = first;
  for (const { from, to } of [...rangesOfOwn(wait, spans, model), { from: end, to: end }]) {
    if (from > next) found.push({ parts, from: next, to: from });
    next = Math.min(to, end);
    if (next > from) found.push(ownParts({ start_ns: start_ns(from), end_ns: Math.min(start_ns(next), wait.end_ns) }));
  }
  return found;
}

/** Index of the first span that does not start before `at_ns`. */
function firstFrom(spans: readonly Span[], at_ns: number): number {
  return partitionPoint(spans, ({ start_ns }) => start_ns < at_ns);
}

/**
 * A thread does not wait for itself: its own turn is none of its parts, and no thread steals the lock from it alone.
 * Ranges of parts that its turns and holds meet or touch, as the edge between two parts may be theirs alone. The first
 * and the last part of the wait, which its ends may cut, count as its own, too.
 */
function rangesOfOwn(wait: LockWait, spans: readonly Span[], model: TraceModel): { from: number; to: number }[] {
  const [first, end] = [firstEndingAfter(spans, wait.start_ns), firstFrom(spans, wait.end_ns)];
  const own = ownDuring(wait, model).map(({ start_ns, end_ns }) => ({
    from: Math.max(firstEndingAfter(spans, start_ns) - 1, first),
    to: Math.min(firstFrom(spans, end_ns) + 1, end),
  }));
  const ranges: { from: number; to: number }[] = [];
  for (const { from, to } of [{ from: first, to: first + 1 }, ...own, { from: end - 1, to: end }]) {
    const last = ranges.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else ranges.push({ from, to });
  }
  return ranges;
}

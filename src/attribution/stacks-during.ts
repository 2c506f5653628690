/** Kernel stacks of one thread, read while a span lasted. */
import { grouped } from '../base/group.js';
import { partitionPoint } from '../base/sorted.js';
import type { StackReading } from '../record/stacks.js';
import type { Span } from './link-draft.js';

/** In order of time. */
export function stacksOfThread(
  stacks: readonly StackReading[],
  tid: number,
  { start_ns, end_ns }: Span,
): readonly StackReading[] {
  const own = byThread(stacks).get(tid) ?? [];
  return own.slice(
    partitionPoint(own, ({ time_ns }) => time_ns < start_ns),
    partitionPoint(own, ({ time_ns }) => time_ns <= end_ns),
  );
}

/** A trace has thousands of stacks, and every part of every stall asks for some. */
const sorted = new WeakMap<readonly StackReading[], ReadonlyMap<number, readonly StackReading[]>>();

function byThread(stacks: readonly StackReading[]): ReadonlyMap<number, readonly StackReading[]> {
  let threads = sorted.get(stacks);
  if (threads === undefined) {
    threads = grouped(
      stacks.toSorted((a, b) => a.time_ns - b.time_ns),
      ({ tid }) => tid,
    );
    sorted.set(stacks, threads);
  }
  return threads;
}

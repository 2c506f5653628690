/**
 * Which threads are without a CPU mostly while others of their process wait for a lock of the address space; of the
 * kernel's threads, which work on the memory of every process, while those of some process do. A single
 * wait proves little: a thread of low priority is often without a CPU. Over an observation, that of a holder goes with
 * the waits, and that of any other thread does not. Pure.
 */
import { lockWaitOf } from '../catalogue/lock-waits.js';
import { grouped } from '../base/group.js';
import type { StateChange, Timeline } from '../record/samples.js';
import type { StackReading } from '../record/stacks.js';

/** Fewer may come together by chance. */
const leastTimes = 3;
/** Of its time without a CPU, the share in which others wait. */
const leastShare = 0.5;
/** This share, as a multiple of the share in the rest of the time. */
const leastRatio = 2;

export function lockCompanions(
  timelines: ReadonlyMap<number, Timeline>,
  waits: readonly StackReading[],
  kernelTids: readonly number[] = [],
): ReadonlySet<number> {
  const companions = new Set<number>();
  const ofKernel = kernelTids.flatMap((tid) => timelines.get(tid) ?? []);
  const inPrograms = [...timelines.values()].filter((timeline) => !ofKernel.includes(timeline));
  for (const inProcess of grouped(inPrograms, ({ pid }) => pid).values()) {
    const waiting = looksWithWaiters(inProcess, waits);
    for (const timeline of [...inProcess, ...ofKernel]) if (goesWith(timeline, waiting)) companions.add(timeline.tid);
  }
  return companions;
}

/** Of each look, whether a thread was seen waiting for a lock of the address space. */
function looksWithWaiters(timelines: readonly Timeline[], waits: readonly StackReading[]): Uint8Array {
  const looks = new Uint8Array(timelines[0]?.ticks_ns.length ?? 0);
  const byThread = grouped(
    waits.filter(({ frames: [name = ''] }) => lockWaitOf(name) !== null),
    ({ tid }) => tid,
  );
  for (const timeline of timelines) {
    const readings = byThread.get(timeline.tid);
    if (readings === undefined) continue;
    const blocked = spans(timeline).filter(({ change }) => change.state === 'D');
    for (const { time_ns } of readings) {
      const span = blocked.findLast(({ change }) => change.time_ns <= time_ns);
      if (span !== undefined) looks.fill(1, span.change.tick, span.end);
    }
  }
  return looks;
}

interface SameState {
  readonly change: StateChange;
  /** The first look that found the thread otherwise. */
  readonly end: number;
}

function spans({ changes, ticks_ns }: Timeline): SameState[] {
  return changes.map((change, i) => ({ change, end: changes[i + 1]?.tick ?? ticks_ns.length }));
}

function goesWith(timeline: Timeline, waiting: Uint8Array): boolean {
  // In state R in two looks, and nothing changed: without a CPU.
  const starved = spans(timeline).filter(({ change, end }) => change.state === 'R' && end - change.tick >= 2);
  const counts = starved.map(({ change, end }) => ({
    looks_n: end - change.tick,
    waiting_n: sumOf(waiting.subarray(change.tick, end)),
  }));
  const looks_n = counts.reduce((sum, one) => sum + one.looks_n, 0);
  const waiting_n = counts.reduce((sum, one) => sum + one.waiting_n, 0);
  const rest_n = waiting.length - looks_n;
  if (counts.filter((one) => one.waiting_n > 0).length < leastTimes) return false;
  const share = waiting_n / looks_n;
  const elsewhere = rest_n === 0 ? share : (sumOf(waiting) - waiting_n) / rest_n;
  return share >= leastShare && share >= leastRatio * elsewhere;
}

function sumOf(flags: Uint8Array): number {
  return flags.reduce((sum, flag) => sum + flag, 0);
}

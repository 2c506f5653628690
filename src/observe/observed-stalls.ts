/**
 * Stalls of an observed process: spans in which one of its threads wanted to go on and could not. A thread does when it is
 * blocked in the kernel (state D), ready to run without a CPU, or stopped. A sleep does not count, because threads sleep
 * between their jobs; three kinds of sleep do: until a safepoint of the JVM is over, for a mutex, and in a frozen
 * cgroup. Pure.
 */
import type { Span } from '../attribution/link-draft.js';
import { grouped } from '../base/group.js';
import { vmThread } from '../catalogue/collectors.js';
import { kernelWaitOf } from '../catalogue/kernel-waits.js';
import { systemCallNumber } from '../catalogue/system-calls.js';
import type { Stall } from '../record/stalls.js';
import { mutexOf } from './mutex-sleeps.js';
import { readyAt, type Observed, type ObservedCall, type ObservedThread, type OffRecord } from './observed.js';

export interface ObservedStall {
  readonly thread: ObservedThread;
  readonly stall: Stall;
}

/** A thread runs for less than this between two waits of one stall: to try a lock again, and not to do its work. */
export const moment_ns = 100_000;

interface Part extends Span {
  readonly letter: 'D' | 'R' | 'S' | 'T';
}

export interface StallOptions {
  readonly pids: readonly number[];
  readonly threshold_ns: number;
  /** Names of kernel functions by address; null: they are hidden, or not known yet. */
  readonly symbols: ReadonlyMap<string, string> | null;
}

/** By start. `pids`: the processes that are observed. */
export function observedStalls(
  { offs, exits }: Pick<Observed, 'offs' | 'exits'>,
  end_ns: number,
  { pids, threshold_ns, symbols }: StallOptions,
): ObservedStall[] {
  const ours = offs.filter(({ thread }) => pids.includes(thread.pid));
  return [...grouped(ours, ({ thread }) => thread.tid).values()]
    .flatMap((list) => ofThread(list, exits, { end_ns, threshold_ns, symbols }))
    .sort((a, b) => a.stall.start_ns - b.stall.start_ns);
}

function ofThread(
  offs: readonly OffRecord[],
  exits: ReadonlyMap<number, number>,
  { end_ns, threshold_ns, symbols }: Omit<StallOptions, 'pids'> & { readonly end_ns: number },
): ObservedStall[] {
  const waits: ObservedWait[] = [];
  for (const off of offs.toSorted((a, b) => a.off_ns - b.off_ns)) {
    const wait = waitWith(waits.at(-1), off, symbols);
    if (wait !== null && wait !== waits.at(-1)) waits.push(wait);
  }
  return waits.flatMap((wait) => (waited_ns(wait) < threshold_ns ? [] : [stallOfWait(wait, exits, end_ns)]));
}

/** Intervals of one thread, with less than a moment between them. */
export interface ObservedWait {
  readonly thread: ObservedThread;
  readonly parts: Part[];
  hasEnded: boolean;
}

/** `last` if `off` goes on with it, to which it is then added; else a new wait; null: it is a sleep. */
export function waitWith(
  last: ObservedWait | undefined,
  off: OffRecord,
  symbols: StallOptions['symbols'],
): ObservedWait | null {
  const parts = partsOf(off, symbols);
  const [first] = parts;
  if (first === undefined) return null;
  if (last === undefined || first.start_ns - endOf(last) >= moment_ns)
    return { thread: off.thread, parts, hasEnded: off.hasEnded };
  last.parts.push(...parts);
  last.hasEnded = off.hasEnded;
  return last;
}

export function endOf({ parts }: ObservedWait): number {
  return parts.at(-1)?.end_ns ?? -Infinity;
}

/** What was before the observation does not count. */
export function waited_ns(wait: ObservedWait): number {
  return Math.max(0, endOf(wait) - startOf(wait));
}

export function startOf({ parts }: ObservedWait): number {
  return Math.max(0, parts[0]?.start_ns ?? 0);
}

export function stallOfWait(wait: ObservedWait, exits: ReadonlyMap<number, number>, end_ns: number): ObservedStall {
  const { thread, parts, hasEnded } = wait;
  const exit_ns = exits.get(thread.tid);
  // An exit before the wait is that of an earlier thread with this id.
  const threadEnded = !hasEnded && exit_ns !== undefined && exit_ns >= startOf(wait) && exit_ns <= end_ns;
  return {
    thread,
    stall: stallOf(thread, parts, {
      start_ns: startOf(wait),
      duration_ns: waited_ns(wait),
      stillRunning: !hasEnded && !threadEnded,
      threadEnded,
    }),
  };
}

/** `parts`: of one wait. */
export function stallOf(
  thread: ObservedThread,
  parts: readonly Part[],
  { start_ns, duration_ns, ...end }: Pick<Stall, 'start_ns' | 'duration_ns' | 'stillRunning' | 'threadEnded'>,
): Stall {
  return {
    series: observedSeries(thread),
    start_ns,
    duration_ns,
    intended_ns: start_ns,
    ...end,
    recorded: true,
    ...statesOf(parts, duration_ns),
    ownRunDelayAtMost_ns: timeIn(parts, 'R'),
    overlappingHolderCalls: [],
    overlappingHolderCalls_n: 0,
  };
}

/** With the thread's id, because a pool may give all its threads the same name. */
export function observedSeries({ name, tid }: ObservedThread): string {
  return `${name} (${tid})`;
}

const futexCommand = 0x7f;
const futexWait = 0;
const futexWake = 1;
const everyWaiter = 0x7fff_ffff;

/**
 * HotSpot's threads wait for the end of a safepoint by FUTEX_WAIT, and its VM thread wakes all of them at once
 * (LinuxWaitBarrier, from JDK 14 on). Threads that wait for work from the VM thread, such as those of a collector, use
 * pthread_cond_wait, which is FUTEX_WAIT_BITSET.
 */
export function endsSafepoint({ call, waker, wakerCall, thread }: OffRecord): boolean {
  if (waker?.name !== vmThread || waker.pid !== thread.pid || call === null || wakerCall === null) return false;
  const argument = (of: ObservedCall, index: number): bigint => BigInt(`0x${of.arguments[index] ?? '0'}`);
  const command = (of: ObservedCall): number => Number(argument(of, 1)) & futexCommand;
  const futex = systemCallNumber('futex');
  return (
    call.number === futex &&
    wakerCall.number === futex &&
    argument(call, 0) === argument(wakerCall, 0) &&
    command(call) === futexWait &&
    command(wakerCall) === futexWake &&
    Number(argument(wakerCall, 2) & 0xffff_ffffn) === everyWaiter
  );
}

/** cgroup v2 freezes a thread in an interruptible sleep. */
function isFrozen({ stack }: OffRecord, symbols: StallOptions['symbols']): boolean {
  return symbols !== null && kernelWaitOf(stack.map((address) => symbols.get(address) ?? '')) === 'freezer';
}

function partsOf(off: OffRecord, symbols: StallOptions['symbols']): Part[] {
  const { state, off_ns, on_ns } = off;
  const until_ns = readyAt(off);
  const isPause = state === 'asleep' && (endsSafepoint(off) || mutexOf(off) !== null || isFrozen(off, symbols));
  const letter = { runnable: 'R', blocked: 'D', stopped: 'T', asleep: 'S' } as const;
  const parts: Part[] = [
    ...(state === 'asleep' && !isPause
      ? []
      : [{ letter: letter[state], start_ns: off_ns, end_ns: state === 'runnable' ? on_ns : until_ns }]),
    ...(state === 'runnable' ? [] : [{ letter: 'R', start_ns: until_ns, end_ns: on_ns } as const]),
  ];
  return parts.filter(({ start_ns, end_ns }) => end_ns > start_ns);
}

function timeIn(parts: readonly Part[], letter: Part['letter']): number {
  return parts.reduce((sum, part) => sum + (part.letter === letter ? part.end_ns - part.start_ns : 0), 0);
}

function statesOf(parts: readonly Part[], duration_ns: number): Pick<Stall, 'states' | 'stateShares' | 'dominant'> {
  const letters = [...new Set(parts.map(({ letter }) => letter))];
  const shares = Object.fromEntries(letters.map((letter) => [letter, timeIn(parts, letter) / duration_ns]));
  const [most = 'R'] = letters.toSorted((a, b) => timeIn(parts, b) - timeIn(parts, a));
  return {
    states: letters.map((letter) => `${letter} ${Math.round(timeIn(parts, letter) / 1e6)} ms`).join(' '),
    stateShares: shares,
    dominant: most === 'T' ? 'other' : most,
  };
}

/**
 * What was observed, in the model that attribution reads traces by. An observation knows spans and no events, and none
 * that is shorter than `detail_ns`: between two spans off the CPU a thread counts as running. Pure.
 */
import {
  overlapping,
  type Call,
  type Hold,
  type OtherWait,
  type Segment,
  type TraceModel,
  type Waking,
} from '../attribution/trace-model.js';
import type { Span } from '../attribution/link-draft.js';
import { uncovered } from '../attribution/links.js';
import { grouped } from '../base/group.js';
import { partitionPoint } from '../base/sorted.js';
import { callNamed, workByFunction, workOnFile } from '../catalogue/named-calls.js';
import { contentionFlags } from '../record/trace/trace.js';
import { mutexWaits } from './mutex-sleeps.js';
import { moment_ns } from './observed-stalls.js';
import { lockWaits, type KernelSymbols } from './observed-waits.js';
import {
  readyAt,
  type HoldRecord,
  type KeptRecords,
  type ObservedCall,
  type ObservedThread,
  type OffRecord,
} from './observed.js';

export function observedModel({ offs, holds, rans }: KeptRecords, symbols: KernelSymbols): TraceModel {
  const names = new Map<number, string>();
  const named = (thread: ObservedThread | null): void => {
    if (thread !== null && thread.tid !== 0) names.set(thread.tid, thread.name);
  };
  for (const { thread, waker, taker, before } of offs) [thread, waker, taker, before].forEach(named);
  for (const { thread } of [...holds, ...rans]) named(thread);
  const waits = lockWaits({ offs, holds }, symbols);
  return {
    holds: listsBy([
      ...holds.filter(({ hasIt }) => hasIt).map((one) => [BigInt(one.lockPid), holdOf(one)] as const),
      ...offs.flatMap((off) => shortHoldOf(off).map((short) => [BigInt(off.lockPid), short] as const)),
      ...offs.flatMap((off) => heldWhileBlocked(off).map((held) => [BigInt(off.lockPid), held] as const)),
    ]),
    waitsOn: listsBy(waits.map((wait) => [wait.mm, wait] as const)),
    waits: listsBy(waits.map((wait) => [wait.tid, wait] as const)),
    otherWaits: listsBy(offs.flatMap((off) => otherWaitOf(off).map((wait) => [off.thread.tid, wait] as const))),
    ...mutexWaits(offs),
    segments: segmentsOf(offs, holds),
    calls: callsOf(offs, holds, symbols),
    wakings: listsBy(
      offs.flatMap((off): [number, Waking][] =>
        off.woken_ns === null ? [] : [[off.thread.tid, wakingOf(off, off.woken_ns)]],
      ),
    ),
    ran: listsBy(rans.map(({ cpu, thread, start_ns, end_ns }) => [cpu, { tid: thread.tid, start_ns, end_ns }])),
    names,
    ranIsWhole: false,
    // Threads of other programs are followed while they have to do with the lock, which is when they matter.
    outsideFrom_ns: 0,
  };
}

/** Each list by start. */
function listsBy<Key, Item extends Span | Waking>(pairs: readonly (readonly [Key, Item])[]): Map<Key, Item[]> {
  const from = (item: Span | Waking): number => ('time_ns' in item ? item.time_ns : item.start_ns);
  return new Map(
    [...grouped(pairs, ([key]) => key)].map(([key, list]) => [
      key,
      list.map(([, item]) => item).sort((a, b) => from(a) - from(b)),
    ]),
  );
}

/**
 * Only the lock wakes a writer that sleeps for it, as long as its process lives. The waker's hold is no condition: it is
 * not recorded where the waker was faster than the writer fell asleep, or where a third thread has the lock by now.
 */
function wakingOf({ waker, lock, isWrite }: OffRecord, time_ns: number): Waking {
  return { time_ns, by: waker?.tid ?? 0, ...(lock === 'waits' && isWrite ? { isTurn: true } : {}) };
}

function holdOf({ thread, isWrite, isSure, acquired_ns, released_ns }: HoldRecord): Hold {
  return { tid: thread.tid, isWrite, isSure, start_ns: acquired_ns, end_ns: released_ns };
}

/** Of who woke the thread by giving the lock back; a long one has a record of its own, and then this says it again. */
function shortHoldOf({ waker, gaveFrom_ns, gaveTo_ns, gaveWrite }: OffRecord): Hold[] {
  return waker === null || gaveFrom_ns === null || gaveTo_ns === null
    ? []
    : [{ tid: waker.tid, isWrite: gaveWrite, isSure: true, start_ns: gaveFrom_ns, end_ns: gaveTo_ns }];
}

/** A writer that waits for the readers of a VMA, and for whom nobody waits. */
function heldWhileBlocked({ thread, lock, isWrite, off_ns, on_ns }: OffRecord): Hold[] {
  return lock === 'holds' ? [{ tid: thread.tid, isWrite, isSure: true, start_ns: off_ns, end_ns: on_ns }] : [];
}

/** For a sleeping lock of the kernel that is not a target's mmap_lock. */
function otherWaitOf({ lock, contention, off_ns, woken_ns, on_ns }: OffRecord): OtherWait[] {
  return contention < 0 || lock === 'waits'
    ? []
    : [
        {
          start_ns: off_ns,
          end_ns: woken_ns ?? on_ns,
          isRead: (contention & contentionFlags.read) !== 0,
          isWrite: (contention & contentionFlags.write) !== 0,
        },
      ];
}

/**
 * Between two spans off its CPU a thread ran, or slept for less than is reported. Where that was a moment, or where the
 * thread had the lock (then shorter spans are reported too), it counts as running; else nothing is said of it.
 */
function segmentsOf(offs: readonly OffRecord[], holds: readonly HoldRecord[]): Map<number, Segment[]> {
  const holdsOf = grouped(holds, ({ thread }) => thread.tid);
  return new Map(
    [...grouped(offs, ({ thread }) => thread.tid)].map(([tid, list]) => {
      const spans = list.flatMap(offSegments).sort((a, b) => a.start_ns - b.start_ns);
      const gaps = spans.slice(1).map((next, i) => ({
        start_ns: spans[i]?.end_ns ?? next.start_ns,
        end_ns: next.start_ns,
        cpu: spans[i]?.cpu ?? next.cpu,
      }));
      const running = [
        ...gaps.filter(({ start_ns, end_ns }) => end_ns - start_ns < moment_ns),
        ...(holdsOf.get(tid) ?? []).flatMap((hold) =>
          uncovered(
            { start_ns: hold.acquired_ns, end_ns: hold.released_ns },
            overlapping(spans, { start_ns: hold.acquired_ns, end_ns: hold.released_ns }),
          ).map((part) => ({
            ...part,
            cpu: (spans[partitionPoint(spans, ({ start_ns }) => start_ns <= part.start_ns) - 1] ?? spans[0])?.cpu ?? 0,
          })),
        ),
      ].map((part): Segment => ({ ...part, scheduling: 'running', wokenBy: null }));
      return [tid, withoutOverlap([...spans, ...running])];
    }),
  );
}

function offSegments(off: OffRecord): Segment[] {
  const { state, off_ns, woken_ns, on_ns, busy_ns, waker, cpuOut, cpuIn } = off;
  const ready_ns = readyAt(off);
  const wait_ns = state === 'runnable' ? on_ns - off_ns : on_ns - ready_ns;
  const busy = busy_ns === 0 ? {} : { busy_share: busy_ns / wait_ns };
  const segments: Segment[] = [
    {
      scheduling: state,
      cpu: cpuOut,
      wokenBy: woken_ns === null ? null : (waker?.tid ?? 0),
      start_ns: off_ns,
      end_ns: ready_ns,
      ...(state === 'runnable' ? busy : {}),
    },
    // It waited in the queue of the CPU that it then got.
    { scheduling: 'runnable', cpu: cpuIn, wokenBy: null, start_ns: ready_ns, end_ns: on_ns, ...busy },
  ];
  return segments.filter(({ start_ns, end_ns }) => end_ns > start_ns);
}

/** By start, each from where the one before ended. */
function withoutOverlap(segments: readonly Segment[]): Segment[] {
  let until_ns = -Infinity;
  return segments
    .toSorted((a, b) => a.start_ns - b.start_ns)
    .flatMap((segment) => {
      const start_ns = Math.max(segment.start_ns, until_ns);
      until_ns = Math.max(until_ns, segment.end_ns);
      return segment.end_ns > start_ns ? [{ ...segment, start_ns }] : [];
    });
}

/** A thread is in one system call at a time: what is seen in two records of it is one span of it each. */
function callsOf(
  offs: readonly OffRecord[],
  holds: readonly HoldRecord[],
  symbols: KernelSymbols,
): Map<number, Call[]> {
  const files = filesOf(offs, holds, symbols);
  const span = ({ tid }: ObservedThread, call: ObservedCall | null, start_ns: number, end_ns: number): Spanned[] => {
    if (call === null) return [];
    const name = files.get(fileKey(tid, call)) ?? callNamed(call.number, call.arguments);
    return [[tid, { call: call.number, name, start_ns, end_ns }]];
  };
  return listsBy([
    ...offs.flatMap(({ thread, call, off_ns, on_ns }) => span(thread, call, off_ns, on_ns)),
    // Of a waker only the moment is known in which it gave back what the thread waited for.
    ...offs.flatMap(({ off_ns, woken_ns, waker, wakerCall }) =>
      woken_ns === null || waker === null ? [] : span(waker, wakerCall, Math.max(off_ns, woken_ns - 1), woken_ns),
    ),
    ...holds.flatMap(({ thread, call, acquired_ns, released_ns }) => span(thread, call, acquired_ns, released_ns)),
  ]);
}

type Spanned = readonly [tid: number, call: Call];

/**
 * The file that a thread reads or writes is known of some of its calls: the observer looks it up later, when the thread
 * may have closed it, and a stack shows a file of /proc by its function. The model assumes that the same call of
 * the thread with the same descriptor means the same file.
 */
function filesOf(
  offs: readonly OffRecord[],
  holds: readonly HoldRecord[],
  symbols: KernelSymbols,
): ReadonlyMap<string, string> {
  const shown = [...offs, ...holds].flatMap(({ thread: { tid }, call, stack }) => {
    const name = symbols === null ? null : workByFunction(stack.map((address) => symbols.get(address) ?? ''));
    return call === null || name === null ? [] : [[fileKey(tid, call), name] as const];
  });
  const found = holds.flatMap(({ thread: { tid }, call, file }) =>
    call === null || file === null ? [] : [[fileKey(tid, call), workOnFile(file) ?? file] as const],
  );
  return new Map([...shown, ...found]);
}

function fileKey(tid: number, { number, arguments: [descriptor = ''] }: ObservedCall): string {
  return `${tid} ${number} ${descriptor}`;
}

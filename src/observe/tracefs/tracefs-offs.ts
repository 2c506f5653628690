/** Intervals off the CPU, from a trace, as the observer of the kernel reports them: so one definition of a stall serves. Pure. */
import { hexadecimal, type TraceBuilder } from '../../attribution/trace-builder.js';
import type { Call, Segment } from '../../attribution/trace-model.js';
import { partitionPoint } from '../../base/sorted.js';
import type { ObservedCall, ObservedThread, OffRecord } from '../observed.js';
import type { ThreadBook } from './tracefs-threads.js';

export interface TracedThreads {
  readonly builder: Pick<TraceBuilder, 'segmentsOf' | 'currentOf' | 'callsOf' | 'openCallOf' | 'nameOf'>;
  readonly book: Pick<ThreadBook, 'threads' | 'exits' | 'futexStacks'>;
}

export interface OffOptions {
  /** Intervals that end later: from the start of the state that the thread has at this time. */
  readonly from_ns: number;
  /** The trace has nothing later. Infinity: intervals that go on have no end. */
  readonly until_ns: number;
  /** Shorter intervals are left out. */
  readonly detail_ns: number;
}

export function tracedOffs(traced: TracedThreads, options: OffOptions): OffRecord[] {
  return [...traced.book.threads.values()].flatMap((thread) => offsOf(thread, traced, options));
}

export function offsOf(
  thread: ObservedThread,
  traced: TracedThreads,
  { from_ns, until_ns, detail_ns }: OffOptions,
): OffRecord[] {
  const { builder, book } = traced;
  const current = builder.currentOf(thread.tid);
  const ended = builder.segmentsOf(thread.tid);
  const segments = [
    ...ended.slice(partitionPoint(ended, ({ end_ns }) => end_ns <= from_ns)),
    ...(current === undefined || current.start_ns >= until_ns ? [] : [current]),
  ];
  const exit_ns = book.exits.get(thread.tid) ?? Infinity;
  return segments.flatMap((segment, i): OffRecord[] => {
    const { scheduling, start_ns } = segment;
    const previous = segments[i - 1];
    // The second part of a wait, or no wait, or that of another thread which has the id now.
    if (scheduling === 'running' || (scheduling === 'runnable' && endsWait(previous, segment)) || start_ns >= exit_ns)
      return [];
    const next = segments[i + 1];
    const last = next?.scheduling === 'runnable' && endsWait(segment, next) ? next : segment;
    const on_ns = Math.min(last.end_ns, until_ns);
    return on_ns - start_ns < detail_ns ? [] : [offOf(thread, traced, { segment, last, on_ns })];
  });
}

/** `second` is the time in the run queue after `first`. */
function endsWait(first: Segment | undefined, second: Segment): boolean {
  return (
    first !== undefined &&
    first.scheduling !== 'running' &&
    first.scheduling !== 'runnable' &&
    first.end_ns === second.start_ns
  );
}

interface OffSegments {
  readonly segment: Segment;
  /** The same, or its time in the run queue. */
  readonly last: Segment;
  readonly on_ns: number;
}

function offOf(thread: ObservedThread, traced: TracedThreads, { segment, last, on_ns }: OffSegments): OffRecord {
  const { scheduling, start_ns, end_ns, wokenBy, cpu } = segment;
  if (scheduling === 'running') throw new Error('a thread that runs is not off its CPU');
  const isWoken = scheduling !== 'runnable' && end_ns !== Infinity && wokenBy !== null;
  return {
    kind: 'off',
    thread,
    state: scheduling,
    off_ns: start_ns,
    woken_ns: isWoken ? end_ns : null,
    on_ns,
    busy_ns: 0,
    hasEnded: last.end_ns !== Infinity,
    cpuOut: cpu,
    cpuIn: last.cpu,
    waker: isWoken && wokenBy !== 0 ? wakerOf(wokenBy, traced) : null,
    taker: null,
    before: null,
    lock: 'none',
    lockPid: 0,
    isWrite: false,
    gaveFrom_ns: null,
    gaveTo_ns: null,
    gaveWrite: false,
    contention: -1,
    call: callAt(thread.tid, start_ns, traced),
    wakerCall: isWoken && wokenBy !== 0 ? callAt(wokenBy, end_ns, traced) : null,
    stackPointer: traced.book.futexStacks.get(thread.tid) ?? null,
    ownStack: null,
    wakerStack: null,
    stack: [],
  };
}

function wakerOf(tid: number, { book, builder }: TracedThreads): ObservedThread {
  return book.threads.get(tid) ?? { tid, pid: 0, nice: 0, name: builder.nameOf(tid) ?? `thread ${tid}` };
}

function callAt(tid: number, at_ns: number, { builder }: TracedThreads): ObservedCall | null {
  const calls = builder.callsOf(tid);
  const open = builder.openCallOf(tid);
  const last: Call | undefined =
    open !== undefined && open.start_ns <= at_ns
      ? open
      : calls[partitionPoint(calls, ({ start_ns }) => start_ns <= at_ns) - 1];
  return last?.arguments === undefined || last.end_ns < at_ns
    ? null
    : { number: last.call, arguments: last.arguments.map(hexadecimal) };
}

/** A trace as spans: which threads held mmap_lock, waited for it, ran, slept, and woke each other. Pure. */
import { partitionPoint } from '../base/sorted.js';
import type { TraceEvent } from '../record/trace/trace.js';
import type { Span } from './links.js';

export interface Hold extends Span {
  readonly tid: number;
  readonly isWrite: boolean;
  /** False: the thread took the lock for read, and another reader may have had it longer. */
  readonly isSure: boolean;
}

export interface LockWait extends Span {
  readonly mm: bigint;
  readonly tid: number;
  readonly isWrite: boolean;
}

/** A wait for a kernel lock other than mmap_lock. The event has only the address of the lock. */
export interface OtherWait extends Span {
  readonly isRead: boolean;
  readonly isWrite: boolean;
}

export type SchedulingState = 'running' | 'runnable' | 'blocked' | 'asleep' | 'stopped';

export interface Segment extends Span {
  readonly scheduling: SchedulingState;
  /** The CPU on which it ran, or ran last. */
  readonly cpu: number;
  /** For a wait: the thread that ended it; 0: an interrupt on an idle CPU; null: not seen. */
  readonly wokenBy: number | null;
}

export interface Call extends Span {
  readonly call: number;
  /** As src/catalogue/calls.ts names it, with its advice; absent where the arguments are not known. */
  readonly name?: string;
}

/** A thread was woken by this thread; 0: by an interrupt on an idle CPU. */
export interface Waking {
  readonly time_ns: number;
  readonly by: number;
}

export interface TraceModel {
  /** By address space, ordered by start. */
  readonly holds: ReadonlyMap<bigint, readonly Hold[]>;
  readonly waitsOn: ReadonlyMap<bigint, readonly LockWait[]>;
  readonly waits: ReadonlyMap<number, readonly LockWait[]>;
  /** By thread. */
  readonly otherWaits: ReadonlyMap<number, readonly OtherWait[]>;
  /** By thread: a partition of the time in which the thread was seen. */
  readonly segments: ReadonlyMap<number, readonly Segment[]>;
  readonly calls: ReadonlyMap<number, readonly Call[]>;
  /** By woken thread, in order. */
  readonly wakings: ReadonlyMap<number, readonly Waking[]>;
  /** By CPU. */
  readonly ran: ReadonlyMap<number, readonly (Span & { readonly tid: number })[]>;
  readonly names: ReadonlyMap<number, string>;
  /** False: short spans on a CPU are missing in `ran`, so a CPU on which nobody was seen may have been idle. */
  readonly ranIsWhole: boolean;
  /**
   * From this time on the trace is complete for threads of other programs. Infinity: it has only what they did beside
   * the workload.
   */
  readonly outsideFrom_ns: number;
}

/** `events`: ordered by time. A span without a beginning or an end reaches to the limits of the covered time. */
export function traceModel(events: readonly TraceEvent[], covered: Span, outsideFrom_ns = Infinity): TraceModel {
  const names = new Map<number, string>();
  for (const event of events) {
    if (event.kind !== 'switch') continue;
    names.set(event.next, event.nextName);
    names.set(event.previous, event.previousName);
  }
  const scheduled = schedule(events, covered);
  return {
    ...lockSpans(events, covered, scheduled.wakings),
    otherWaits: otherWaits(events, covered),
    ...scheduled,
    calls: callSpans(events, covered),
    names,
    ranIsWhole: true,
    outsideFrom_ns,
  };
}

/**
 * A waiting reader gets the lock when it is woken, before it runs and reports it. A rwsem gives the lock to the readers
 * at its head and then wakes them (rwsem_mark_wake in kernel/locking/rwsem.c), so `acquired` is late by their time in
 * the run queue. A writer has to take the lock itself: see turnsDuring. Null for a reader that never slept or still
 * sleeps.
 */
function grantedAt(wait: LockWait, until_ns: number, wakings: TraceModel['wakings']): number | null {
  if (wait.isWrite) return null;
  return wakingsDuring(wakings, wait.tid, { start_ns: wait.start_ns, end_ns: until_ns }).at(-1)?.time_ns ?? null;
}

function lockSpans(
  events: readonly TraceEvent[],
  { start_ns, end_ns }: Span,
  wakings: TraceModel['wakings'],
): Pick<TraceModel, 'holds' | 'waitsOn' | 'waits'> {
  const holds = new Map<bigint, Hold[]>();
  const waitsOn = new Map<bigint, LockWait[]>();
  const waits = new Map<number, LockWait[]>();
  const waiting = new Map<string, LockWait>();
  const held = new Map<string, LockWait>();
  /** Returns when the thread got the lock, or gave up. */
  const endWait = (key: string, at_ns: number): number => {
    const wait = waiting.get(key);
    if (wait === undefined) return at_ns;
    waiting.delete(key);
    const ended = { ...wait, end_ns: grantedAt(wait, at_ns, wakings) ?? at_ns };
    push(waitsOn, wait.mm, ended);
    push(waits, wait.tid, ended);
    return ended.end_ns;
  };
  const endHold = (
    key: string,
    at_ns: number,
    { tid, mm, isWrite }: { readonly tid: number; readonly mm: bigint; readonly isWrite: boolean },
  ): void => {
    const hold = held.get(key);
    held.delete(key);
    // A release without an acquisition: the thread held the lock before the trace began.
    push(holds, mm, {
      tid,
      start_ns: hold?.start_ns ?? start_ns,
      end_ns: at_ns,
      isWrite: hold?.isWrite ?? isWrite,
      isSure: true,
    });
  };
  for (const event of events) {
    if (event.kind !== 'lock-start' && event.kind !== 'lock-acquired' && event.kind !== 'lock-released') continue;
    const { tid, mm, isWrite, time_ns } = event;
    const key = `${tid} ${mm}`;
    if (event.kind === 'lock-start') waiting.set(key, { mm, tid, isWrite, start_ns: time_ns, end_ns });
    else if (event.kind === 'lock-released') endHold(key, time_ns, event);
    else {
      const from_ns = endWait(key, time_ns);
      if (!event.succeeded) continue;
      // A writer that becomes a reader (downgrade) reports an acquisition for reading.
      if (held.has(key)) endHold(key, time_ns, event);
      held.set(key, { tid, mm, isWrite, start_ns: from_ns, end_ns });
    }
  }
  for (const [key, wait] of [...waiting]) {
    const granted_ns = grantedAt(wait, end_ns, wakings);
    endWait(key, end_ns);
    // The thread was woken with the lock, and had no CPU until the end of the trace.
    if (granted_ns !== null) held.set(key, { ...wait, start_ns: granted_ns, end_ns });
  }
  for (const [key, hold] of [...held]) endHold(key, end_ns, hold);
  for (const list of [...holds.values(), ...waitsOn.values(), ...waits.values()])
    list.sort((a, b) => a.start_ns - b.start_ns);
  return { holds, waitsOn, waits };
}

/** mmap_lock is the only read-write semaphore inside a struct mm_struct, which has 1 to 2 KB. */
const mmBytes = 2048n;

function otherWaits(events: readonly TraceEvent[], { end_ns }: Span): Map<number, OtherWait[]> {
  const mms = [
    ...new Set(
      events.flatMap((event) =>
        event.kind === 'lock-start' || event.kind === 'lock-acquired' || event.kind === 'lock-released'
          ? [event.mm]
          : [],
      ),
    ),
  ];
  const waits = new Map<number, OtherWait[]>();
  // A thread waits for a single lock at a time.
  const open = new Map<number, OtherWait & { readonly lock: bigint }>();
  const end = (tid: number, at_ns: number): void => {
    const wait = open.get(tid);
    open.delete(tid);
    if (wait !== undefined)
      push(waits, tid, { start_ns: wait.start_ns, end_ns: at_ns, isRead: wait.isRead, isWrite: wait.isWrite });
  };
  for (const event of events) {
    if (event.kind === 'contended') {
      const { lock, tid, time_ns, isRead, isWrite } = event;
      if (!mms.some((mm) => lock >= mm && lock < mm + mmBytes))
        open.set(tid, { lock, start_ns: time_ns, end_ns, isRead, isWrite });
    } else if (event.kind === 'contention-end' && open.get(event.tid)?.lock === event.lock)
      end(event.tid, event.time_ns);
  }
  for (const tid of [...open.keys()]) end(tid, end_ns);
  return waits;
}

/**
 * Another CPU may wake a thread between its decision to sleep and its switch. try_to_wake_up emits the event first and
 * then waits for the switch, which still has the state in which the thread was going to sleep. So a waking of a running
 * thread that does nothing more until its switch, within this time, ended that sleep before it began.
 */
const wakingRace_ns = 1_000_000;

function schedule(events: readonly TraceEvent[], covered: Span): Pick<TraceModel, 'segments' | 'ran' | 'wakings'> {
  const wakings = new Map<number, Waking[]>();
  const wokenEarly = new Map<number, Waking>();
  const segments = new Map<number, Segment[]>();
  const ran = new Map<number, (Span & { tid: number })[]>();
  const now = new Map<number, Segment>();
  const current = new Map<number, { tid: number; start_ns: number }>();
  const enter = (tid: number, at_ns: number, scheduling: SchedulingState, cpu: number): void => {
    if (tid === 0) return;
    close(tid, at_ns, null);
    now.set(tid, { start_ns: at_ns, end_ns: covered.end_ns, scheduling, cpu, wokenBy: null });
  };
  const close = (tid: number, at_ns: number, wokenBy: number | null): void => {
    const open = now.get(tid);
    if (open !== undefined && at_ns > open.start_ns) push(segments, tid, { ...open, end_ns: at_ns, wokenBy });
  };
  const leaveCpu = (cpu: number, at_ns: number): void => {
    const one = current.get(cpu);
    if (one !== undefined && at_ns > one.start_ns)
      push(ran, cpu, { tid: one.tid, start_ns: one.start_ns, end_ns: at_ns });
  };
  for (const event of events) {
    if (event.kind === 'switch') {
      const { cpu, previous, next, time_ns } = event;
      // The beginning of the previous thread may be missing: it ran until now.
      if (!now.has(previous) && previous !== 0)
        now.set(previous, {
          start_ns: covered.start_ns,
          end_ns: covered.end_ns,
          scheduling: 'running',
          cpu,
          wokenBy: null,
        });
      const early = wokenEarly.get(previous);
      wokenEarly.delete(previous);
      enter(
        previous,
        time_ns,
        early !== undefined && time_ns - early.time_ns <= wakingRace_ns ? 'runnable' : stateOf(event.previousState),
        cpu,
      );
      enter(next, time_ns, 'running', cpu);
      const seen = current.get(cpu);
      // Switches between threads of other programs are not traced, so the previous thread may differ from the thread
      // seen last.
      if (seen?.tid === previous) leaveCpu(cpu, time_ns);
      current.set(cpu, { tid: next, start_ns: time_ns });
    } else wokenEarly.delete(event.tid);
    if (event.kind === 'waking') {
      const waking = { time_ns: event.time_ns, by: event.tid };
      push(wakings, event.woken, waking);
      const open = now.get(event.woken);
      if (open?.scheduling === 'running') wokenEarly.set(event.woken, waking);
      if (open === undefined || open.scheduling === 'running' || open.scheduling === 'runnable') continue;
      close(event.woken, event.time_ns, event.tid);
      now.set(event.woken, {
        start_ns: event.time_ns,
        end_ns: covered.end_ns,
        scheduling: 'runnable',
        cpu: open.cpu,
        wokenBy: null,
      });
    }
  }
  for (const tid of now.keys()) close(tid, covered.end_ns, null);
  for (const cpu of current.keys()) leaveCpu(cpu, covered.end_ns);
  return { segments, ran, wakings };
}

/** Bits of prev_state (include/linux/sched.h): 1 S, 2 D, 4 T, 8 t. No bit: runnable; 0x100: preempted. */
export function stateOf(bits: number): SchedulingState {
  const state = bits & 0xff;
  if (state === 0) return 'runnable';
  if ((state & 2) !== 0) return 'blocked';
  return (state & 12) !== 0 ? 'stopped' : 'asleep';
}

function callSpans(events: readonly TraceEvent[], covered: Span): Map<number, Call[]> {
  const calls = new Map<number, Call[]>();
  const open = new Map<number, Call>();
  for (const event of events) {
    if (event.kind === 'enter')
      open.set(event.tid, { call: event.call, start_ns: event.time_ns, end_ns: covered.end_ns });
    else if (event.kind === 'exit') {
      push(calls, event.tid, {
        call: event.call,
        start_ns: open.get(event.tid)?.start_ns ?? covered.start_ns,
        end_ns: event.time_ns,
      });
      open.delete(event.tid);
    }
  }
  for (const [tid, call] of open) push(calls, tid, call);
  return calls;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** Wakings in (start, end], in order. */
export function wakingsDuring(
  wakings: TraceModel['wakings'],
  tid: number,
  { start_ns, end_ns }: Span,
): readonly Waking[] {
  const list = wakings.get(tid) ?? [];
  const firstAfter = (at_ns: number): number => partitionPoint(list, ({ time_ns }) => time_ns <= at_ns);
  return list.slice(firstAfter(start_ns), firstAfter(end_ns));
}

/** `list`: ordered by start, with spans that may overlap. Returns the spans that overlap [start, end). */
export function overlapping<T extends Span>(list: readonly T[] | undefined, { start_ns, end_ns }: Span): T[] {
  if (list === undefined) return [];
  const longest_ns = longestOf(list);
  const found: T[] = [];
  // A trace has millions of spans. A span cannot reach in if it begins further back than the length of the longest
  // span.
  for (let i = partitionPoint(list, (one) => one.start_ns < end_ns) - 1; i >= 0; i -= 1) {
    const one = list[i];
    if (one === undefined || one.start_ns < start_ns - longest_ns) break;
    if (one.end_ns > start_ns) found.push(one);
  }
  return found.reverse();
}

const longest = new WeakMap<readonly Span[], number>();

function longestOf(list: readonly Span[]): number {
  let length_ns = longest.get(list);
  if (length_ns === undefined) {
    length_ns = list.reduce((most, { start_ns, end_ns }) => Math.max(most, end_ns - start_ns), 0);
    longest.set(list, length_ns);
  }
  return length_ns;
}

/** As `overlapping`, with each result cut to the span. */
export function inside<T extends Span>(list: readonly T[] | undefined, span: Span): T[] {
  return overlapping(list, span).map((one) => ({
    ...one,
    start_ns: Math.max(one.start_ns, span.start_ns),
    end_ns: Math.min(one.end_ns, span.end_ns),
  }));
}

/**
 * Makes a model of a trace from its events. A whole trace is built at once; a trace that goes on for long is built while
 * its events arrive, and spans that no question will be about are dropped on the way. Pure.
 */
import { callNamed } from '../catalogue/named-calls.js';
import type { TraceEvent } from '../record/trace/trace.js';
import { keepIn, lengthOf, push, recentIn, seenAt, type Ended } from './ended-spans.js';
import type { Span } from './link-draft.js';
import {
  wakingsDuring,
  type Call,
  type Hold,
  type LockWait,
  type OtherWait,
  type SchedulingState,
  type Segment,
  type TraceModel,
  type Waking,
} from './trace-model.js';

/** `events`: ordered by time. A span without a beginning or an end reaches to the limits of the covered time. */
export function traceModel(events: readonly TraceEvent[], covered: Span, outsideFrom_ns = Infinity): TraceModel {
  const builder = traceBuilder(covered.start_ns);
  for (const event of events) builder.add(event);
  return builder.modelOf({ start_ns: -Infinity, end_ns: covered.end_ns }, outsideFrom_ns);
}

export interface TraceBuilder {
  /** In order of time. */
  add(event: TraceEvent): void;
  /** The state of a thread at the start of the trace, before any event of it. */
  readonly begin: (tid: number, state: SchedulingState, cpu: number) => void;
  /** Segments that are over. */
  segmentsOf(tid: number): readonly Segment[];
  /** The segment that goes on; its end is Infinity. Undefined for a thread without an event, or that has ended. */
  currentOf(tid: number): Segment | undefined;
  callsOf(tid: number): readonly Call[];
  /** The call that goes on; its end is Infinity. */
  openCallOf(tid: number): Call | undefined;
  nameOf(tid: number): string | undefined;
  /**
   * Drops spans that are over, not wanted, and were seen to end at `from_ns` or later, and names of threads that have
   * ended and have no span. Returns how many spans are left.
   */
  keep(isWanted: (span: Span) => boolean, from_ns: number): number;
  /**
   * The spans that reach into `recent`, each whole; what goes on reaches to its end, up to which the events are there. It
   * costs a look at these spans, and not at those before them. Events may be added afterwards.
   */
  modelOf(recent: Span, outsideFrom_ns: number): TraceModel;
}

export function traceBuilder(start_ns: number): TraceBuilder {
  const names = new Map<number, string>();
  const scheduled = scheduling(start_ns);
  const locks = lockSpans(start_ns, scheduled.wakings);
  const others = otherWaits();
  const calls = callSpans(start_ns);
  const lists = (): Map<unknown, Ended[]>[] => [
    ...[locks.holds, locks.waitsOn, locks.waits],
    ...[others.waits, scheduled.segments, scheduled.ran, calls.calls],
  ];
  return {
    add(event) {
      if (event.kind === 'switch') {
        names.set(event.next, event.nextName);
        names.set(event.previous, event.previousName);
      }
      scheduled.add(event);
      locks.add(event);
      others.add(event);
      calls.add(event);
    },
    begin: scheduled.begin,
    segmentsOf: (tid) => scheduled.segments.get(tid) ?? [],
    currentOf: (tid) => scheduled.now.get(tid),
    callsOf: (tid) => calls.calls.get(tid) ?? [],
    openCallOf: (tid) => calls.open.get(tid),
    nameOf: (tid) => names.get(tid),
    keep(isWanted, from_ns) {
      keepIn(scheduled.wakings, wokenAt, from_ns, ({ time_ns }) => isWanted({ start_ns: time_ns, end_ns: time_ns }));
      for (const map of lists()) keepIn(map, seenAt, from_ns, isWanted);
      // Of thread 0, the idle one of each CPU, there are no segments.
      for (const tid of names.keys())
        if (tid !== 0 && !scheduled.segments.has(tid) && !scheduled.now.has(tid)) names.delete(tid);
      return lists().reduce((sum, map) => sum + lengthOf(map), 0);
    },
    modelOf: (recent, outsideFrom_ns) => ({
      ...scheduled.modelOf(recent),
      ...locks.modelOf(recent),
      ...others.modelOf(recent),
      ...calls.modelOf(recent),
      mutexWaits: new Map(),
      mutexWaitsOn: new Map(),
      names,
      ranIsWhole: true,
      outsideFrom_ns,
    }),
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

interface Tracker<Modelled extends keyof TraceModel> {
  add(event: TraceEvent): void;
  modelOf(recent: Span): Pick<TraceModel, Modelled>;
}

function lockSpans(
  start_ns: number,
  wakings: TraceModel['wakings'],
): Tracker<'holds' | 'waitsOn' | 'waits'> & {
  readonly holds: Map<bigint, Hold[]>;
  readonly waitsOn: Map<bigint, EndedWait[]>;
  readonly waits: Map<number, EndedWait[]>;
} {
  const holds = new Map<bigint, Hold[]>();
  const waitsOn = new Map<bigint, EndedWait[]>();
  const waits = new Map<number, EndedWait[]>();
  const waiting = new Map<string, LockWait>();
  const held = new Map<string, LockWait>();
  /** Returns when the thread got the lock, or gave up. */
  const endWait = (key: string, at_ns: number): number => {
    const wait = waiting.get(key);
    if (wait === undefined) return at_ns;
    waiting.delete(key);
    const ended = { ...wait, end_ns: grantedAt(wait, at_ns, wakings) ?? at_ns, seen_ns: at_ns };
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
    push(holds, mm, holdOf({ tid, isWrite, start_ns, ...hold }, at_ns));
  };
  return {
    holds,
    waitsOn,
    waits,
    add(event) {
      if (event.kind !== 'lock-start' && event.kind !== 'lock-acquired' && event.kind !== 'lock-released') return;
      const { tid, mm, isWrite, time_ns } = event;
      const key = `${tid} ${mm}`;
      if (event.kind === 'lock-start') waiting.set(key, { mm, tid, isWrite, start_ns: time_ns, end_ns: Infinity });
      else if (event.kind === 'lock-released') endHold(key, time_ns, event);
      else {
        const from_ns = endWait(key, time_ns);
        if (!event.succeeded) return;
        // A writer that becomes a reader (downgrade) reports an acquisition for reading.
        if (held.has(key)) endHold(key, time_ns, event);
        held.set(key, { tid, mm, isWrite, start_ns: from_ns, end_ns: Infinity });
      }
    },
    modelOf(recent) {
      const { end_ns } = recent;
      const model = {
        holds: recentIn(holds, seenAt, recent.start_ns),
        waitsOn: recentIn(waitsOn, seenAt, recent.start_ns),
        waits: recentIn(waits, seenAt, recent.start_ns),
      };
      const holding = new Map(held);
      for (const [key, wait] of waiting) {
        const granted_ns = grantedAt(wait, end_ns, wakings);
        const ended = { ...wait, end_ns: granted_ns ?? end_ns, seen_ns: end_ns };
        push(model.waitsOn, wait.mm, ended);
        push(model.waits, wait.tid, ended);
        // The thread was woken with the lock, and had no CPU until the end of the trace.
        if (granted_ns !== null) holding.set(key, { ...wait, start_ns: granted_ns });
      }
      for (const hold of holding.values()) push(model.holds, hold.mm, holdOf(hold, end_ns));
      for (const list of [...model.holds.values(), ...model.waitsOn.values(), ...model.waits.values()])
        list.sort((a, b) => a.start_ns - b.start_ns);
      return model;
    },
  };
}

/** Its end may be seen late: see grantedAt. */
type EndedWait = LockWait & { readonly seen_ns: number };

function holdOf({ tid, isWrite, start_ns }: Pick<LockWait, 'tid' | 'isWrite' | 'start_ns'>, end_ns: number): Hold {
  return { tid, isWrite, start_ns, end_ns, isSure: true };
}

/** mmap_lock is the only read-write semaphore inside a struct mm_struct, which has 1 to 2 KB. */
const mmBytes = 2048n;

function otherWaits(): Tracker<'otherWaits'> & { readonly waits: Map<number, OtherWait[]> } {
  const mms = new Set<bigint>();
  const waits = new Map<number, OtherWait[]>();
  const lockOf = new WeakMap<OtherWait, bigint>();
  const isMmapLock = (lock: bigint): boolean => [...mms].some((mm) => lock >= mm && lock < mm + mmBytes);
  // A thread waits for a single lock at a time.
  const open = new Map<number, OpenWait>();
  const endedAt = ({ lock, start_ns, isRead, isWrite }: OpenWait, end_ns: number): OtherWait => {
    const ended = { start_ns, end_ns, isRead, isWrite };
    lockOf.set(ended, lock);
    return ended;
  };
  return {
    waits,
    add(event) {
      if (event.kind === 'lock-start' || event.kind === 'lock-acquired' || event.kind === 'lock-released')
        mms.add(event.mm);
      else if (event.kind === 'contended') {
        const { lock, tid, time_ns, isRead, isWrite } = event;
        if (!isMmapLock(lock)) open.set(tid, { lock, start_ns: time_ns, end_ns: Infinity, isRead, isWrite });
      } else if (event.kind === 'contention-end') {
        const wait = open.get(event.tid);
        if (wait?.lock !== event.lock) return;
        open.delete(event.tid);
        push(waits, event.tid, endedAt(wait, event.time_ns));
      }
    },
    modelOf({ start_ns, end_ns }) {
      const recent = recentIn(waits, seenAt, start_ns);
      for (const [tid, wait] of open) push(recent, tid, endedAt(wait, end_ns));
      // An address space may show itself after its lock was waited for.
      keepIn(recent, seenAt, -Infinity, (wait) => !isMmapLock(lockOf.get(wait) ?? -1n));
      return { otherWaits: recent };
    },
  };
}

type OpenWait = OtherWait & { readonly lock: bigint };

const wokenAt = ({ time_ns }: Waking): number => time_ns;

/**
 * Another CPU may wake a thread between its decision to sleep and its switch. try_to_wake_up emits the event first and
 * then waits for the switch, which still has the state in which the thread was going to sleep. So a waking of a running
 * thread that does nothing more until its switch, within this time, ended that sleep before it began.
 */
const wakingRace_ns = 1_000_000;

function scheduling(start_ns: number): Tracker<'segments' | 'ran' | 'wakings'> & {
  readonly segments: Map<number, Segment[]>;
  readonly ran: Map<number, (Span & { readonly tid: number })[]>;
  readonly wakings: Map<number, Waking[]>;
  readonly now: ReadonlyMap<number, Segment>;
  readonly begin: (tid: number, state: SchedulingState, cpu: number) => void;
} {
  const wakings = new Map<number, Waking[]>();
  const wokenEarly = new Map<number, Waking>();
  const segments = new Map<number, Segment[]>();
  const ran = new Map<number, (Span & { tid: number })[]>();
  const now = new Map<number, Segment>();
  const current = new Map<number, { tid: number; start_ns: number }>();
  const enter = (tid: number, at_ns: number, state: SchedulingState, cpu: number): void => {
    if (tid === 0) return;
    close(tid, at_ns, null);
    now.set(tid, { start_ns: at_ns, end_ns: Infinity, scheduling: state, cpu, wokenBy: null });
  };
  const close = (tid: number, at_ns: number, wokenBy: number | null): void => {
    const open = now.get(tid);
    if (open !== undefined && at_ns > open.start_ns) push(segments, tid, { ...open, end_ns: at_ns, wokenBy });
  };
  const leaveCpu = (cpu: number, at_ns: number): void => {
    const one = current.get(cpu);
    if (one !== undefined && at_ns > one.start_ns) push(ran, cpu, { ...one, end_ns: at_ns });
  };
  const begin = (tid: number, state: SchedulingState, cpu: number): void => {
    now.set(tid, { start_ns, end_ns: Infinity, scheduling: state, cpu, wokenBy: null });
  };
  const onSwitch = (event: Extract<TraceEvent, { kind: 'switch' }>): void => {
    const { cpu, previous, next, time_ns } = event;
    // The beginning of the previous thread may be missing: it ran until now.
    if (!now.has(previous) && previous !== 0) begin(previous, 'running', cpu);
    const early = wokenEarly.get(previous);
    wokenEarly.delete(previous);
    const isEarly = early !== undefined && time_ns - early.time_ns <= wakingRace_ns;
    if (isLast(event)) {
      // A machine may start thousands of processes a second, and each has an id.
      close(previous, time_ns, null);
      now.delete(previous);
    } else enter(previous, time_ns, isEarly ? 'runnable' : stateOf(event.previousState), cpu);
    enter(next, time_ns, 'running', cpu);
    const seen = current.get(cpu);
    // Switches between threads of other programs are not traced, so the previous thread may differ from the thread
    // seen last.
    if (seen?.tid === previous) leaveCpu(cpu, time_ns);
    current.set(cpu, { tid: next, start_ns: time_ns });
  };
  const onWaking = ({ time_ns, tid, woken }: Extract<TraceEvent, { kind: 'waking' }>): void => {
    const waking = { time_ns, by: tid };
    push(wakings, woken, waking);
    const open = now.get(woken);
    if (open?.scheduling === 'running') wokenEarly.set(woken, waking);
    if (open === undefined || open.scheduling === 'running' || open.scheduling === 'runnable') return;
    close(woken, time_ns, tid);
    now.set(woken, { start_ns: time_ns, end_ns: Infinity, scheduling: 'runnable', cpu: open.cpu, wokenBy: null });
  };
  return {
    segments,
    ran,
    wakings,
    now,
    begin,
    add(event) {
      if (event.kind === 'switch') onSwitch(event);
      else wokenEarly.delete(event.tid);
      if (event.kind === 'waking') onWaking(event);
    },
    modelOf(recent) {
      const model = {
        segments: recentIn(segments, seenAt, recent.start_ns),
        ran: recentIn(ran, seenAt, recent.start_ns),
      };
      const { end_ns } = recent;
      for (const [tid, open] of now)
        if (end_ns > open.start_ns) push(model.segments, tid, { ...open, end_ns, wokenBy: null });
      for (const [cpu, one] of current) if (end_ns > one.start_ns) push(model.ran, cpu, { ...one, end_ns });
      return { ...model, wakings: recentIn(wakings, wokenAt, recent.start_ns) };
    },
  };
}

/** EXIT_DEAD or EXIT_ZOMBIE: the thread does not run again. 0x80 is a kernel thread that idles (TASK_REPORT_IDLE). */
function isLast({ previousState }: Pick<Extract<TraceEvent, { kind: 'switch' }>, 'previousState'>): boolean {
  return (previousState & 0x30) !== 0;
}

/** Bits of prev_state (include/linux/sched.h): 1 S, 2 D, 4 T, 8 t. No bit: runnable; 0x100: preempted. */
function stateOf(bits: number): SchedulingState {
  const state = bits & 0xff;
  if (state === 0) return 'runnable';
  if ((state & 2) !== 0) return 'blocked';
  return (state & 12) !== 0 ? 'stopped' : 'asleep';
}

function callSpans(
  start_ns: number,
): Tracker<'calls'> & { readonly calls: Map<number, Call[]>; readonly open: ReadonlyMap<number, Call> } {
  const calls = new Map<number, Call[]>();
  const open = new Map<number, Call>();
  return {
    calls,
    open,
    add(event) {
      if (event.kind === 'enter') {
        const { tid, time_ns, call, arguments: args } = event;
        open.set(tid, {
          call,
          start_ns: time_ns,
          end_ns: Infinity,
          ...(args === undefined ? {} : { arguments: args }),
        });
      } else if (event.kind === 'exit') {
        const { call, tid, time_ns: end_ns } = event;
        push(calls, tid, { ...(open.get(tid) ?? { start_ns }), call, end_ns });
        open.delete(tid);
      } else if (event.kind === 'switch' && isLast(event)) {
        // A thread that is killed in a call does not leave it.
        const last = open.get(event.previous);
        if (last !== undefined) push(calls, event.previous, { ...last, end_ns: event.time_ns });
        open.delete(event.previous);
      }
    },
    modelOf(recent) {
      const found = recentIn(calls, seenAt, recent.start_ns);
      for (const [tid, call] of open) push(found, tid, { ...call, end_ns: recent.end_ns });
      return { calls: new Map([...found].map(([tid, list]) => [tid, list.map(withName)])) };
    },
  };
}

function withName(call: Call): Call {
  if (call.arguments === undefined) return call;
  return { ...call, name: callNamed(call.call, call.arguments.map(hexadecimal)) };
}

/** As the observer writes arguments. */
export function hexadecimal(value: bigint): string {
  return value.toString(16);
}

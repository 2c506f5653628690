/** Which threads belong to the observed processes, in a trace that names threads only by their ids. */
import type { SchedulingState } from '../../attribution/trace-model.js';
import { systemCallNumber } from '../../catalogue/system-calls.js';
import type { BlamedPolicy } from '../../facts/blame.js';
import { readIfThere } from '../../host/files.js';
import type { TraceEvent } from '../../record/trace/trace.js';
import { threadStatOf } from '../../host/process-stat.js';
import type { ObservedThread } from '../observed.js';
import { tidsNow } from '../target.js';
import { policyIn } from '../thread-policy.js';

/** What /proc says of a thread. */
export interface ThreadOfProc extends ObservedThread {
  /** As in proc_pid_stat(5). */
  readonly state: string;
  readonly cpu: number;
  /** Where its stack is, outside of the kernel, in hexadecimal; null: it is in no call of futex, or may not be read. */
  readonly futexStack: string | null;
}

export function threadsNow(pids: readonly number[]): ThreadOfProc[] {
  return pids.flatMap((pid) => tidsNow(pid).flatMap((tid) => threadNow(pid, tid) ?? []));
}

function threadNow(pid: number, tid: number): ThreadOfProc | undefined {
  const fields = threadStatOf(tid);
  const name = readIfThere(`/proc/${pid}/task/${tid}/comm`);
  if (fields === null || name === null) return undefined;
  const field = (number: number): string => fields[number - 3] ?? '';
  return {
    pid,
    tid,
    name: name.trimEnd(),
    state: field(3),
    nice: Number(field(19)),
    ...withPolicy(policyIn(fields)),
    cpu: Number(field(39)),
    futexStack: futexStackOf(pid, tid),
  };
}

function withPolicy(policy: BlamedPolicy | null): Pick<ObservedThread, 'policy'> {
  return policy === null ? {} : { policy };
}

/** `/proc/PID/task/TID/syscall`: the number of the call, six arguments, the stack pointer and the program counter. */
function futexStackOf(pid: number, tid: number): string | null {
  const fields = (readIfThere(`/proc/${pid}/task/${tid}/syscall`) ?? '').trim().split(' ');
  return Number(fields[0]) === systemCallNumber('futex') ? (fields[7] ?? '').slice('0x'.length) || null : null;
}

export interface ThreadBook {
  readonly threads: ReadonlyMap<number, ObservedThread>;
  /** When each thread ended, by tid. */
  readonly exits: ReadonlyMap<number, number>;
  /** Of the last call of futex in which /proc had the thread, by tid: an idle thread waits at the same place again. */
  readonly futexStacks: ReadonlyMap<number, string>;
  /** Names, nice values and policies may have changed. */
  look(seen: readonly ThreadOfProc[]): void;
  add(event: TraceEvent): void;
  /** Of a thread that has ended. */
  forget(tid: number): void;
}

export function threadBook(): ThreadBook {
  const threads = new Map<number, ObservedThread>();
  const exits = new Map<number, number>();
  const futexStacks = new Map<number, string>();
  return {
    threads,
    exits,
    futexStacks,
    look(seen) {
      for (const { pid, tid, name, nice, policy = null, futexStack } of seen) {
        threads.set(tid, { pid, tid, name, nice, ...withPolicy(policy) });
        if (futexStack !== null) futexStacks.set(tid, futexStack);
      }
    },
    add(event) {
      if (event.kind === 'new-thread') {
        const maker = threads.get(event.tid);
        // It has the nice value and the policy of its maker until the next look.
        // A child process is not observed. It is a new thread, so its id no longer means one that has ended.
        if (maker === undefined || !event.isThread) threads.delete(event.made);
        else threads.set(event.made, { ...maker, tid: event.made });
        exits.delete(event.made);
      } else if (event.kind === 'thread-end' && threads.has(event.tid)) exits.set(event.tid, event.time_ns);
      else if (event.kind === 'switch') {
        const thread = threads.get(event.next);
        if (thread !== undefined && thread.name !== event.nextName)
          threads.set(event.next, { ...thread, name: event.nextName });
      }
    },
    forget(tid) {
      for (const map of [threads, exits, futexStacks]) map.delete(tid);
    },
  };
}

export interface StateAtStart {
  readonly tid: number;
  readonly scheduling: SchedulingState;
  readonly cpu: number;
}

const waits: Readonly<Record<string, SchedulingState>> = { S: 'asleep', D: 'blocked', T: 'stopped', t: 'stopped' };

/**
 * States that lasted since the start of the trace. A thread had its state at `seen_ns`, and nothing happened to it before
 * that. Whether a thread in state R ran or waited for a CPU shows in its first event: a switch to it. One that ran needs
 * no word, because a trace counts a thread whose first event is a switch from it as running until then.
 */
export function statesAtStart(
  seen: readonly ThreadOfProc[],
  seen_ns: number,
  events: readonly TraceEvent[],
): StateAtStart[] {
  const first = new Map<number, TraceEvent>();
  const note = (tid: number, event: TraceEvent): void => {
    if (!first.has(tid)) first.set(tid, event);
  };
  for (const event of events) {
    if (event.kind === 'switch') {
      note(event.previous, event);
      note(event.next, event);
    } else if (event.kind === 'waking') note(event.woken, event);
  }
  return seen.flatMap(({ tid, state, cpu }): StateAtStart[] => {
    const event = first.get(tid);
    if (event !== undefined && event.time_ns < seen_ns) return [];
    if (state === 'R')
      return event?.kind === 'switch' && event.next === tid ? [{ tid, scheduling: 'runnable', cpu: event.cpu }] : [];
    const scheduling = waits[state];
    return scheduling === undefined ? [] : [{ tid, scheduling, cpu }];
  });
}

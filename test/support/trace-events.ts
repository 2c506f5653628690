/** Events of a trace, as a test needs them; times in ms. */
import type { TraceEvent } from '../../src/record/trace/trace.js';

const ms = 1_000_000;

/** Of prev_state: the bits by which a thread was switched out. */
export const outAs = {
  preempted: 0x100,
  asleep: 1,
  blocked: 2,
  stopped: 4,
  dead: 0x10,
  zombie: 0x20,
  idle: 0x80,
} as const;

/** `names`: of threads. */
export function traceEventsOf(names: ReadonlyMap<number, string>) {
  const basics = (at: number, tid: number, cpu = 0) => ({ time_ns: at * ms, tid, cpu });
  return {
    switched: (at: number, cpu: number, previous: number, how: keyof typeof outAs, next: number): TraceEvent => ({
      ...basics(at, previous, cpu),
      kind: 'switch',
      previous,
      previousName: names.get(previous) ?? '',
      previousState: outAs[how],
      next,
      nextName: names.get(next) ?? '',
    }),
    woke: (at: number, by: number, woken: number): TraceEvent => ({ ...basics(at, by), kind: 'waking', woken }),
    wanted: (at: number, tid: number, isWrite: boolean): TraceEvent => ({
      ...basics(at, tid),
      kind: 'lock-start',
      mm: 4096n,
      isWrite,
    }),
    got: (at: number, tid: number, isWrite: boolean): TraceEvent => ({
      ...basics(at, tid),
      kind: 'lock-acquired',
      mm: 4096n,
      isWrite,
      succeeded: true,
    }),
    gaveBack: (at: number, tid: number, isWrite: boolean): TraceEvent => ({
      ...basics(at, tid),
      kind: 'lock-released',
      mm: 4096n,
      isWrite,
    }),
    entered: (at: number, tid: number, call: number, ...args: bigint[]): TraceEvent => ({
      ...basics(at, tid),
      kind: 'enter',
      call,
      arguments: args,
    }),
    left: (at: number, tid: number, call: number): TraceEvent => ({ ...basics(at, tid), kind: 'exit', call }),
    made: (at: number, tid: number, made: number, isThread: boolean): TraceEvent => ({
      ...basics(at, tid),
      kind: 'new-thread',
      made,
      isThread,
    }),
    ended: (at: number, tid: number): TraceEvent => ({ ...basics(at, tid), kind: 'thread-end' }),
    stack: (at: number, tid: number, ...addresses: string[]): TraceEvent => ({
      ...basics(at, tid),
      kind: 'stack',
      addresses,
    }),
  };
}

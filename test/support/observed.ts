/** Records of an observer, as a test needs them; times in ms. */
import type {
  EndRecord,
  HoldRecord,
  Observed,
  ObservedThread,
  OffRecord,
  RanRecord,
} from '../../src/observe/observed.js';
import { neverThrottled } from './throttled.js';

const ms = 1_000_000;

export const target = 100;

/** No limit of CPU time kept it back. */
export const unthrottled = new Map([[target, neverThrottled]]);

/** Of an observation of that process. */
export const recordOptions = {
  pids: [target],
  threshold_ns: 20 * ms,
  cpuCount: 2,
  detail_ns: ms,
  symbols: new Map<string, string>(),
};

export function observedThread(name: string, tid: number, pid = target): ObservedThread {
  return { tid, pid, nice: 0, name };
}

type Ms<Record> = Partial<Omit<Record, `${string}_ns`>> & { readonly busy_ns?: number };

export function off(
  thread: ObservedThread,
  { from, woken = null, to }: { readonly from: number; readonly woken?: number | null; readonly to: number },
  more: Ms<OffRecord> = {},
): OffRecord {
  return {
    kind: 'off',
    thread,
    state: 'blocked',
    off_ns: Math.round(from * ms),
    woken_ns: woken === null ? null : Math.round(woken * ms),
    on_ns: Math.round(to * ms),
    busy_ns: 0,
    hasEnded: true,
    cpuOut: 0,
    cpuIn: 0,
    waker: null,
    taker: null,
    before: null,
    lock: 'none',
    lockPid: 0,
    isWrite: false,
    gaveFrom_ns: null,
    gaveTo_ns: null,
    gaveWrite: false,
    contention: -1,
    call: null,
    wakerCall: null,
    stackPointer: null,
    ownStack: null,
    wakerStack: null,
    stack: [],
    ...more,
  };
}

export function hold(
  thread: ObservedThread,
  { slept = null, from, to }: { readonly slept?: number | null; readonly from: number; readonly to: number },
  more: Ms<HoldRecord> = {},
): HoldRecord {
  return {
    kind: 'hold',
    thread,
    lockPid: target,
    isWrite: false,
    hasIt: true,
    isSure: true,
    isKernelThread: false,
    slept_ns: slept === null ? null : slept * ms,
    acquired_ns: from * ms,
    released_ns: to * ms,
    hasEnded: true,
    call: null,
    file: null,
    userStack: null,
    stack: [],
    ...more,
  };
}

export function ran(thread: ObservedThread, cpu: number, from: number, to: number): RanRecord {
  return { kind: 'ran', thread, cpu, start_ns: from * ms, end_ns: to * ms };
}

export function observed(records: Partial<Omit<Observed, 'end'>>, end: Partial<EndRecord> = {}): Observed {
  return {
    offs: [],
    holds: [],
    rans: [],
    exits: new Map(),
    ...records,
    end: {
      kind: 'end',
      end_ns: 1000 * ms,
      ringFull_n: 0,
      threadsMissed_n: 0,
      lockUsersMissed_n: 0,
      userStacksLost_n: 0,
      recursion_n: 0,
      cpu_us: 0,
      memoryKib: 0,
      ...end,
    },
  };
}

/** What a trace of the kernel shows, as evidence for attribution. Pure. */
import type { TraceModel } from '../../attribution/trace-model.js';
import type { BlamedThread } from '../../facts/chain-facts.js';
import type { ObservationGap } from '../../facts/observation-facts.js';
import type { StackReading } from '../../record/stacks.js';
import { traceEvents } from '../../record/trace/trace.js';
import { safepointsOf, unsampled } from '../observed-evidence.js';
import { mutexWaits } from '../mutex-sleeps.js';
import { observedStalls, stallOfWait, type ObservedWait, type StallOptions } from '../observed-stalls.js';
import { blamedThread, type ObservedThread, type OffRecord } from '../observed.js';
import type { SettledStalls, WatchResult } from '../tier.js';

export interface ObservedTrace {
  readonly model: TraceModel;
  readonly offs: readonly OffRecord[];
  /** Of the observed processes. */
  readonly threads: ReadonlyMap<number, ObservedThread>;
  readonly exits: ReadonlyMap<number, number>;
  /** Addresses in hexadecimal. */
  readonly stacks: readonly StackReading[];
  readonly coveredTo_ns: number;
  readonly lost_n: number;
  /** What this kernel refused, in the words of the tracer: an event, or a file of tracefs. */
  readonly refused: readonly string[];
  /** Why other programs were not traced; null: they were. */
  readonly outsideProblem: string | null;
}

export interface TraceOptions extends StallOptions {
  readonly cpuCount: number;
  readonly detail_ns: number;
  readonly cost: WatchResult['cost'];
}

/** The file by which the tracer asks for kernel stacks. */
export const stackTrigger = 'events/sched/sched_switch/trigger';

export function seenInTrace(trace: ObservedTrace, options: TraceOptions): WatchResult {
  const { offs, exits, coveredTo_ns } = trace;
  const { symbols, detail_ns, cost } = options;
  return {
    stalls: observedStalls({ offs, exits }, coveredTo_ns, options),
    ...explanation(trace, options),
    gaps: gapsOf(trace, symbols),
    detail_ns,
    watched_ns: coveredTo_ns,
    cost,
    records: null,
  };
}

/** `trace`: from the start of the first of these waits on. */
export function settledInTrace(
  trace: ObservedTrace,
  waits: readonly ObservedWait[],
  options: ExplanationOptions,
): SettledStalls {
  return {
    stalls: waits.map((wait) => stallOfWait(wait, trace.exits, trace.coveredTo_ns)),
    ...explanation(trace, options),
  };
}

type ExplanationOptions = Pick<TraceOptions, 'pids' | 'symbols' | 'cpuCount'>;

function explanation(
  { model, offs, threads, coveredTo_ns, refused, lost_n, stacks }: ObservedTrace,
  { pids, symbols, cpuCount }: ExplanationOptions,
): Pick<WatchResult, 'evidence' | 'eventsOf'> {
  const events: readonly string[] = Object.values(traceEvents);
  return {
    evidence: {
      victims: [],
      holders: [],
      named: [],
      threads: new Map([...threads.values()].map((thread) => [thread.tid, withItsPolicy(thread)])),
      samples: { timelines: unsampled([...threads.values()]), ticks_ns: [], period_ns: 0 },
      events: [],
      steal: [],
      cpuCount,
      missing: [],
      trace: {
        model: { ...model, ...mutexWaits(offs) },
        coveredFrom_ns: 0,
        coveredTo_ns,
        lost_n,
        missingEvents: refused.filter((one) => events.includes(one)),
        stacks: symbols === null ? [] : stacks.map((stack) => named(stack, symbols)),
      },
    },
    eventsOf: new Map(pids.map((pid) => [pid, safepointsOf(offs, pid)])),
  };
}

/** /proc has no thread that ended during the observation. */
function withItsPolicy(thread: ObservedThread): BlamedThread {
  const { policy } = thread;
  return { ...blamedThread(thread, 'other'), ...(policy === undefined ? {} : { policy }) };
}

function named(stack: StackReading, symbols: ReadonlyMap<string, string>): StackReading {
  return { ...stack, frames: stack.frames.map((address) => symbols.get(address) ?? address) };
}

function gapsOf(
  { lost_n, coveredTo_ns, refused, outsideProblem }: ObservedTrace,
  symbols: StallOptions['symbols'],
): ObservationGap[] {
  return [
    ...(lost_n > 0 ? [{ code: 'trace-overrun', seen_ns: coveredTo_ns } as const] : []),
    ...refused.filter((one) => !one.startsWith('options/')).map((what) => ({ code: 'trace-refused', what }) as const),
    ...(outsideProblem === null ? [] : [{ code: 'others-untraced', reason: outsideProblem } as const]),
    ...(symbols === null ? [{ code: 'symbols-hidden' } as const] : []),
    { code: 'calls-partly-traced' },
    { code: 'freezer-unseen' },
    { code: 'sleeps-not-judged' },
  ];
}

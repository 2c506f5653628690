/**
 * A trace that goes on for long. Its events become spans at once, and spans are forgotten that are no part of a stall: a
 * busy process has tens of thousands of events a second, and seconds of stalls in an hour. Pure.
 */
import { keepIn, push, recentIn } from '../../attribution/ended-spans.js';
import { traceBuilder } from '../../attribution/trace-builder.js';
import type { Span } from '../../attribution/link-draft.js';
import { partitionPoint } from '../../base/sorted.js';
import type { StackReading } from '../../record/stacks.js';
import type { TraceEvent } from '../../record/trace/trace.js';
import { mutexOf } from '../mutex-sleeps.js';
import { startOf, type ObservedWait } from '../observed-stalls.js';
import type { ObservedThread } from '../observed.js';
import { stallFinder } from '../stall-finder.js';
import { settled_ns } from '../tier.js';
import type { ObservedTrace } from './tracefs-evidence.js';
import { offsOf, tracedOffs } from './tracefs-offs.js';
import { statesAtStart, threadBook, type ThreadOfProc } from './tracefs-threads.js';

/** What is younger than this is kept: whether a sleep was the wait for a safepoint shows at its end. */
const young_ns = 5_000_000_000;
/** To forget takes a look at all that came since the last time, and at what was young then. */
const forgetEvery_ns = 1_000_000_000;
/** Attribution looks a little further than the stall. */
const margin_ns = 5_000_000;
/** Some hundred bytes each. */
const mostSpans = 1_000_000;

export interface HistoryOptions {
  readonly pids: readonly number[];
  readonly threshold_ns: number;
  readonly detail_ns: number;
  /** Threads of the processes, as /proc had them at `seen_ns`, a moment after the start of the trace. */
  readonly seen: readonly ThreadOfProc[];
  readonly seen_ns: number;
  /** From then on the trace has the threads of other programs. */
  readonly outsideFrom_ns: number;
}

export type TracedSpans = Omit<ObservedTrace, 'lost_n' | 'refused' | 'outsideProblem'>;

export interface TracedHistory {
  /** Events in order, up to `coveredTo_ns`; and threads of the processes, as they are now. */
  add(events: readonly TraceEvent[], coveredTo_ns: number, seen: readonly ThreadOfProc[]): void;
  /** Stalls so far. */
  stalls_n(): number;
  /**
   * Stalls that have been over for `settled_ns`, by start, each once, and what is known of their time; null: there are
   * none. It costs a look at what came since the first of them began.
   */
  takeSettled(): { readonly waits: readonly ObservedWait[]; readonly trace: TracedSpans } | null;
  /** It keeps no more. */
  isFull(): boolean;
  whole(): TracedSpans;
}

export function tracedHistory(options: HistoryOptions): TracedHistory {
  const { detail_ns, seen, seen_ns, outsideFrom_ns } = options;
  const builder = traceBuilder(0);
  const book = threadBook();
  const finder = stallFinder(options);
  const stacks = new Map<number, StackReading[]>();
  /** By thread and start. */
  const stalls = new Map<string, Span>();
  const readTo_ns = new Map<number, number>();
  let waitingSince_ns = Infinity;
  let covered_ns = 0;
  let forgotten_ns = 0;
  /** Of what was seen before it is decided what is kept. */
  let decided_ns = -Infinity;
  let spans_n = 0;
  let isFirst = true;
  const begin = (events: readonly TraceEvent[]): void => {
    isFirst = false;
    book.look(seen);
    for (const { tid, scheduling, cpu } of statesAtStart(seen, seen_ns, events)) builder.begin(tid, scheduling, cpu);
  };
  const findStalls = (thread: ObservedThread): void => {
    const { tid } = thread;
    const from_ns = readTo_ns.get(tid) ?? -Infinity;
    const offs = offsOf(thread, { builder, book }, { from_ns, until_ns: Infinity, detail_ns });
    for (const off of offs) {
      if (!off.hasEnded) continue;
      const stall = finder.add(off);
      if (stall !== null) stalls.set(`${tid} ${stall.start_ns}`, stall);
    }
    const [open] = offs.filter(({ hasEnded }) => !hasEnded);
    readTo_ns.set(tid, open?.off_ns ?? builder.currentOf(tid)?.start_ns ?? covered_ns);
    if (open !== undefined && (open.state !== 'asleep' || mutexOf(open) !== null))
      waitingSince_ns = Math.min(waitingSince_ns, finder.waitingSince(open));
  };
  const forget = (): void => {
    const from_ns = Math.min(covered_ns - young_ns, waitingSince_ns - margin_ns);
    const isWanted = wanted([...stalls.values()], from_ns);
    spans_n = builder.keep(isWanted, decided_ns);
    keepIn(stacks, timeOf, decided_ns, ({ time_ns }) => isWanted({ start_ns: time_ns, end_ns: time_ns }));
    decided_ns = from_ns;
    // The wait of a reader may be seen to end long after it did, and is decided about only then.
    for (const [key, { end_ns }] of stalls) if (end_ns + young_ns < decided_ns) stalls.delete(key);
    for (const tid of book.exits.keys())
      if (builder.currentOf(tid) === undefined && builder.segmentsOf(tid).length === 0) {
        book.forget(tid);
        finder.forget(tid);
        readTo_ns.delete(tid);
      }
  };
  const since = (from_ns: number): TracedSpans => ({
    model: builder.modelOf({ start_ns: from_ns, end_ns: covered_ns }, outsideFrom_ns),
    offs: tracedOffs({ builder, book }, { from_ns, until_ns: covered_ns, detail_ns }),
    threads: book.threads,
    exits: book.exits,
    stacks: [...recentIn(stacks, timeOf, from_ns).values()].flat(),
    coveredTo_ns: covered_ns,
  });
  return {
    add(events, coveredTo_ns, now) {
      if (isFirst) begin(events);
      for (const event of events) {
        book.add(event);
        builder.add(event);
        if (event.kind === 'stack' && book.threads.has(event.tid))
          push(stacks, event.tid, { time_ns: event.time_ns, tid: event.tid, state: 'D', frames: event.addresses });
      }
      book.look(now);
      covered_ns = coveredTo_ns;
      spans_n += events.length;
      waitingSince_ns = Infinity;
      for (const thread of book.threads.values()) findStalls(thread);
      if (covered_ns - forgotten_ns < forgetEvery_ns && spans_n <= mostSpans) return;
      forgotten_ns = covered_ns;
      forget();
    },
    stalls_n: () => finder.stalls_n(),
    takeSettled() {
      const waits = finder.take(covered_ns - settled_ns);
      const start_ns = waits.reduce((least_ns, wait) => Math.min(least_ns, startOf(wait)), Infinity);
      return waits.length === 0 ? null : { waits, trace: since(start_ns - margin_ns) };
    },
    isFull: () => spans_n > mostSpans,
    whole: () => since(-Infinity),
  };
}

const timeOf = ({ time_ns }: StackReading): number => time_ns;

/** Of spans: those that reach beyond `from_ns`, and those beside a stall. */
function wanted(stalls: readonly Span[], from_ns: number): (span: Span) => boolean {
  // By start, and without overlap, so that the last one that begins before the end of a span decides.
  const parts: { start_ns: number; end_ns: number }[] = [];
  for (const stall of stalls.toSorted((a, b) => a.start_ns - b.start_ns)) {
    const start_ns = stall.start_ns - margin_ns;
    const end_ns = stall.end_ns + margin_ns;
    const last = parts.at(-1);
    if (last !== undefined && start_ns <= last.end_ns) last.end_ns = Math.max(last.end_ns, end_ns);
    else parts.push({ start_ns, end_ns });
  }
  return ({ start_ns, end_ns }) => {
    if (end_ns >= from_ns) return true;
    const last = parts[partitionPoint(parts, (part) => part.start_ns <= end_ns) - 1];
    return last !== undefined && last.end_ns >= start_ns;
  };
}

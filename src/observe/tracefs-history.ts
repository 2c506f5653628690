/**
 * A trace that goes on for long. Its events become spans at once, and spans are forgotten that are no part of a stall: a
 * busy process has tens of thousands of events a second, and seconds of stalls in an hour. Pure.
 */
import { traceBuilder } from '../attribution/trace-builder.js';
import type { Span } from '../attribution/link-draft.js';
import { partitionPoint } from '../base/sorted.js';
import type { StackReading } from '../record/stacks.js';
import type { TraceEvent } from '../record/trace/trace.js';
import { mutexOf } from './mutex-sleeps.js';
import { observedStalls, type ObservedStall } from './observed-stalls.js';
import type { ObservedTrace } from './tracefs-evidence.js';
import { tracedOffs } from './tracefs-offs.js';
import { statesAtStart, threadBook, type ThreadOfProc } from './tracefs-threads.js';

/** What is younger than this is kept: whether a sleep was the wait for a safepoint shows at its end. */
const young_ns = 5_000_000_000;
/** To forget takes a look at all that is kept. */
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
}

export interface TracedHistory {
  /** Events in order, up to `coveredTo_ns`; and threads of the processes, as they are now. */
  add(events: readonly TraceEvent[], coveredTo_ns: number, seen: readonly ThreadOfProc[]): void;
  /** Stalls so far. */
  stalls_n(): number;
  /** It keeps no more. */
  isFull(): boolean;
  /** `outsideFrom_ns`: from then on the trace has the threads of other programs. */
  finish(outsideFrom_ns: number): Omit<ObservedTrace, 'lost_n' | 'refused' | 'outsideProblem'>;
}

export function tracedHistory({ pids, threshold_ns, detail_ns, seen, seen_ns }: HistoryOptions): TracedHistory {
  const builder = traceBuilder(0);
  const book = threadBook();
  let stacks: StackReading[] = [];
  let covered_ns = 0;
  let forgotten_ns = 0;
  let spans_n = 0;
  let stalls_n = 0;
  let isFirst = true;
  const begin = (events: readonly TraceEvent[]): void => {
    isFirst = false;
    book.look(seen);
    for (const { tid, scheduling, cpu } of statesAtStart(seen, seen_ns, events)) builder.begin(tid, scheduling, cpu);
  };
  const offsNow = () => tracedOffs({ builder, book }, covered_ns, detail_ns);
  const stallsOf = (offs: ReturnType<typeof offsNow>): ObservedStall[] =>
    observedStalls({ offs, exits: book.exits }, covered_ns, { pids, threshold_ns, symbols: null });
  const forget = (): void => {
    const offs = offsNow();
    const stalls = stallsOf(offs);
    const open = offs
      .filter((off) => !off.hasEnded && (off.state !== 'asleep' || mutexOf(off) !== null))
      .map(({ off_ns }) => off_ns);
    stalls_n = stalls.filter(({ stall }) => !stall.stillRunning).length;
    const isWanted = wanted(stalls, Math.min(covered_ns - young_ns, ...open));
    spans_n = builder.keep(isWanted);
    stacks = stacks.filter(({ time_ns }) => isWanted({ start_ns: time_ns, end_ns: time_ns }));
  };
  return {
    add(events, coveredTo_ns, now) {
      if (isFirst) begin(events);
      for (const event of events) {
        book.add(event);
        builder.add(event);
        if (event.kind === 'stack' && book.threads.has(event.tid))
          stacks.push({ time_ns: event.time_ns, tid: event.tid, state: 'D', frames: event.addresses });
      }
      book.look(now);
      covered_ns = coveredTo_ns;
      spans_n += events.length;
      if (covered_ns - forgotten_ns < forgetEvery_ns && spans_n <= mostSpans) return;
      forgotten_ns = covered_ns;
      forget();
    },
    stalls_n: () => stalls_n,
    isFull: () => spans_n > mostSpans,
    finish(outsideFrom_ns) {
      const offs = offsNow();
      return {
        model: builder.finish(covered_ns, outsideFrom_ns),
        offs,
        threads: book.threads,
        exits: book.exits,
        stacks,
        coveredTo_ns: covered_ns,
      };
    },
  };
}

/** Of spans: those that reach beyond `from_ns`, and those beside a stall. */
function wanted(stalls: readonly ObservedStall[], from_ns: number): (span: Span) => boolean {
  // By start, and without overlap, so that the last one that begins before the end of a span decides.
  const parts: { start_ns: number; end_ns: number }[] = [];
  for (const { stall } of stalls) {
    const start_ns = stall.start_ns - margin_ns;
    const end_ns = stall.start_ns + stall.duration_ns + margin_ns;
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

/**
 * A thread stops on its way to user space, so it needs a CPU before a signal can stop it, and a sleeping thread is woken
 * for that. Its wait for a CPU is a part of the stop, from the moment of the signal on. Pure.
 */
import { derivedOnce } from '../base/derived.js';
import type { EvidenceOfStall } from './evidence.js';
import type { Span } from './link-draft.js';
import { firstEndingAfter, overlapping, type Segment, type TraceModel } from './trace-model.js';

/** A thread runs for less than this before it stops. */
const moment_ns = 100_000;

/** From when on the thread waited for a CPU only to be stopped; null: it was not stopped then. */
export function signalBefore(
  segment: Segment,
  tid: number,
  { model, processTids }: { readonly model: TraceModel; readonly processTids: readonly number[] },
): number | null {
  const stop = stopAfter(segment, model.segments.get(tid));
  if (stop === null) return null;
  if (wasAsleep(segment, model.segments.get(tid))) return segment.start_ns;
  // A signal stops all threads of a process: of others it is known when they were woken for it, or stopped.
  const others = stopsOf(model)(processTids);
  const other = others[firstEndingAfter(others, segment.start_ns)];
  const first_ns = Math.min(other?.start_ns ?? Infinity, stop.start_ns);
  return first_ns < segment.end_ns ? Math.max(segment.start_ns, first_ns) : null;
}

/** Of the threads of a process, by start: a signal makes as many stalls as there are threads. */
const stopsOf = derivedOnce(({ segments }: TraceModel) =>
  derivedOnce((tids: readonly number[]) =>
    tids
      .flatMap((tid) => {
        const all = segments.get(tid);
        return (all ?? []).filter((one) => one.scheduling === 'stopped' || isWokenToStop(one, all));
      })
      .sort((a, b) => a.start_ns - b.start_ns),
  ),
);

function isWokenToStop(segment: Segment, all: readonly Segment[] | undefined): boolean {
  return segment.scheduling === 'runnable' && wasAsleep(segment, all) && stopAfter(segment, all) !== null;
}

/** It stopped at once when it had a CPU. */
function stopAfter({ end_ns }: Span, all: readonly Segment[] | undefined): Segment | null {
  const next = overlapping(all, { start_ns: end_ns, end_ns: end_ns + moment_ns });
  return next.find((one) => one.scheduling === 'stopped' && one.start_ns >= end_ns) ?? null;
}

function wasAsleep({ start_ns }: Span, all: readonly Segment[] | undefined): boolean {
  const [before] = overlapping(all, { start_ns: start_ns - 1, end_ns: start_ns });
  return before?.scheduling === 'asleep';
}

/** Two looks or more are in it. */
const looks_ns = 20_000_000;

/** The looks of the sampler show the same: it slept, was ready to run, and was stopped. */
export function isWokenToBeStopped(span: Span, tid: number, { timeline }: Pick<EvidenceOfStall, 'timeline'>): boolean {
  const thread = timeline.thread(tid);
  const before = thread.activities({ start_ns: span.start_ns - looks_ns, end_ns: span.start_ns }).at(-1);
  const [after] = thread.activities({ start_ns: span.end_ns, end_ns: span.end_ns + looks_ns });
  return before?.activity === 'asleep' && after?.activity === 'stopped';
}

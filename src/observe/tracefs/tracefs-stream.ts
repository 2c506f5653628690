/** What a tracer moves out of the kernel while it traces (native/tracer/tracer.cc), as one stream of events in order. */
import { join } from 'node:path';
import { partitionPoint } from '../../base/sorted.js';
import {
  buffersOf,
  readFormats,
  twin_ns,
  withoutTwins,
  type CpuBuffer,
  type TraceEvent,
} from '../../record/trace/trace.js';

export interface TraceStream {
  /**
   * `folder` has all events up to `until_ns` that were not in an earlier one. The last events wait for the next folder,
   * because an event that is in both traces may have its other half there; `isLast`: none will follow.
   */
  take(folder: string, until_ns: number, isLast: boolean): TakenEvents;
}

export interface TakenEvents {
  /** By time. */
  readonly events: readonly TraceEvent[];
  /** Nothing up to here is missing, and nothing after it was returned. */
  readonly coveredTo_ns: number;
  /** Of the whole trace so far. Where this is not 0, `events` is empty: there is a gap before them. */
  readonly lost_n: number;
}

/** `hasOutside`: other programs are traced too. */
export function traceStream(traceFolder: string, start_ns: bigint, hasOutside: boolean): TraceStream {
  const formats = readFormats(traceFolder);
  const read = (folder: string): CpuBuffer[] => buffersOf(folder, start_ns, formats, { withArguments: true });
  const joined = joiner();
  let coveredTo_ns = 0;
  return {
    take(folder, until_ns, isLast) {
      const target = read(folder);
      const outside = hasOutside ? read(join(folder, 'outside')) : [];
      const lost_n = [...target, ...outside].reduce((sum, buffer) => sum + buffer.lost_n, 0);
      if (lost_n > 0) return { events: [], coveredTo_ns, lost_n };
      coveredTo_ns = isLast ? until_ns : Math.max(coveredTo_ns, until_ns - 2 * twin_ns);
      return { events: joined(inOrder(target), inOrder(outside), coveredTo_ns), coveredTo_ns, lost_n };
    },
  };
}

function inOrder(buffers: readonly CpuBuffer[]): TraceEvent[] {
  return buffers.flatMap(({ events }) => events).sort(byTime);
}

const byTime = (a: TraceEvent, b: TraceEvent): number => a.time_ns - b.time_ns;

/** Joins the two traces, piece by piece: each call returns events up to `until_ns`, and keeps later ones. */
export function joiner(): (
  target: readonly TraceEvent[],
  outside: readonly TraceEvent[],
  until_ns: number,
) => TraceEvent[] {
  let waiting: { readonly target: readonly TraceEvent[]; readonly outside: readonly TraceEvent[] } = {
    target: [],
    outside: [],
  };
  /** The last events of the target that were returned. */
  let before: readonly TraceEvent[] = [];
  return (newTarget, newOutside, until_ns) => {
    // Runs that are in order already, which a sort finds.
    const target = [...waiting.target, ...newTarget].sort(byTime);
    const outside = [...waiting.outside, ...newOutside].sort(byTime);
    const due_n = (events: readonly TraceEvent[]): number =>
      partitionPoint(events, ({ time_ns }) => time_ns <= until_ns);
    const [target_n, outside_n] = [due_n(target), due_n(outside)];
    const due = target.slice(0, target_n);
    waiting = { target: target.slice(target_n), outside: outside.slice(outside_n) };
    const joined = [...due, ...withoutTwins(outside.slice(0, outside_n), [...before, ...target])];
    before = [...before, ...due.slice(partitionPoint(due, ({ time_ns }) => time_ns < until_ns - 2 * twin_ns))].filter(
      ({ time_ns }) => time_ns >= until_ns - 2 * twin_ns,
    );
    return joined.sort(byTime);
  };
}

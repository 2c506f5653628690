/**
 * Waits for a CPU of threads that others wait for at the same time: they are a part of why the others wait, and no reason
 * apart. Pure.
 */
import type { Span } from '../attribution/link-draft.js';
import { uncovered } from '../attribution/links.js';
import { overlapping } from '../attribution/trace-model.js';
import { grouped } from '../base/group.js';
import type { ListedStall } from '../bundle/stalls-schema.js';
import type { Cause } from '../facts/blame.js';

const withoutCpu: readonly Cause[] = ['not-scheduled', 'cpu-limit', 'steal'];

/** Others waited for the thread during at least half of the wait. */
export function holdersWaits(stalls: readonly ListedStall[]): ReadonlySet<ListedStall> {
  const blamed = stalls.flatMap((stall) => {
    const tid = stall.cause?.thread?.tid;
    return tid === undefined ? [] : [[tid, spanOf(stall)] as const];
  });
  const waitsFor = new Map(
    [...grouped(blamed, ([tid]) => tid)].map(([tid, list]) => [
      tid,
      list.map(([, span]) => span).sort((a, b) => a.start_ns - b.start_ns),
    ]),
  );
  return new Set(
    stalls.filter((stall) => {
      const { cause, thread, duration_ns } = stall;
      if (cause === null || thread === null || cause.thread !== null || !withoutCpu.includes(cause.cause)) return false;
      const span = spanOf(stall);
      const free_ns = uncovered(span, overlapping(waitsFor.get(thread.tid), span)).reduce(
        (sum, { start_ns, end_ns }) => sum + end_ns - start_ns,
        0,
      );
      return free_ns <= duration_ns / 2;
    }),
  );
}

function spanOf({ start_ns, duration_ns }: ListedStall): Span {
  return { start_ns, end_ns: start_ns + duration_ns };
}

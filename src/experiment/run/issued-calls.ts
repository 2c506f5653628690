/**
 * The system calls that an arm declares (`issues`), counted in the window of a run by its trace, as `profile verify`
 * counts them under strace. Only calls that a trace records are counted (system-calls.ts): fallocate is not.
 */
import type { RunFile } from '../../bundle/bundle-schema.js';
import { callNamed, rangeOf } from '../../catalogue/named-calls.js';
import { callsInTraces } from '../../catalogue/system-calls.js';
import { issuesOf, type ExpectedCalls, type ResolvedArm } from '../../profile/resolved/resolved.js';
import type { RelativeWindow } from '../../record/board/board.js';
import type { Trace, TraceEvent } from '../../record/trace/trace.js';
import { traceEvents } from '../../record/trace/trace.js';
import { matchesComm } from '../../catalogue/thread-patterns.js';

export type IssuedCalls = NonNullable<RunFile['issued']>[number];

/** `commOf`: the latest name of a thread. Null where the trace does not have all calls of the window. */
export function issuedCalls(
  arm: ResolvedArm,
  trace: Pick<Trace, 'events' | 'coveredFrom_ns' | 'coveredTo_ns' | 'missingEvents'> | null,
  commOf: (tid: number) => string | undefined,
  { windowStart_ns, windowEnd_ns }: RelativeWindow,
): IssuedCalls[] | null {
  const declared = issuesOf(arm).filter(({ call }) => isTraced(call));
  if (trace === null || declared.length === 0) return null;
  const { events, coveredFrom_ns, coveredTo_ns, missingEvents } = trace;
  if (coveredFrom_ns > windowStart_ns || coveredTo_ns < windowEnd_ns || missingEvents.includes(traceEvents.enter))
    return null;
  const names = namesIn(events);
  const seen = events.flatMap((event) =>
    event.kind === 'enter' && event.time_ns >= windowStart_ns && event.time_ns < windowEnd_ns
      ? [{ ...nameAndBytes(event), by: commOf(event.tid) ?? names.get(event.tid) ?? '' }]
      : [],
  );
  return declared.map(({ call, by }: ExpectedCalls): IssuedCalls => {
    const own = seen.filter((one) => one.call === call && (by === null || matchesComm(by, one.by)));
    return { call, by, n: own.length, bytes: own.reduce((sum, { bytes }) => sum + bytes, 0) };
  });
}

function isTraced(call: string): boolean {
  const [name = ''] = call.split('.');
  return callsInTraces.some((traced) => traced === name);
}

function nameAndBytes({ call, arguments: words = [] }: TraceEvent & { kind: 'enter' }): {
  call: string;
  bytes: number;
} {
  const args = words.map((word) => word.toString(16));
  return { call: callNamed(call, args), bytes: Number(rangeOf(call, args)?.bytes ?? 0n) };
}

/** Threads that ended before anything else looked at them. */
function namesIn(events: readonly TraceEvent[]): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const event of events)
    if (event.kind === 'switch') names.set(event.previous, event.previousName).set(event.next, event.nextName);
  return names;
}

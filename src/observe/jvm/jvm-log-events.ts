/** Events of an observed JVM's log, on the clock of the observation. Pure. */
import { largestOf } from '../../base/largest.js';
import type { LoggedEvent } from '../../attribution/evidence.js';
import { grouped } from '../../base/group.js';
import type { ObservedJvm } from '../../bundle/observed-jvm-schema.js';
import type { JvmLog } from '../../record/jvm-log.js';

export interface LogWindow {
  /** CLOCK_MONOTONIC at the start of the observation. */
  readonly start_ns: number;
  readonly watched_ns: number;
  /** What the JVM's clock is ahead of that. */
  readonly clockOffset_ns: bigint;
}

/**
 * A time namespace has a clock of its own: /proc/PID/timens_offsets says by how much its CLOCK_MONOTONIC is ahead. The
 * kernel's programs have the clock of the first namespace.
 */
export function monotonicOffset_ns(text: string | null): bigint {
  const [, seconds = '0', nanoseconds = '0'] = /^monotonic\s+(-?\d+)\s+(\d+)$/m.exec(text ?? '') ?? [];
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
}

/** By start; those that overlap the window. */
export function eventsOfLog({ series }: Pick<JvmLog, 'series'>, window: LogWindow): LoggedEvent[] {
  const { start_ns: origin_ns, watched_ns, clockOffset_ns } = window;
  const origin = BigInt(Math.round(origin_ns)) + clockOffset_ns;
  return [...series]
    .flatMap(([name, events]) =>
      events.map(({ label, start_ns, end_ns }) => ({
        name,
        label,
        start_ns: Number(start_ns - origin),
        duration_ns: Number(end_ns - start_ns),
      })),
    )
    .filter(({ start_ns, duration_ns }) => start_ns < watched_ns && start_ns + duration_ns > 0)
    .sort((a, b) => a.start_ns - b.start_ns);
}

/**
 * By start: the log's events, and the safepoints seen from outside that the log may lack. A log must not make less known
 * than no log does. But from outside a safepoint is inferred from threads that sleep on one word, as they do behind other
 * locks too: between its first event and its last, a log without a gap has all safepoints.
 */
export function withUnlogged(
  logged: readonly LoggedEvent[],
  outside: readonly LoggedEvent[],
  { hasGap }: { readonly hasGap: boolean },
): LoggedEvent[] {
  const known = hasGap ? logged.filter(isSafepoint) : wholeOf(logged);
  const unlogged = outside.filter((one) => isSafepoint(one) && !known.some((other) => overlaps(one, other)));
  return [...logged, ...unlogged].sort((a, b) => a.start_ns - b.start_ns);
}

/** From its first event to the end of the last; empty where there is none. */
function wholeOf(logged: readonly LoggedEvent[]): Timed[] {
  const [first] = logged;
  if (first === undefined) return [];
  const end_ns = largestOf(logged.map(({ start_ns, duration_ns }) => start_ns + duration_ns));
  return [{ start_ns: first.start_ns, duration_ns: end_ns - first.start_ns }];
}

function isSafepoint({ name }: LoggedEvent): boolean {
  return name === 'safepoint.total';
}

type Timed = Pick<LoggedEvent, 'start_ns' | 'duration_ns'>;

function overlaps(a: Timed, b: Timed): boolean {
  return a.start_ns < b.start_ns + b.duration_ns && b.start_ns < a.start_ns + a.duration_ns;
}

export function eventTotals(
  events: readonly LoggedEvent[],
): NonNullable<NonNullable<ObservedJvm['attached']>['events']> {
  return [...grouped(events, ({ name }) => name)].map(([name, alike]) => ({
    name,
    events_n: alike.length,
    total_ns: alike.reduce((sum, { duration_ns }) => sum + duration_ns, 0),
    longest_ns: largestOf(alike.map(({ duration_ns }) => duration_ns)),
  }));
}

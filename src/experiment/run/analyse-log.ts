/** Counts the events of a JVM's log in a window. Pure. */
import type { LogSeries } from '../../bundle/bundle-schema.js';
import { countsOfValues, type SparseCounts } from '../../record/histogram/counts.js';
import { serviceFigures } from '../../record/histogram/figures.js';
import { addDistributions, distributionOf } from '../../record/histogram/histogram.js';
import { concernsEvents, type JvmLog, type UntimedEvent } from '../../record/jvm-log.js';
import type { RelativeWindow } from '../../record/board/board.js';
import { unionInside } from '../../record/stalls.js';

/** Events of one name in one run. */
export interface LogRun {
  readonly name: string;
  readonly counts: SparseCounts;
  /** Events of at least the threshold. */
  readonly long_count: number;
  /** Null in a run of an older version. */
  readonly inWindow_ns: number | null;
}

/** An event with times relative to go, like the times of stalls. */
export interface LogEvent {
  readonly name: string;
  readonly label: string;
  readonly start_ns: number;
  readonly duration_ns: number;
}

type Series = Pick<JvmLog, 'series'>;

/**
 * Events that began inside the window; an event that began earlier belongs to the warm-up. Their lengths may add up to
 * more than the window, because the last of them may end in the drain. So the time that events take inside the window
 * is counted apart, and has the part of an event of the warm-up that reaches into it.
 */
export function analyseLog(log: Series, go_ns: bigint, window: RelativeWindow, threshold_ns: number): LogRun[] {
  const { windowStart_ns, windowEnd_ns } = window;
  const all = eventsInWindow(log, go_ns, { ...window, windowStart_ns: -Infinity, windowEnd_ns: Infinity });
  const events = eventsInWindow(log, go_ns, window);
  return [...log.series.keys()].map((name) => {
    const durations_ns = events.filter((event) => event.name === name).map(({ duration_ns }) => duration_ns);
    return {
      name,
      counts: countsOfValues(durations_ns),
      long_count: durations_ns.filter((duration_ns) => duration_ns >= threshold_ns).length,
      inWindow_ns: unionInside(
        all.filter((event) => event.name === name),
        windowStart_ns,
        windowEnd_ns,
      ),
    };
  });
}

/** Events of at least `atLeast_ns`, ordered by start, to compare with stalls. */
export function eventsInWindow(
  { series }: Series,
  go_ns: bigint,
  { windowStart_ns, windowEnd_ns }: RelativeWindow,
  atLeast_ns = 0,
): LogEvent[] {
  return [...series]
    .flatMap(([name, events]) =>
      events.map(({ label, start_ns, end_ns }) => ({
        name,
        label,
        start_ns: Number(start_ns - go_ns),
        duration_ns: Number(end_ns - start_ns),
      })),
    )
    .filter(
      ({ start_ns, duration_ns }) => start_ns >= windowStart_ns && start_ns < windowEnd_ns && duration_ns >= atLeast_ns,
    )
    .sort((a, b) => a.start_ns - b.start_ns);
}

/** Those in the window. They have only the time of their end. */
export function untimedInWindow(
  { untimed }: Pick<JvmLog, 'untimed'>,
  go_ns: bigint,
  { windowStart_ns, windowEnd_ns }: RelativeWindow,
): UntimedEvent[] {
  return untimed.filter(({ time_ns }) => {
    const at_ns = Number(time_ns - go_ns);
    return at_ns >= windowStart_ns && at_ns < windowEnd_ns;
  });
}

/** Returns of heap in the window, with a length or without; null: none is in the log, which may lack some. */
export function heapReturnsIn(log: JvmLog, go_ns: bigint, window: RelativeWindow): number | null {
  const timed_n = eventsInWindow(log, go_ns, window).filter(({ name }) => name === 'gc.uncommit').length;
  const returns_n = timed_n + untimedInWindow(log, go_ns, window).length;
  const mayLack = log.problems.some((problem) => concernsEvents(problem, 'gc.uncommit'));
  return returns_n === 0 && mayLack ? null : returns_n;
}

/** The figures of a series over several runs. */
export function logFigures(name: string, runs: readonly LogRun[]): LogSeries {
  const own = runs.filter((run) => run.name === name);
  const counts = addDistributions(...own.map((run) => run.counts));
  return {
    name,
    durations: serviceFigures(distributionOf(counts)),
    long_count: own.reduce((sum, { long_count }) => sum + long_count, 0),
    total_ns: counts.sum_ns,
    inWindow_ns: own.reduce<number | null>(
      (sum, { inWindow_ns }) => (sum === null || inWindow_ns === null ? null : sum + inWindow_ns),
      0,
    ),
  };
}

export function logSeriesNames(runs: readonly LogRun[]): string[] {
  return [...new Set(runs.map(({ name }) => name))];
}

/** From a JVM's log to counts: which of its events a window has. Pure. */
import type { LogSeries } from '../bundle/schema.js';
import { countsOfValues, type SparseCounts } from '../record/counts.js';
import { serviceFigures } from '../record/figures.js';
import { addDistributions, distributionOf } from '../record/histogram.js';
import type { JvmLog } from '../record/jvm-log.js';
import type { RelativeWindow } from '../record/board.js';

/** One run's events of one name. */
export interface LogRun {
  readonly name: string;
  readonly counts: SparseCounts;
  /** Of at least the threshold. */
  readonly long_count: number;
}

/** Events that began inside the window; one that began before it belongs to the warm-up. */
export function analyseLog({ series }: Pick<JvmLog, 'series'>, go_ns: bigint, { windowStart_ns, windowEnd_ns }: RelativeWindow, threshold_ns: number): LogRun[] {
  return [...series].map(([name, events]) => {
    const durations_ns = events.flatMap(({ start_ns, end_ns }) => {
      const from_ns = Number(start_ns - go_ns);
      return from_ns >= windowStart_ns && from_ns < windowEnd_ns ? [Number(end_ns - start_ns)] : [];
    });
    return { name, counts: countsOfValues(durations_ns), long_count: durations_ns.filter((duration_ns) => duration_ns >= threshold_ns).length };
  });
}

/** The figures of one series over some runs. */
export function logFigures(name: string, runs: readonly LogRun[]): LogSeries {
  const own = runs.filter((run) => run.name === name);
  const counts = addDistributions(...own.map((run) => run.counts));
  return {
    name,
    durations: serviceFigures(distributionOf(counts)),
    long_count: own.reduce((sum, { long_count }) => sum + long_count, 0),
    total_ns: counts.sum_ns,
  };
}

export function logSeriesNames(runs: readonly LogRun[]): string[] {
  return [...new Set(runs.map(({ name }) => name))];
}

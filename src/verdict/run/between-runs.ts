/** How a percentile differs from run to run: the unit is the run, because operations of a run share its stalls. */
import type { ArmSummary } from '../../bundle/bundle-schema.js';
import { formatDuration } from '../../base/text/units.js';
import { typicalRun, type TypicalRun } from '../../stats/typical-run.js';

type Series = Pick<ArmSummary['series'][number], 'perRun'>;
export type PercentileKey = 'p50_ns' | 'p90_ns' | 'p99_ns' | 'p99_9_ns' | 'p99_99_ns';

/**
 * Of the whole runs. Null for a single run, and if a run lacks the figure: it is seldom a good run.
 */
export function betweenRuns({ perRun }: Series, times: 'service' | 'response', key: PercentileKey): TypicalRun | null {
  const whole = perRun.filter(({ status }) => status === 'complete');
  const values = whole.flatMap((run) => run[times]?.[key] ?? []);
  return whole.length < 2 || values.length < whole.length ? null : typicalRun(values);
}

/** `38.1–44.0 µs`, `980 µs–1.20 ms`. */
export function shownRange({ lowest, highest }: Pick<TypicalRun, 'lowest' | 'highest'>): string {
  const [low, high] = [formatDuration(lowest), formatDuration(highest)];
  const unit = / \D+$/.exec(high)?.[0] ?? '';
  return `${low.endsWith(unit) ? low.slice(0, -unit.length) : low}–${high}`;
}

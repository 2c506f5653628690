/**
 * Pauses of the JVM with the victims. A stall is a long operation, so a pause between two operations is none: it makes
 * the next operation late, which only response times show. An arm without a stall may stand still for most of the time.
 */
import type { ArmSummary } from '../../bundle/bundle-schema.js';
import type { NoteFact } from '../../facts/note-facts.js';

/** Of arms whose pauses reach the length of a stall and take more of the time than stalls do. */
export function pausesBesideStalls(arms: readonly ArmSummary[]): NoteFact[] {
  const paused = arms.flatMap(({ name: arm, jvm, series, window_ns }) => {
    const pauses = jvm?.log.find((one) => one.name === 'safepoint.total');
    const longest_ns = pauses?.durations.max_ns ?? 0;
    const least_ns = series[0]?.stalls.threshold_ns ?? Infinity;
    if (pauses === undefined || longest_ns < least_ns || window_ns === null || window_ns === 0) return [];
    const paused_share = pauses.total_ns / window_ns;
    return series.every(({ stalls }) => stalls.stalled_share < paused_share)
      ? [{ arm, longest_ns, paused_share } as const]
      : [];
  });
  return paused.length === 0 ? [] : [{ code: 'pauses-beside-stalls', arms: paused }];
}

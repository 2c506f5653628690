/**
 * The typical run, from a value of each run: the median, and the order statistics that bound the median of all such
 * runs (quantile-bounds.ts). No distribution is assumed, which matters for percentiles: runs are often of two kinds.
 */
import { median } from './median.js';
import { leastN, quantileRanks } from './quantile-bounds.js';
import { assertGroups } from './sample.js';

export interface TypicalRun {
  readonly n: number;
  readonly estimate: number;
  /** Over all runs. The value for all their operations together lies between the two, whatever n is. */
  readonly lowest: number;
  readonly highest: number;
  /** Bounds of the median at 95 %; null if no run is a bound. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Fewer runs do not bound a median. */
export const leastRunsForBounds = leastN(0.5);

export function typicalRun(values: readonly number[]): TypicalRun {
  assertGroups('a typical run', values);
  const sorted = values.toSorted((a, b) => a - b);
  const { lower, upper } = quantileRanks(0.5, values.length);
  const at = (rank: number | null): number | null => (rank === null ? null : (sorted[rank - 1] ?? null));
  return {
    n: values.length,
    estimate: median(values) ?? 0,
    lowest: sorted[0] ?? 0,
    highest: sorted.at(-1) ?? 0,
    low: at(lower),
    high: at(upper),
  };
}

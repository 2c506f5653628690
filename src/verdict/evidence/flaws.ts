/** Why a figure of a series that looks good may not be: what its runs did not see, or did not do. */
import type { FlawFact, Pair } from '../../facts/compare-facts.js';
import type { Metric, MetricEvidence, SeriesOfRun } from './metrics.js';

type Figures = SeriesOfRun['figures'];

/** What a run of a series says about its evidence. */
export interface SeenOfRun extends Pick<SeriesOfRun, 'nothingGiven'> {
  readonly figures: Pick<Figures, 'saturated' | 'exhausted' | 'lost_records'> & {
    readonly stalls: Pick<Figures['stalls'], 'unseen_count'>;
  };
}

/** A run of an arm itself says nothing about a series. */
export function seenIn(runs: readonly MetricEvidence[]): SeenOfRun[] {
  return runs.flatMap((run) => (run.scope === 'series' ? [run] : []));
}

export interface FlawOptions {
  readonly allowSaturated: boolean;
  /** False where memory is given back in no run of what these runs are compared with either. */
  readonly mustGiveBack: boolean;
}

/** Null: nothing. */
export function flawOf(
  metric: Metric,
  runs: readonly SeenOfRun[],
  { allowSaturated, mustGiveBack }: FlawOptions,
): FlawFact | null {
  const flaw = (code: FlawFact['code'], has: (run: SeenOfRun) => boolean): FlawFact | null => {
    const runs_n = runs.filter(has).length;
    return runs_n === 0 ? null : { code, runs_n, of_n: runs.length };
  };
  const saturated = allowSaturated || metric.isExact ? null : flaw('saturated', isSaturated);
  if (saturated !== null || !isRaisedByStalls(metric)) return saturated;
  return (
    (metric.fromRecords ? flaw('records-lost', ({ figures: { lost_records = 0 } }) => lost_records > 0) : null) ??
    flaw('pages-used-up', ({ figures: { exhausted = 0 } }) => exhausted > 0) ??
    (metric.fromStates ? flaw('states-unseen', ({ figures }) => figures.stalls.unseen_count > 0) : null) ??
    (mustGiveBack
      ? (flaw('heap-kept', ({ nothingGiven }) => nothingGiven === 'heap-kept') ??
        flaw('holder-idle', ({ nothingGiven }) => nothingGiven === 'holder-idle'))
      : null)
  );
}

/** Any stall makes a time of its series longer, whatever the threshold is. */
function isRaisedByStalls({ ofStalls, scope, unit }: Metric): boolean {
  return ofStalls || (scope === 'series' && unit === 'time');
}

function isSaturated({ figures }: SeenOfRun): boolean {
  return figures.saturated;
}

/**
 * Of both sides of a comparison. Where neither side gives memory back, that is no difference. The same holds of
 * saturation unless `allowSaturated` is given: of a stalled victim both sides are saturated as a rule.
 */
export function flawsOf(
  metric: Metric,
  { a, b }: Pair<readonly SeenOfRun[]>,
  allowSaturated: boolean = a.some(isSaturated) && b.some(isSaturated),
): Pair<FlawFact | null> {
  return {
    a: flawOf(metric, a, { allowSaturated, mustGiveBack: gaveBack(b) }),
    b: flawOf(metric, b, { allowSaturated, mustGiveBack: gaveBack(a) }),
  };
}

/** Whether memory was given back in some run, as far as is known. */
function gaveBack(runs: readonly SeenOfRun[]): boolean {
  return runs.some(({ nothingGiven }) => nothingGiven === null);
}

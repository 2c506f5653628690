/** Why a figure of a series that looks good may not be: what its runs did not see, or did not do. */
import type { Pair } from '../../facts/compare-facts.js';
import type { FlawFact } from '../../facts/flaw-facts.js';
import { isControlSeries } from './control-series.js';
import type { Metric, MetricEvidence, SeriesOfRun } from './metrics.js';

type Figures = SeriesOfRun['figures'];

/** What a run of a series says about its evidence. */
export interface SeenOfRun extends Pick<SeriesOfRun, 'nothingGiven'> {
  readonly served_n: number;
  readonly figures: Pick<Figures, 'saturated' | 'exhausted' | 'lost_records' | 'gaveUp'> & {
    readonly stalls: Pick<Figures['stalls'], 'unseen_count'>;
  };
}

/** A run of an arm itself says nothing about a series. */
export function seenIn(runs: readonly MetricEvidence[]): SeenOfRun[] {
  return runs.flatMap((run) =>
    run.scope === 'series'
      ? [{ figures: run.figures, nothingGiven: run.nothingGiven, served_n: run.figures.service.n }]
      : [],
  );
}

/**
 * The kernel mostly gives work up before it takes the lock, so that such an operation waits for nobody. A few of them
 * change no percentile below p99.
 */
const mostGivenUp_share = 0.01;

export interface FlawOptions {
  /** Its name; empty for the arm itself. */
  readonly series: string;
  readonly allowSaturated: boolean;
  /** False where memory is given back in no run of what these runs are compared with either. */
  readonly mustGiveBack: boolean;
}

/** Null: nothing. */
export function flawOf(
  metric: Metric,
  runs: readonly SeenOfRun[],
  { series, allowSaturated, mustGiveBack }: FlawOptions,
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
    flaw('work-given-up', ({ figures: { gaveUp = 0 }, served_n }) => gaveUp > mostGivenUp_share * served_n) ??
    // Nobody waits for memory that is given back in a series that takes no lock.
    (mustGiveBack && !isControlSeries(series)
      ? (flaw('heap-kept', ({ nothingGiven }) => nothingGiven === 'heap-kept') ??
        flaw('holder-idle', ({ nothingGiven }) => nothingGiven === 'holder-idle'))
      : null) ??
    // The last, because such stalls can be counted: where this is the flaw there is no other.
    (metric.fromStates ? flaw('states-unseen', ({ figures }) => figures.stalls.unseen_count > 0) : null)
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
 * saturation: of a stalled victim both sides are saturated as a rule. But the side that is saturated in more of its runs
 * has figures that show less of its delay. `allowSaturated`: whether saturation is a flaw on neither side, or on any.
 */
export function flawsOf(
  metric: Metric,
  series: string,
  { a, b }: Pair<readonly SeenOfRun[]>,
  allowSaturated?: boolean,
): Pair<FlawFact | null> {
  const of = (own: readonly SeenOfRun[], other: readonly SeenOfRun[]): FlawFact | null =>
    flawOf(metric, own, {
      series,
      allowSaturated: allowSaturated ?? saturatedShare(own) <= saturatedShare(other),
      mustGiveBack: gaveBack(other),
    });
  return { a: of(a, b), b: of(b, a) };
}

function saturatedShare(runs: readonly SeenOfRun[]): number {
  return runs.length === 0 ? 0 : runs.filter(isSaturated).length / runs.length;
}

/** Whether memory was given back in some run, as far as is known. */
function gaveBack(runs: readonly SeenOfRun[]): boolean {
  return runs.some(({ nothingGiven }) => nothingGiven === null);
}

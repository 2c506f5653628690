/** Beside a number of stalls: for how much of the time a series was stalled. */
import { mean } from '../../stats/sample.js';
import type { Metric } from '../evidence/metrics.js';
import type { SeriesEvidence } from '../evidence/side.js';
import type { Pair } from '../../facts/compare-facts.js';
import type { Doubts } from './flawed.js';

/** Of a number of stalls; empty where it is not known. */
export function stalledShares(
  { ofStalls, unit }: Metric,
  { a, b }: Pair<SeriesEvidence>,
): Pick<Doubts, 'stalledShare'> {
  const of = ({ runs }: SeriesEvidence): number[] =>
    runs.flatMap((run) => (run.scope === 'series' && run.knowsStates ? [run.figures.stalls.stalled_share] : []));
  const shares = { a: of(a), b: of(b) };
  const isNumber = ofStalls && (unit === 'count' || unit === 'per_minute');
  if (!isNumber || shares.a.length === 0 || shares.b.length === 0) return {};
  return { stalledShare: { a: mean(shares.a), b: mean(shares.b) } };
}

/**
 * The figures of a series that are printed and stored. A percentile whose upper confidence bound would be infinite is
 * null ("n too small"). Figures that a saturated series' response times cannot support are null too.
 */
import { hasFiniteUpperBound } from '../../stats/quantile-bounds.js';
import { percentile_ns, type Distribution } from './histogram.js';

export interface Figures {
  readonly n: number;
  readonly min_ns: number | null;
  readonly mean_ns: number | null;
  readonly p50_ns: number | null;
  readonly p90_ns: number | null;
  readonly p99_ns: number | null;
  readonly p99_9_ns: number | null;
  readonly p99_99_ns: number | null;
  readonly max_ns: number | null;
}

export function serviceFigures(service: Distribution): Figures {
  return figures(service, service.n);
}

/**
 * Only served operations count for whether n suffices: owed operations are not independent observations, because they
 * follow from the stall that kept them waiting. Mean and percentiles of a saturated series only reflect the length of
 * the window (owed.ts), and are left out. The maximum is a true lower bound, and stays.
 */
export function responseFigures(
  response: Distribution,
  { service_n, saturated }: { service_n: number; saturated: boolean },
): Figures {
  const all = figures(response, service_n);
  return saturated
    ? { ...all, mean_ns: null, p50_ns: null, p90_ns: null, p99_ns: null, p99_9_ns: null, p99_99_ns: null }
    : all;
}

function figures(distribution: Distribution, judged_n: number): Figures {
  const { n, min_ns, max_ns, sum_ns } = distribution;
  const at = (percent: number): number | null =>
    hasFiniteUpperBound(percent / 100, judged_n) ? percentile_ns(distribution, percent) : null;
  return {
    n,
    min_ns: n === 0 ? null : min_ns,
    mean_ns: n === 0 ? null : sum_ns / n,
    p50_ns: at(50),
    p90_ns: at(90),
    p99_ns: at(99),
    p99_9_ns: at(99.9),
    p99_99_ns: at(99.99),
    max_ns: n === 0 ? null : max_ns,
  };
}

/**
 * What arms, kernels and gates are compared by: figures of one run of one series. More is worse in all of them.
 * A value is null where the run does not know it, with the reason in words.
 */
import { usage } from '../base/failure.js';
import { didYouMean } from '../base/near-miss.js';
import { formatDuration, formatShare, parseDuration, parseShare, type Parsed } from '../base/units.js';
import type { SeriesFigures } from '../bundle/schema.js';
import { leastN } from '../stats/quantile-bounds.js';
import type { Margin } from './decide.js';

export type MetricUnit = 'share' | 'per_minute' | 'time';

/** What a run shows of a series; a log of another tool knows less. */
export interface RunEvidence {
  /** The repetition that it belongs to; arms of one repetition were measured one after the other. */
  readonly round: number;
  readonly window_ns: number;
  readonly threshold_ns: number;
  readonly figures: Pick<SeriesFigures, 'stalls' | 'saturated'> & Partial<Pick<SeriesFigures, 'lost_records' | 'exhausted'>> & { readonly service: { readonly n: number }; readonly response: { readonly n: number } | null };
  /** False for a log: it does not say in what state its threads were, nor when stalls overlap. */
  readonly knowsStates: boolean;
  /** Null where n is too small or the series is saturated. */
  quantile(time: 'service' | 'response', percent: number): number | null;
}

export interface Known {
  readonly value: number | null;
  /** Why it is null. */
  readonly missing: string | null;
}

export interface Metric {
  readonly name: string;
  readonly title: string;
  readonly unit: MetricUnit;
  /** Depends on the threshold of stalls. */
  readonly ofStalls: boolean;
  /** Grows with the window, so that only windows of one length compare. */
  readonly growsWithWindow: boolean;
  margin(threshold_ns: number): Margin;
  of(run: RunEvidence): Known;
}

const minute_ns = 60e9;
const relative = 0.1;

const known = (value: number): Known => ({ value, missing: null });
const unknown = (missing: string): Known => ({ value: null, missing });

/** The maximum's quantile needs no bound; every other one is checked against `leastN`. */
const stallMetrics: readonly Metric[] = [
  {
    name: 'stalled_share', title: 'stalled share', unit: 'share', ofStalls: true, growsWithWindow: false,
    margin: () => ({ relative, absolute: 0.001 }),
    of: ({ figures, knowsStates }) => (knowsStates ? known(figures.stalls.stalled_share) : unknown('a histogram log does not say when its stalls were')),
  },
  {
    name: 'stalls_per_minute', title: 'stalls per minute', unit: 'per_minute', ofStalls: true, growsWithWindow: false,
    margin: () => ({ relative, absolute: 0.5 }),
    of: ({ figures, window_ns }) => perMinute(figures.stalls.count, window_ns),
  },
  {
    name: 'longest_ns', title: 'longest stall', unit: 'time', ofStalls: true, growsWithWindow: true,
    margin: (threshold_ns) => ({ relative, absolute: threshold_ns / 10 }),
    of: ({ figures }) => known(figures.stalls.longest_ns),
  },
  {
    name: 'blocked_per_minute', title: 'blocked stalls per minute', unit: 'per_minute', ofStalls: true, growsWithWindow: false,
    margin: () => ({ relative, absolute: 0.5 }),
    of: ({ figures, window_ns, knowsStates }) => (knowsStates ? perMinute(figures.stalls.blocked_count, window_ns) : unknown('a histogram log does not say in what state threads were')),
  },
];

function perMinute(count: number, window_ns: number): Known {
  return window_ns > 0 ? known((count * minute_ns) / window_ns) : unknown('its window has no length');
}

function quantileMetric(time: 'service' | 'response', percent: number): Metric {
  return {
    name: `${time}.p${String(percent).replace('.', '_')}_ns`, title: `${time} p${percent}`, unit: 'time', ofStalls: false, growsWithWindow: false,
    margin: () => ({ relative, absolute: 0 }),
    of: (run) => {
      const { figures, window_ns } = run;
      if (time === 'response' && figures.response === null) return unknown('it has no schedule, and so no response time');
      const value = run.quantile(time, percent);
      if (value !== null) return known(value);
      if (time === 'response' && figures.saturated) return unknown('saturated: it could not keep its schedule, so its response percentiles are the length of the window in disguise');
      const needed = leastN(percent / 100);
      const n = figures.service.n;
      const longer = n === 0 ? '' : `, at this rate a window of ${formatDuration((window_ns * needed) / n)}`;
      return n < needed ? unknown(`n too small: p${percent} needs ${needed} operations a run${longer}`) : unknown('the run does not have it');
    },
  };
}

/** In the order of importance (design): stalls first, percentiles after. */
export function metricsFor(percents: readonly number[]): Metric[] {
  return [...stallMetrics, ...percents.flatMap((percent) => [quantileMetric('service', percent), quantileMetric('response', percent)])];
}

/** `99.9`, `p99.9`: a percentile above 0 and below 100. */
export function parsePercent(text: string): number {
  const percent = Number(/^p?(\d{1,2}(?:\.\d{1,6})?)$/.exec(text)?.[1]);
  if (!(percent > 0 && percent < 100)) throw usage(`--quantile ${text}: expected a percentile above 0 and below 100, such as 99.9`);
  return percent;
}

/** Those named, by name or without its `_ns`; all if none was. */
export function chooseMetrics(all: readonly Metric[], names: readonly string[]): readonly Metric[] {
  const simple = (name: string): string => name.toLowerCase().replace(/_ns$/, '').replaceAll('.', '_');
  for (const name of names) {
    if (!all.some((metric) => simple(metric.name) === simple(name))) {
      const possible = all.map((metric) => metric.name);
      throw usage(`--metric ${name}: there is no such metric${didYouMean(name, possible)}; there are ${possible.join(', ')} (further percentiles with --quantile)`);
    }
  }
  return names.length === 0 ? all : all.filter((metric) => names.some((name) => simple(name) === simple(metric.name)));
}

/** By its name, such as longest_ns or service.p99_9_ns, with or without its `_ns`; null: there is none. */
export function metricNamed(name: string): Metric | null {
  const percent = Number(/^(?:service|response)\.p(\d{1,2}(?:_\d{1,6})?)(?:_ns)?$/.exec(name)?.[1]?.replace('_', '.'));
  const possible = metricsFor(percent > 0 && percent < 100 ? [percent] : []);
  return possible.find((metric) => metric.name === name || metric.name === `${name}_ns`) ?? null;
}

/** A size in the metric's unit; a number is one of stalls per minute alone. */
export function parseInUnit(unit: MetricUnit, written: string | number): Parsed {
  if (unit !== 'per_minute') return typeof written === 'string' ? (unit === 'time' ? parseDuration : parseShare)(written) : { ok: false, expected: unit === 'time' ? 'a duration such as 20ms' : 'a share of the window such as 1%' };
  const value = typeof written === 'number' ? written : /^\d{1,9}(\.\d{1,9})?$/.test(written) ? Number(written) : Number.NaN;
  return value >= 0 && Number.isFinite(value) ? { ok: true, value } : { ok: false, expected: 'a number of stalls per minute, such as 0.5' };
}

export function formatMetric(unit: MetricUnit, value: number): string {
  const sign = value < 0 ? '−' : '';
  const size = Math.abs(value);
  if (unit === 'time') return sign + (size === 0 ? '0' : formatDuration(size));
  if (unit === 'share') return sign + (size === 0 ? '0' : formatShare(size));
  return sign + String(Number(size.toPrecision(3)));
}

/**
 * The registry of metrics: every figure of gates, comparisons, conditions, exports and tables has one name.
 * docs/metrics.md lists them. A value that a run lacks is null, with the reason as a code.
 */
import { usage } from '../../base/failure.js';
import { didYouMean } from '../../base/text/near-miss.js';
import { armMetrics, armPercentileMetrics } from './metrics/arm-metrics.js';
import type { Metric } from './metrics/metric.js';
import { percentileMetrics, seriesMetrics, stallMetrics } from './metrics/series-metrics.js';

export type { ArmRun, Known, Metric, MetricScope, MetricEvidence, SeriesOfRun } from './metrics/metric.js';
export { parseInUnit } from './metrics/unit.js';

/** Compared by default: of every series, stalls first. */
export function metricsFor(percents: readonly number[]): Metric[] {
  return [...stallMetrics, ...percentileMetrics(percents)];
}

/** Percentiles that every bundle's figures have; others are computed from its histograms. */
export const storedPercents = [50, 90, 99, 99.9, 99.99] as const;

/** All metrics, with these percentiles. */
export function allMetrics(percents: readonly number[] = storedPercents): Metric[] {
  return [...seriesMetrics, ...percentileMetrics(percents), ...armMetrics, ...armPercentileMetrics(percents)];
}

const named = new Map<string, Metric>();

/** With or without its unit at the end, dots or underlines between its parts. */
function simplified(name: string): string {
  return name
    .toLowerCase()
    .replace(/_(ns|bytes)$/, '')
    .replaceAll('.', '_');
}

/** By its name, such as longest_ns or service.p99_9_ns, or by an alias; null: there is none. */
export function metricNamed(name: string): Metric | null {
  if (named.size === 0)
    for (const metric of allMetrics())
      for (const one of [metric.name, ...metric.aliases]) named.set(simplified(one), metric);
  const wanted = simplified(name);
  const found = named.get(wanted);
  if (found !== undefined) return found;
  const percent = Number(/^[a-z_]+_p(\d{1,2}(?:_\d{1,6})?)$/.exec(wanted)?.[1]?.replace('_', '.'));
  if (!(percent > 0 && percent < 100)) return null;
  return (
    [...percentileMetrics([percent]), ...armPercentileMetrics([percent])].find(
      (one) => simplified(one.name) === wanted,
    ) ?? null
  );
}

/** All names of these metrics, to find what a misspelt name meant. */
export function namesOf(metrics: readonly Metric[]): string[] {
  return metrics.flatMap(({ name, aliases }) => [name, name.replace(/_(ns|bytes)$/, ''), ...aliases]);
}

/** Its name in the files of a bundle, and of its column in CSV. */
export function bundleName({ name, aliases }: Metric): string {
  return aliases.find((alias) => alias.startsWith('stalls.')) ?? name;
}

/** `there is no metric stals; did you mean stalls?; there are …` `of`: those that would do. */
export function noSuchMetric(name: string, of: readonly Metric[] = allMetrics([99])): string {
  const possible = namesOf(of);
  const short = name.slice(0, 60);
  const usual = metricsFor([99]).filter((metric) => of.some((one) => one.name === metric.name));
  const shown = (usual.length === 0 ? of : usual).map((metric) => metric.name);
  return `there is no metric ${short}${didYouMean(short, possible)}; there are ${shown.join(', ')}${shown.length < of.length ? ' and those of docs/metrics.md' : ''}`;
}

/** `99.9`, `p99.9`: a percentile above 0 and below 100. */
export function parsePercent(text: string): number {
  const percent = Number(/^p?(\d{1,2}(?:\.\d{1,6})?)$/.exec(text)?.[1]);
  if (!(percent > 0 && percent < 100))
    throw usage(`--quantile ${text}: expected a percentile above 0 and below 100, such as 99.9`);
  return percent;
}

/** The named metrics, those of `usual` first and in its order; `usual` if no metric is named. */
export function chooseMetrics(usual: readonly Metric[], names: readonly string[]): readonly Metric[] {
  if (names.length === 0) return usual;
  const chosen = names.map((name) => {
    const metric = metricNamed(name);
    if (metric === null) throw usage(`--metric ${name}: ${noSuchMetric(name)}`);
    return metric;
  });
  const has = (all: readonly Metric[], { name }: Metric): boolean => all.some((one) => one.name === name);
  const others = chosen.filter((metric, i) => !has(usual, metric) && !has(chosen.slice(0, i), metric));
  return [...usual.filter((metric) => has(chosen, metric)), ...others];
}

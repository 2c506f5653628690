/**
 * A bundle in the forms of other tools. Values are means over whole, unspoiled runs, with the lowest and the highest run
 * beside them; a figure that a run does not know (n too small, saturated) is in no form a number, and what was left out is
 * said. What each form is: docs/ci.md.
 */
import type { StoredBundle } from '../bundle/store.js';
import { hasNot, valuesOf } from '../verdict/compare.js';
import { metricsFor, type Metric } from '../verdict/metrics.js';
import type { Side } from '../verdict/side.js';
import { mean } from '../stats/sample.js';
import { csvOf } from './csv.js';
import { openMetricsOf, type Family } from './open-metrics.js';

export const exportFormats = ['csv', 'bencher', 'github-action-benchmark', 'openmetrics'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface Exported {
  readonly text: string;
  /** What is not in it, and what weakens it: sentences. */
  readonly notes: readonly string[];
}

const percents = [50, 99, 99.9];

interface Point {
  readonly arm: string;
  readonly series: string;
  readonly metric: Metric;
  /** One a run. */
  readonly values: readonly number[];
}

export function exportBundle(format: ExportFormat, bundle: StoredBundle, side: Side): Exported {
  const { points, missing } = pointsOf(side);
  const notes = [...side.notes, ...missing];
  switch (format) {
    // Every run is in it, with what it is worth; nothing is left out.
    case 'csv':
      return { text: csvOf(bundle), notes: side.notes };
    case 'bencher':
      return { text: bencher(side, points), notes };
    case 'github-action-benchmark':
      return { text: smallerIsBetter(side, points), notes };
    case 'openmetrics':
      return { text: openMetrics(side, points), notes };
  }
}

function pointsOf({ evidence }: Side): { points: Point[]; missing: string[] } {
  const points: Point[] = [];
  const missing: string[] = [];
  for (const { arm, series, runs } of evidence) {
    if (runs.length === 0) missing.push(`${arm}, ${series}: left out, since it has no whole, unspoiled run.`);
    else {
      for (const metric of metricsFor(percents)) {
        if (runs.every((run) => hasNot(metric, run))) continue;
        const { known, missing: why } = valuesOf(metric, runs);
        if (why[0] === undefined) points.push({ arm, series, metric, values: known });
        else missing.push(`${arm}, ${series}: ${metric.title} left out: ${why[0]}.`);
      }
    }
  }
  return { points, missing };
}

const longestName = 1024;

function nameOf({ facts }: Side, arm: string, series: string): string {
  return `${facts.profile ?? ''}/${arm}/${series}`.slice(0, longestName);
}

/** Bencher Metric Format (bencher.dev/docs/reference/bencher-metric-format). */
function bencher(side: Side, points: readonly Point[]): string {
  // Names come from the bundle; in a Map no name is special.
  const benchmarks = new Map<string, Record<string, object>>();
  for (const { arm, series, metric, values } of points) {
    const name = nameOf(side, arm, series);
    const measures = benchmarks.get(name) ?? {};
    benchmarks.set(name, measures);
    measures[metric.name.replace(/[._]/g, '-')] = { value: mean(values), lower_value: Math.min(...values), upper_value: Math.max(...values) };
  }
  return `${JSON.stringify(Object.fromEntries(benchmarks), null, 2)}\n`;
}

const units: Readonly<Record<Metric['unit'], string>> = { time: 'ns', share: 'share of the window', per_minute: 'stalls/min' };

/** `customSmallerIsBetter` of github-action-benchmark. */
function smallerIsBetter(side: Side, points: readonly Point[]): string {
  const { facts, degraded } = side;
  const extra = [`Linux ${facts.kernel ?? 'unknown'}`, ...(facts.jdks.length === 0 ? [] : [`JDK ${facts.jdks.join(' and ')}`]), ...(degraded.length === 0 ? [] : [`degraded: ${degraded.join('; ')}`])].join('\n');
  const entries = points.map(({ arm, series, metric, values }) => ({
    name: `${nameOf(side, arm, series)}: ${metric.title}`,
    unit: units[metric.unit],
    value: mean(values),
    range: `${Math.min(...values)} to ${Math.max(...values)} in ${values.length} runs`,
    extra,
  }));
  return `${JSON.stringify(entries, null, 2)}\n`;
}

const families: Readonly<Record<Metric['unit'], { readonly suffix: string; readonly unit: string; readonly factor: number }>> = {
  time: { suffix: '_seconds', unit: 'seconds', factor: 1e-9 },
  share: { suffix: '_ratio', unit: 'ratio', factor: 1 },
  per_minute: { suffix: '', unit: '', factor: 1 },
};

function openMetrics({ facts, degraded }: Side, points: readonly Point[]): string {
  const labels = { profile: facts.profile ?? '', kernel: facts.kernel ?? '' };
  const names = [...new Set(points.map(({ metric }) => metric.name))];
  const about: Family = {
    name: 'pauselab_bundle', type: 'info', unit: '', help: 'What was measured, by which pauselab.',
    samples: [{ labels: { ...labels, version: facts.tool ?? '', jdk: facts.jdks.join(' and '), degraded: String(degraded.length > 0) }, value: 1 }],
  };
  return openMetricsOf([
    about,
    ...names.map((name): Family => {
      const own = points.filter(({ metric }) => metric.name === name);
      const metric = own[0]?.metric;
      const { suffix, unit, factor } = families[metric?.unit ?? 'time'];
      return {
        name: `pauselab_${name.replace(/_ns$/, '').replace(/_share$/, '').replaceAll('.', '_')}${suffix}`, type: 'gauge', unit, help: `${metric?.title ?? ''}, a sample a run`,
        samples: own.flatMap(({ arm, series, values }) => values.map((value, run) => ({ labels: { ...labels, arm, series, run: String(run + 1) }, value: value * factor }))),
      };
    }),
  ]);
}

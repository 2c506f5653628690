/**
 * A bundle in other tools' formats. Values are means over complete, undisturbed runs, with the lowest and the highest
 * run. A figure that a run does not have (n too small, saturated) is never exported as a number, and the notes say what
 * was left out. docs/ci.md describes the formats.
 */
import { sentencesOf } from '../facts/stated.js';
import { missingText } from '../words/metric-words.js';
import { sideNoteText } from '../words/side-words.js';
import { listed } from '../words/text.js';
import type { StoredBundle } from '../bundle/store.js';
import { hasNot, valuesOf } from '../verdict/compare/compare.js';
import { grouped } from '../base/group.js';
import { allMetrics, metricsFor, type Metric } from '../verdict/evidence/metrics.js';
import { placeText, placeWords, type Side } from '../verdict/evidence/side.js';
import { mean } from '../stats/sample.js';
import { csvOf } from './csv.js';
import type { ExportFormat } from './export-formats.js';
import { openMetricsOf, type MetricFamily } from './open-metrics.js';

export interface Exported {
  readonly text: string;
  /** Sentences about what is left out, and about limitations of the evidence. */
  readonly notes: readonly string[];
}

/** No percentiles for metrics of an arm: it has too few events. */
const exported = [...metricsFor([50, 99, 99.9]), ...allMetrics([]).filter(({ scope }) => scope === 'arm')];

interface Point {
  readonly arm: string;
  /** For a metric of an arm: its subject. */
  readonly series: string;
  readonly metric: Metric;
  /** A value per run. */
  readonly values: readonly number[];
  /** Their names, in the same order. */
  readonly runs: readonly string[];
}

/** `sides`: one per kernel. */
export function exportBundle(format: ExportFormat, bundle: StoredBundle, sides: readonly Side[]): Exported {
  const measured = sides.map((side) => ({ side, ...pointsOf(side, sides.length > 1 ? `${side.label}: ` : '') }));
  const ofSides = sides.flatMap((side) =>
    side.notes.map((note) => `${sides.length > 1 ? `${side.label}: ` : ''}${sideNoteText(note)}.`),
  );
  const notes = [...ofSides, ...leftOut(measured.flatMap(({ missing }) => missing))];
  switch (format) {
    // Contains every run with its status; nothing is left out.
    case 'csv':
      return { text: csvOf(bundle), notes: ofSides };
    case 'bencher':
      return { text: bencher(measured), notes };
    case 'github-action-benchmark':
      return { text: smallerIsBetter(measured), notes: [...notes, ...largerIsBetter(measured)] };
    case 'openmetrics':
      return { text: openMetrics(measured), notes };
  }
}

interface Measured {
  readonly side: Side;
  readonly points: readonly Point[];
}

/** A reason that several series share is stated once. */
function leftOut(missing: readonly Missing[]): string[] {
  return [...grouped(missing, ({ what }) => what).values()].flatMap((sameReason) => {
    const [first] = sameReason;
    return first === undefined
      ? []
      : [
          `${first.series}${sameReason.length === 1 ? '' : ` and ${sameReason.length - 1} more`}: ` +
            `${first.what} left out: ${first.why}.`,
        ];
  });
}

interface Missing {
  readonly series: string;
  readonly what: string;
  readonly why: string;
}

function pointsOf({ evidence }: Side, about: string): { points: Point[]; missing: Missing[] } {
  const points: Point[] = [];
  const missing: Missing[] = [];
  for (const { arm, scope, series: evidenceSeries, runs } of evidence) {
    if (runs.length === 0) {
      if (scope === 'series')
        missing.push({
          series: `${about}${arm}, ${evidenceSeries}`,
          what: 'all figures',
          why: 'it has no complete, undisturbed run',
        });
      continue;
    }
    for (const metric of exported) {
      if (runs.every((run) => hasNot(metric, run))) continue;
      const series = metric.subject ?? evidenceSeries;
      const { known, missing: why } = valuesOf(metric, runs);
      // Without a missing figure every run has a value.
      if (why[0] === undefined) points.push({ arm, series, metric, values: known, runs: runs.map(({ name }) => name) });
      else missing.push({ series: `${about}${arm}, ${series}`, what: metric.title, why: missingText(why[0]) });
    }
  }
  return { points, missing };
}

const longestName = 1024;

/** With several kernels, an arm on each is a separate benchmark. */
function nameOf({ facts }: Side, several: boolean, arm: string, series: string): string {
  return `${facts.profile ?? ''}/${arm}${several ? ` on ${placeText(facts) ?? 'unknown'}` : ''}/${series}`.slice(
    0,
    longestName,
  );
}

/** Bencher Metric Format (bencher.dev/docs/reference/bencher-metric-format). */
function bencher(measured: readonly Measured[]): string {
  // Names come from the bundle; a Map has no special names.
  const benchmarks = new Map<string, Record<string, object>>();
  for (const { side, arm, series, metric, values } of measured.flatMap(({ side, points }) =>
    points.map((point) => ({ side, ...point })),
  )) {
    const name = nameOf(side, measured.length > 1, arm, series);
    const measures = benchmarks.get(name) ?? {};
    benchmarks.set(name, measures);
    measures[metric.name.replace(/[._]/g, '-')] = {
      value: mean(values),
      lower_value: Math.min(...values),
      upper_value: Math.max(...values),
    };
  }
  return `${JSON.stringify(Object.fromEntries(benchmarks), null, 2)}\n`;
}

const units: Readonly<Record<Metric['unit'], string>> = {
  time: 'ns',
  share: 'share of the window',
  per_minute: 'a minute',
  count: 'in a window',
  bytes: 'bytes',
  flag: 'of the runs',
};

/** `customSmallerIsBetter` of github-action-benchmark: it would praise that less memory is given back. */
function smallerIsBetter(measured: readonly Measured[]): string {
  return `${JSON.stringify(
    measured.flatMap((side) => smallerEntries(side, measured.length > 1)),
    null,
    2,
  )}\n`;
}

function largerIsBetter(measured: readonly Measured[]): string[] {
  const points = measured.flatMap((side) => side.points);
  const titles = [...new Set(points.flatMap(({ metric }) => (metric.worse === 'less' ? [metric.title] : [])))];
  return titles.length === 0 ? [] : [`In this format smaller is better, so these are left out: ${listed(titles)}.`];
}

function smallerEntries({ side, points }: Measured, several: boolean): object[] {
  const { facts, degraded } = side;
  const extra = [
    placeWords(facts),
    ...(facts.jdks.length === 0 ? [] : [`JDK ${facts.jdks.join(' and ')}`]),
    ...(degraded.length === 0 ? [] : [`degraded: ${sentencesOf(degraded).join('; ')}`]),
  ].join('\n');
  const comparable = points.filter(({ metric }) => metric.worse === 'more');
  return comparable.map(({ arm, series, metric, values }) => ({
    name: `${nameOf(side, several, arm, series)}: ${metric.title}`,
    unit: metric.ofStalls && metric.unit === 'per_minute' ? 'stalls/min' : units[metric.unit],
    value: mean(values),
    range: `${Math.min(...values)} to ${Math.max(...values)} in ${values.length} runs`,
    extra,
  }));
}

const families: Readonly<
  Record<Metric['unit'], { readonly suffix: string; readonly unit: string; readonly factor: number }>
> = {
  time: { suffix: '_seconds', unit: 'seconds', factor: 1e-9 },
  share: { suffix: '_ratio', unit: 'ratio', factor: 1 },
  per_minute: { suffix: '', unit: '', factor: 1 },
  count: { suffix: '', unit: '', factor: 1 },
  bytes: { suffix: '_bytes', unit: 'bytes', factor: 1 },
  flag: { suffix: '', unit: '', factor: 1 },
};

function openMetrics(measured: readonly Measured[]): string {
  const labelsOf = ({ facts }: Side): Readonly<Record<string, string>> => ({
    profile: facts.profile ?? '',
    ...(facts.label === null ? {} : { place: facts.label }),
    kernel: facts.kernel ?? '',
  });
  const all = measured.flatMap(({ side, points }) => points.map((point) => ({ labels: labelsOf(side), ...point })));
  const metrics = new Map(all.map(({ metric }) => [metric.name, metric]));
  const about: MetricFamily = {
    name: 'pauselab_bundle',
    type: 'info',
    unit: '',
    help: 'The experiment, and the version of pauselab.',
    samples: measured.map(({ side }) => ({
      labels: {
        ...labelsOf(side),
        version: side.facts.tool ?? '',
        jdk: side.facts.jdks.join(' and '),
        degraded: String(side.degraded.length > 0),
      },
      value: 1,
    })),
  };
  return openMetricsOf([
    about,
    ...[...metrics.values()].map((metric): MetricFamily => {
      const { suffix, unit, factor } = families[metric.unit];
      return {
        name: `pauselab_${metric.name.replace(/_(ns|share|bytes)$/, '').replaceAll('.', '_')}${suffix}`,
        type: 'gauge',
        unit,
        help: `${metric.title}, a sample per run`,
        samples: all
          .filter((point) => point.metric.name === metric.name)
          .flatMap(({ labels, arm, series, values, runs }) =>
            values.map((value, i) => ({
              labels: { ...labels, arm, ...(metric.scope === 'arm' ? {} : { series }), run: runs[i] ?? '' },
              value: value * factor,
            })),
          ),
      };
    }),
  ]);
}

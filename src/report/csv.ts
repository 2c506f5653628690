/**
 * A bundle as CSV (RFC 4180) that is safe to open in a spreadsheet: a row for every series of every run, with columns
 * for the run's status and disturbances.
 */
import { sentencesOf } from '../facts/stated.js';
import type { RunFile, SeriesFigures } from '../bundle/bundle-schema.js';
import type { StoredBundle } from '../bundle/store.js';
import { armEvidence, seriesEvidence } from '../verdict/evidence/bundle-side.js';
import { allMetrics, bundleName, metricNamed, type Metric, type MetricEvidence } from '../verdict/evidence/metrics.js';

interface Row {
  readonly bundle: StoredBundle;
  readonly run: RunFile;
  /** Null for a run without series. */
  readonly series: SeriesFigures | null;
  readonly evidence: { readonly series: MetricEvidence | null; readonly arm: MetricEvidence };
}

export type Cell = string | number | boolean | null;

const times = ['n', 'min_ns', 'mean_ns', 'p50_ns', 'p90_ns', 'p99_ns', 'p99_9_ns', 'p99_99_ns', 'max_ns'];
/** The columns of the first versions, in their order; all later metrics follow. */
const firstMetrics = [
  'stalls.count',
  'stalls.blocked_count',
  'stalls.unseen_count',
  'stalls.longest_ns',
  'stalls.longest_blocked_ns',
  'stalls.total_ns',
  'stalls.stalled_share',
  'stalls.blocked_share',
  ...times.map((name) => `service.${name}`),
  ...times.map((name) => `response.${name}`),
  'unserved',
  'inflight_ns',
  'saturated',
  'exhausted',
  'lost_records',
];

function orderedMetrics(): readonly Metric[] {
  const first = firstMetrics.flatMap((name) => metricNamed(name) ?? []);
  return [...first, ...allMetrics().filter(({ name }) => !first.some((metric) => metric.name === name))];
}

function cellOf(metric: Metric, { evidence }: Row): Cell {
  const run = evidence[metric.scope];
  const value = run === null ? null : metric.of(run).value;
  return metric.unit === 'flag' && value !== null ? value === 1 : value;
}

/** An empty cell means unknown. */
function columnsOf(): readonly (readonly [name: string, of: (row: Row) => Cell])[] {
  return [
    ['profile', ({ bundle }) => bundle.manifest.profile.name],
    ['kernel', ({ bundle, run }) => run.kernel ?? textOrNull(bundle.manifest.host.kernel)],
    ['arm', ({ run }) => run.arm],
    ['repetition', ({ run }) => run.repetition],
    ['run', ({ run }) => run.name],
    ['started_at', ({ run }) => run.startedAt],
    ['status', ({ run }) => run.status],
    ['spoiled', ({ run }) => sentencesOf(run.disturbances).join('; ')],
    ['degraded', ({ run }) => sentencesOf(run.degraded).join('; ')],
    ['window_ns', ({ run }) => run.window.windowEnd_ns - run.window.windowStart_ns],
    ['series', ({ series }) => series?.name ?? null],
    ['stalls.threshold_ns', ({ series }) => series?.stalls.threshold_ns ?? null],
    ...orderedMetrics().map((metric) => [bundleName(metric), (row: Row): Cell => cellOf(metric, row)] as const),
  ];
}

export function csvOf(bundle: StoredBundle): string {
  const columns = columnsOf();
  // Stored percentiles only: no log is read.
  const noLog = () => ({ tags: [], truncated: false });
  const armOf = new Map(bundle.manifest.profile.arms.map((arm) => [arm.name, arm]));
  const rows = bundle.runs.flatMap((run) => {
    const resolved = armOf.get(run.arm);
    const arm = armEvidence(run, resolved, noLog);
    const all = run.series.length === 0 ? [null] : run.series;
    return all.map((series) =>
      columns.map(([, of]) =>
        of({
          bundle,
          run,
          series,
          evidence: { arm, series: series === null ? null : seriesEvidence(run, resolved, series, noLog) },
        }),
      ),
    );
  });
  return csvText([columns.map(([name]) => name), ...rows]);
}

export function csvText(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: Cell): string {
  const text = value === null ? '' : typeof value === 'string' ? inert(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A spreadsheet runs text that starts with these characters as a formula; after an apostrophe it is text (OWASP, CSV
 * Injection). Numbers stay numbers.
 */
function inert(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? `'${text}` : text;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

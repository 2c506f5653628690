/** A bundle as CSV (RFC 4180), safe to open in a spreadsheet: a row for every series of every run, whatever the run is worth, which stands beside it. */
import type { RunFile, SeriesFigures } from '../bundle/schema.js';
import type { StoredBundle } from '../bundle/store.js';

const times = ['min_ns', 'mean_ns', 'p50_ns', 'p90_ns', 'p99_ns', 'p99_9_ns', 'p99_99_ns', 'max_ns'] as const;
const stalls = ['threshold_ns', 'count', 'blocked_count', 'unseen_count', 'longest_ns', 'longest_blocked_ns', 'total_ns', 'stalled_share', 'blocked_share'] as const;

interface Row {
  readonly bundle: StoredBundle;
  readonly run: RunFile;
  readonly series: SeriesFigures;
}

export type Cell = string | number | boolean | null;

/** Empty: not known. */
const columns: readonly (readonly [name: string, of: (row: Row) => Cell])[] = [
  ['profile', ({ bundle }) => textIn(bundle.manifest.profile, 'name')],
  ['kernel', ({ bundle, run }) => run.kernel ?? textIn(bundle.manifest.host, 'kernel')],
  ['arm', ({ run }) => run.arm],
  ['repetition', ({ run }) => run.repetition],
  ['run', ({ run }) => run.name],
  ['started_at', ({ run }) => run.startedAt],
  ['status', ({ run }) => run.status],
  ['spoiled', ({ run }) => run.spoiled.join('; ')],
  ['degraded', ({ run }) => run.degraded.join('; ')],
  ['window_ns', ({ run }) => run.window.windowEnd_ns - run.window.windowStart_ns],
  ['series', ({ series }) => series.name],
  ...stalls.map((name) => [`stalls.${name}`, ({ series }: Row): Cell => series.stalls[name]] as const),
  ...(['service', 'response'] as const).flatMap((time) => [
    [`${time}.n`, ({ series }: Row): Cell => series[time]?.n ?? null] as const,
    ...times.map((name) => [`${time}.${name}`, ({ series }: Row): Cell => series[time]?.[name] ?? null] as const),
  ]),
  ['unserved', ({ series }) => series.unserved],
  ['inflight_ns', ({ series }) => series.inflight_ns],
  ['saturated', ({ series }) => series.saturated],
  ['exhausted', ({ series }) => series.exhausted],
  ['lost_records', ({ series }) => series.lost_records],
];

export function csvOf(bundle: StoredBundle): string {
  const rows = bundle.runs.flatMap((run) => run.series.map((series) => columns.map(([, of]) => of({ bundle, run, series }))));
  return csvText([columns.map(([name]) => name), ...rows]);
}

export function csvText(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: Cell): string {
  const text = value === null ? '' : typeof value === 'string' ? inert(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A spreadsheet runs text that begins so as a formula; behind an apostrophe it is text (OWASP, CSV Injection). Numbers stay numbers. */
function inert(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? `'${text}` : text;
}

function textIn(value: unknown, key: string): string | null {
  const found: unknown = typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : null;
  return typeof found === 'string' ? found : null;
}

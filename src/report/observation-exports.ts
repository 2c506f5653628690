/**
 * An observation for other tools: its stalls as CSV, and figures by reason as OpenMetrics. Formats of benchmarks are
 * refused: an observation has no arms, and no values of repeated runs.
 */
import { observedCollector } from '../bundle/observed-collector.js';
import { rootOfStall } from '../bundle/stall-root.js';
import type { Collector } from '../catalogue/collectors.js';
import { givesBackOf, type GivesBack } from '../catalogue/gives-back.js';
import { usage } from '../base/failure.js';
import { cutsOf, isListRead, type StoredObservation } from '../bundle/read-observation.js';
import type { NumberedStall } from '../bundle/read-stalls.js';
import type { ObservationFile } from '../bundle/observation-schema.js';
import { sentencesOf } from '../facts/stated.js';
import { capitalised } from '../words/text.js';
import { csvText, type Cell } from './csv.js';
import type { ExportFormat } from './export-formats.js';
import type { Exported } from './exports.js';
import { openMetricsOf, type MetricFamily } from './open-metrics.js';

const formats = ['csv', 'openmetrics'] as const satisfies readonly ExportFormat[];

export function exportObservation(format: ExportFormat, stored: StoredObservation): Exported {
  const collector = observedCollector(stored.observation.targets);
  const notes = sentencesOf(stored.missing).map((sentence) => `${capitalised(sentence)}.`);
  switch (format) {
    case 'csv':
      if (!isListRead(stored)) throw usage(`${stored.path}: its stalls are not known: ${notes.join(' ')}`);
      return {
        text: csvText([stallColumns.map(([name]) => name), ...stored.stalls.map((one) => cellsOf(one, collector))]),
        notes,
      };
    case 'openmetrics':
      return { text: openMetricsOf(familiesOf(stored.observation)), notes };
    case 'bencher':
    case 'github-action-benchmark':
      throw usage(
        `--format ${format}: ${stored.path} is an observation, which has no arms and no repeated runs; the formats of an observation are ${formats.join(' and ')}`,
      );
  }
}

/** An empty cell means unknown, or none. */
const stallColumns: readonly (readonly [
  name: string,
  of: (listed: NumberedStall, collector: Collector | null) => Cell,
])[] = [
  ['stall', ({ number }) => number],
  ['thread', ({ stall }) => stall.thread?.name ?? stall.series],
  ['tid', ({ stall }) => stall.thread?.tid ?? null],
  ['start_ns', ({ stall }) => stall.start_ns],
  ['duration_ns', ({ stall }) => stall.duration_ns],
  ['began_before', ({ stall }) => cutsOf(stall).includes('began-before')],
  ['still_going_on', ({ stall }) => cutsOf(stall).includes('still-going-on')],
  ['thread_ended', ({ stall }) => cutsOf(stall).includes('thread-ended')],
  ['cause', ({ stall }) => stall.cause?.cause ?? null],
  ['grade', ({ stall }) => stall.cause?.grade ?? null],
  ['lock', ({ stall }) => stall.cause?.lock ?? null],
  ['by_thread', ({ stall }) => stall.cause?.thread?.name ?? null],
  ['by_tid', ({ stall }) => stall.cause?.thread?.tid ?? null],
  ['call', ({ stall }) => rootOfStall(stall)?.call ?? null],
  ['gives_back', ({ stall }, collector) => truthOf[rootOfStall(stall, collector)?.givesBack ?? 'open']],
  ['sentence', ({ stall }) => stall.cause?.sentence ?? null],
];

/** Null: not known. */
const truthOf: Readonly<Record<GivesBack, boolean | null>> = { yes: true, no: false, open: null };

function cellsOf(listed: NumberedStall, collector: Collector | null): Cell[] {
  return stallColumns.map(([, of]) => of(listed, collector));
}

type Reason = ObservationFile['reasons'][number];

function familiesOf({
  targets,
  kernel,
  tier,
  tool,
  watched_ns,
  threshold_ns,
  cost,
  reasons,
}: ObservationFile): MetricFamily[] {
  const collector = observedCollector(targets);
  const target = [...new Set(targets.map(({ name }) => name))].join(' ');
  const gauge = (name: string, unit: string, help: string, value: number): MetricFamily => ({
    name: `pauselab_observed_${name}`,
    type: 'gauge',
    unit,
    help,
    samples: [{ labels: { target }, value }],
  });
  const byReason = (name: string, unit: string, help: string, of: (reason: Reason) => number): MetricFamily => ({
    name: `pauselab_observed_${name}`,
    type: 'gauge',
    unit,
    help,
    samples: reasons.map((reason) => ({ labels: { target, ...labelsOf(reason, collector) }, value: of(reason) })),
  });
  return [
    {
      name: 'pauselab_observation',
      type: 'info',
      unit: '',
      help: 'The observation, and the version of pauselab.',
      samples: [{ labels: { target, kernel, tier, version: tool.version }, value: 1 }],
    },
    gauge('time_seconds', 'seconds', 'For how long it was watched', watched_ns / 1e9),
    gauge('threshold_seconds', 'seconds', 'The shortest wait that counts as a stall', threshold_ns / 1e9),
    gauge('observer_cpu_seconds', 'seconds', 'CPU time of the observer', cost.cpu_ns / 1e9),
    byReason('stalls', '', 'Stalls by reason', ({ stalls_n }) => stalls_n),
    byReason(
      'stalled_seconds',
      'seconds',
      'Stalled time by reason, added up over the threads',
      (one) => one.total_ns / 1e9,
    ),
    byReason('longest_stall_seconds', 'seconds', 'The longest stall by reason', (one) => one.longest_ns / 1e9),
  ];
}

/** Together they tell reasons apart, as observation.json does. */
function labelsOf(
  { cause, grade, thread, call }: Reason,
  collector: Collector | null,
): Readonly<Record<string, string>> {
  return {
    cause,
    thread: thread?.name ?? '',
    role: thread?.role ?? '',
    call: call ?? '',
    gives_back: String(truthOf[givesBackOf({ cause, thread }, call, grade, collector)] ?? 'unknown'),
  };
}

/** The summary for people: a block per arm, two lines per series, then the verdict. */
import { formatDuration, formatShare, formatSize } from '../../base/text/units.js';
import type { ArmSummary, LogSeries, SummaryFile } from '../../bundle/bundle-schema.js';
import { isPurge } from '../../catalogue/purges.js';
import { leastN } from '../../stats/quantile-bounds.js';
import { betweenRuns, shownRange } from '../../verdict/run/between-runs.js';
import { renderTable } from './text-table.js';

type Series = ArmSummary['series'][number];
type Figures = Series['service'];

const percentiles = [
  ['p50', 'p50_ns', 0.5],
  ['p90', 'p90_ns', 0.9],
  ['p99', 'p99_ns', 0.99],
  ['p99.9', 'p99_9_ns', 0.999],
  ['p99.99', 'p99_99_ns', 0.9999],
] as const;

const inRuns = '  in runs';

const head = [
  '',
  'time',
  'n',
  ...percentiles.map(([name]) => name),
  'max',
  'stalls',
  'longest',
  'stalled',
  'unserved',
  'in flight',
];

export function renderSummary(summary: SummaryFile, bundle: string): string {
  const { arms, threshold_ns } = summary;
  const several = new Set(arms.map(({ kernel }) => kernel)).size > 1;
  const underLoad = arms.filter((arm) => showsLoad(arm, summary));
  const rows = arms.flatMap((arm) => [
    [armLine(arm, several)],
    ...(arm.runs === 0 ? [] : [...arm.series.flatMap(seriesRows), ...(arm.jvm?.log ?? []).map(logRow)]),
    ...(arm.underLoad !== null && underLoad.includes(arm)
      ? [
          [loadLine(arm.underLoad)],
          ...arm.underLoad.series
            .flatMap(seriesRows)
            .map(([name = '', ...cells]) => [name.trim() === '' ? name : `${name} *`, ...cells]),
        ]
      : []),
  ]);
  const hasRanges = rows.some(([, time]) => time === inRuns);
  const all = [
    ...arms.filter(({ runs }) => runs > 0).flatMap(({ series }) => series),
    ...underLoad.flatMap((arm) => arm.underLoad?.series ?? []),
  ];
  const legend = [
    arms.some(({ holder, control }) => holder !== null || control !== null)
      ? 'Each line is a victim: a thread that repeats an operation and times it, while another thread, the holder, makes the calls under test.'
      : 'Each line is a probe: a thread inside the program that repeats an operation and times it.',
    `service: how long an operation took; response: time since it was due, including the wait for earlier operations. A stall is an operation of ${formatDuration(threshold_ns)} or more.`,
    'stalled: share of the measured time in stalls, including stalls that began before it; unserved: operations still due at the end; in flight: how long the operation that still ran had run.',
    ...(arms.some(({ jvm }) => (jvm?.log.length ?? 0) > 0)
      ? ['log: events of the JVM’s log and their durations; these lines time no victim.']
      : []),
    ...(hasRanges
      ? [
          'in runs: the same percentile of single runs, from the lowest to the highest. With 6 runs or more, the percentile of a typical run lies between them, at 95 %.',
        ]
      : []),
    ...(underLoad.length > 0
      ? [
          '*: runs under load. They show that there are stalls. Other programs change the rates and lengths, so these are not compared.',
        ]
      : []),
    ...(all.some(hasTooFew) ? ['n<k: too few operations for this percentile; it needs k.'] : []),
    ...(all.some(({ saturated }) => saturated)
      ? [
          'saturated: the series cannot keep its schedule, so percentiles of response time would only show the length of the window.',
        ]
      : []),
  ];
  return [
    '',
    renderTable(head, rows),
    '',
    ...legend,
    '',
    ...summary.findings.filter(({ outcome }) => outcome === 'unclear').map(({ sentence }) => `Unclear: ${sentence}`),
    ...summary.notes.map(({ sentence }) => `Note: ${sentence}`),
    '',
    `Verdict: ${summary.verdict}`,
    `Bundle: ${bundle}`,
    '',
  ].join('\n');
}

/** Shown where there is no better evidence, and where the verdict rests on them. */
function showsLoad({ name, kernel, runs, underLoad }: ArmSummary, { findings }: SummaryFile): boolean {
  return (
    underLoad !== null &&
    (runs === 0 ||
      findings.some((finding) => finding.arm === name && finding.kernel === kernel && finding.level === 'under-load'))
  );
}

function loadLine({ runs, foreignLoad_share }: NonNullable<ArmSummary['underLoad']>): string {
  return `  * ${runs} run${runs === 1 ? '' : 's'} under load: other programs used ${formatShare(foreignLoad_share)} of the CPU time`;
}

function armLine(arm: ArmSummary, several: boolean): string {
  const { name, title, kernel, runs, cutShortRuns, failedRuns, regionBytes, memoryUse, holder, churn } = arm;
  const facts = [
    `${runs} run${runs === 1 ? '' : 's'}${ofThem(cutShortRuns, 'cut short')}${ofThem(failedRuns, 'failed')}${besides(arm)}`,
    ...(regionBytes === null ? [] : [formatSize(regionBytes)]),
    ...holderFacts(holder, arm.asked_hold_ns),
    ...agentFacts(arm.agent),
    ...(memoryUse === null
      ? []
      : [
          `resident memory ${formatSize(memoryUse.rssMeanBytes)} on average, ${formatSize(memoryUse.rssPeakBytes)} at most`,
        ]),
    ...(churn === null || churn.blocks === 0
      ? []
      : [`${churn.blocks} blocks of ${formatSize(churn.allocatedBytes)} in total`]),
  ];
  return `${name}${several ? ` on ${kernel}` : ''}: ${title} · ${facts.join(' · ')}`;
}

function ofThem(runs_n: number, how: string): string {
  return runs_n === 0 ? '' : `, ${runs_n} of them ${how}`;
}

/** Runs that are in no figure. */
function besides({ runs, spoiledRuns, runsWithoutFigures }: ArmSummary): string {
  const more = runs === 0 ? '' : ' more';
  return [
    ...(spoiledRuns === 0 ? [] : [`, ${spoiledRuns}${more} disturbed`]),
    ...(runsWithoutFigures === 0 ? [] : [`, ${runsWithoutFigures}${more} without figures`]),
  ].join('');
}

function holderFacts(holder: ArmSummary['holder'], asked_hold_ns: number | null): string[] {
  if (holder === null || holder.window_calls === 0) return [];
  const figures = [
    ...(asked_hold_ns === null ? [] : [`asked ${formatDuration(asked_hold_ns)}`]),
    ...(holder.calls_cpu_ns === null || holder.service.n === 0
      ? []
      : [`mean ${formatDuration(holder.calls_cpu_ns / holder.service.n)}`]),
    ...(holder.hold_ns === null ? [] : [`median ${formatDuration(holder.hold_ns)}`]),
  ];
  // The sizes of other calls are the profile's.
  const given =
    holder.releasedBytes !== null && isPurge(holder.name.replace(/^holder\./, ''))
      ? [`${formatSize(holder.releasedBytes)} given back by them`]
      : [];
  return [
    `${holder.window_calls} call${holder.window_calls === 1 ? '' : 's'} of the holder${figures.length === 0 ? '' : `, CPU time of a call: ${figures.join(', ')}`}`,
    ...given,
  ];
}

function agentFacts(agent: ArmSummary['agent']): string[] {
  if (agent === null) return [];
  const { name, starts_n, ends, window_n, cpu_ns, longest_ns, lastComplaint } = agent;
  const ended = Object.entries(ends).map(([how, n]) => `${n} ${how}`);
  return [
    `agent ${name}: ${starts_n} start${starts_n === 1 ? '' : 's'} (${ended.join(', ')}), ${window_n} in the window, CPU time ${formatDuration(cpu_ns)} in total, the longest ran ${formatDuration(longest_ns)}`,
    ...(lastComplaint === null ? [] : [`its last message: ${lastComplaint}`]),
  ];
}

function seriesRows(series: Series): string[][] {
  const { name, service, response, stalls, unserved, inflight_ns, saturated } = series;
  const rows = [
    [
      `  ${name}`,
      'service',
      ...timeCells(service, false),
      String(stalls.count),
      stalls.longest_ns === 0 ? '–' : formatDuration(stalls.longest_ns),
      formatShare(stalls.stalled_share),
      String(unserved),
      inflight_ns === null ? '–' : formatDuration(inflight_ns),
    ],
  ];
  rows.push(...rangeRow(series, 'service'));
  if (response !== null)
    rows.push(['', 'response', ...timeCells(response, saturated)], ...rangeRow(series, 'response'));
  return rows;
}

/** Empty where every percentile is unknown in some run. */
function rangeRow(series: Series, times: 'service' | 'response'): string[][] {
  const cells = percentiles.map(([, key]) => {
    const range = betweenRuns(series, times, key);
    return range === null ? '' : shownRange(range);
  });
  return cells.every((cell) => cell === '') ? [] : [['', inRuns, '', ...cells]];
}

function logRow({ name, durations, long_count, total_ns }: LogSeries): string[] {
  return [
    `  ${name}`,
    'log',
    ...timeCells(durations, false),
    String(long_count),
    '–',
    '–',
    total_ns === 0 ? '–' : `${formatDuration(total_ns)} in total`,
  ];
}

/** The number of served operations decides whether a percentile is known (record/histogram/figures.ts). */
function timeCells(figures: Figures, saturated: boolean): string[] {
  const cells = percentiles.map(([, key, quantile]) => {
    const value = figures[key];
    if (value !== null) return formatDuration(value);
    return saturated ? 'saturated' : `n<${leastN(quantile)}`;
  });
  return [String(figures.n), ...cells, figures.max_ns === null ? '–' : formatDuration(figures.max_ns)];
}

function hasTooFew({ service }: Series): boolean {
  return percentiles.some(([, key]) => service[key] === null);
}

/** The parts of the page that are text and tables. */
import { distinct, sentencesOf } from '../../../facts/stated.js';
import { stalledTime } from '../../../attribution/totals.js';
import { grouped } from '../../../base/group.js';
import { rootOfStall } from '../../../bundle/stall-root.js';
import { shellWord } from '../../../base/text/shell-word.js';
import { formatDuration, formatShare, formatSize } from '../../../base/text/units.js';
import { betweenRuns, shownRange } from '../../../verdict/run/between-runs.js';
import { shownInterval, shownP, shownRatio, shownValue } from '../../../words/metric-words.js';
import type { Comparison } from '../../../verdict/compare/compared.js';
import { causeNames, notAttributed } from '../../../words/cause-words.js';
import { endedText, onlyProbesText } from '../../../words/advice-words.js';
import { adviceList } from './advice-list.js';
import { adviceByCause, rootsOfRuns } from './advised-roots.js';
import { whatEndedStalls } from './ended-part.js';
import type { ReportedBundle } from '../gather.js';
import { html, nothing, prose, type Content, type Markup } from '../markup.js';
import { holdsPart } from './holds.js';
import { table } from './table.js';

function list(items: readonly Content[]): Markup {
  return items.length === 0 ? nothing : html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

export function verdictPart({ stored: { summary } }: ReportedBundle): Markup {
  const heading = html`<h3>Conclusions</h3>`;
  if (summary === null)
    return html`${heading}<p class="verdict">There is no verdict: the experiment ended before it could write one.</p>`;
  return html`${heading}<p class="verdict">${summary.verdict}</p>
${
  summary.findings.length === 0
    ? nothing
    : html`<details><summary>Each finding (${summary.findings.length})</summary>${list(
        summary.findings.map(({ outcome, sentence }) => html`<span class="grade">${outcome}</span> ${sentence}`),
      )}</details>`
}`;
}

/** Limitations of the evidence. */
export function weakPart({ label, stored: { summary, runs }, missing }: ReportedBundle, several: boolean): Markup {
  const degraded = sentencesOf(distinct([...(summary?.degraded ?? []), ...runs.flatMap((run) => run.degraded)]));
  const saturated = [
    ...new Set(
      runs.flatMap((run) =>
        run.series.filter((figures) => figures.saturated).map(({ name }) => `${name} in ${run.arm}`),
      ),
    ),
  ];
  const unproven = [
    ...new Set(
      runs.flatMap((run) => run.unproven.map(({ allocator, key, asked }) => `${key}=${asked} of ${allocator}`)),
    ),
  ];
  const items = [
    ...(summary === null || summary.status === 'complete'
      ? []
      : [html`<strong>Not complete:</strong> the experiment is ${summary.status}.`]),
    ...degraded.map((text) => html`<strong>Degraded:</strong> ${text}`),
    ...runs
      .filter(({ failures }) => failures.length > 0)
      .map(({ name, failures }) => html`<strong>Failed:</strong> ${name}: ${sentencesOf(failures).join('; ')}`),
    ...saturated.map(
      (text) =>
        html`<strong>Saturated:</strong> ${text} could not keep its schedule; its response time would only show how long the window was, and is not drawn.`,
    ),
    ...unproven.map((text) => html`<strong>Unproven:</strong> ${text} is not proven to be in force.`),
    ...spoiledLines(runs),
    ...sentencesOf(distinct(missing)).map((text) => html`<strong>Missing:</strong> ${text}.`),
    ...(summary?.notes ?? []).map(({ sentence }) => html`<strong>Note:</strong> ${sentence}`),
  ];
  return html`${several ? html`<h3>${label}</h3>` : nothing}${
    items.length === 0
      ? html`<p>Nothing is degraded, saturated, disturbed or missing.</p>`
      : items.length <= 6
        ? list(items)
        : html`${list(items.slice(0, 5))}<details><summary>${items.length - 5} more</summary>${list(items.slice(5, mostItems))}${
            items.length > mostItems ? html`<p>… and ${items.length - mostItems} more in the bundle.</p>` : nothing
          }</details>`
  }`;
}

const mostItems = 200;

/** Runs that are in no figure. */
function besides(runs_n: number, what: string): string {
  return runs_n === 0 ? '' : ` (${runs_n} ${what})`;
}

/** A line per arm: a bundle may have hundreds of disturbed runs. */
function spoiledLines(runs: ReportedBundle['stored']['runs']): Markup[] {
  const spoiled = runs.filter((run) => run.disturbances.length > 0);
  const arms = [...new Set(spoiled.map(({ arm }) => arm))];
  return arms.map((arm) => {
    const ofArm = spoiled.filter((run) => run.arm === arm);
    return html`<strong>Disturbed:</strong> ${ofArm.length} of ${runs.filter((run) => run.arm === arm).length} runs of ${arm}: ${ofArm
      .slice(0, 3)
      .map(({ name, disturbances }) => `${name.split('-')[0] ?? name}: ${sentencesOf(disturbances).join('; ')}`)
      .join('. ')}${ofArm.length > 3 ? ', …' : ''}.`;
  });
}

/** Per arm and series, from the summary. */
export function figuresPart({ label, stored: { summary, manifest } }: ReportedBundle, several: boolean): Markup {
  if (summary === null) return nothing;
  const kernels = manifest.kernels.length > 1;
  const shown = (value: number | null, isSaturated = false): string =>
    value === null ? (isSaturated ? 'saturated' : 'n too small') : formatDuration(value);
  const rows = summary.arms
    .filter(({ runs }) => runs > 0)
    .flatMap((arm) =>
      arm.series.map((series) => [
        `${arm.name}${arm.control === null ? '' : ' (control)'}`,
        ...(kernels ? [arm.kernel] : []),
        series.name,
        String(arm.runs),
        String(series.service.n),
        shown(series.service.p50_ns),
        inRuns(series, 'service', shown(series.service.p99_ns)),
        series.response === null ? '–' : inRuns(series, 'response', shown(series.response.p99_ns, series.saturated)),
        shown(series.service.max_ns),
        String(series.stalls.count),
        series.stalls.longest_ns === 0 ? '–' : formatDuration(series.stalls.longest_ns),
        formatShare(series.stalls.stalled_share),
      ]),
    );
  const memory = summary.arms.flatMap(({ name, kernel, memoryUse }) =>
    memoryUse === null
      ? []
      : [
          [
            name,
            ...(kernels ? [kernel] : []),
            formatSize(memoryUse.rssMeanBytes),
            formatSize(memoryUse.rssPeakBytes),
            memoryUse.pssBytes === null ? '–' : formatSize(memoryUse.pssBytes),
            memoryUse.cgroup === null ? '–' : formatSize(memoryUse.cgroup.meanBytes),
          ],
        ],
  );
  const logs = summary.arms.flatMap((arm) =>
    (arm.jvm?.log ?? []).map(({ name, durations, long_count, total_ns }) => [
      arm.name,
      ...(kernels ? [arm.kernel] : []),
      name,
      String(durations.n),
      shown(durations.p50_ns),
      shown(durations.p99_ns),
      durations.max_ns === null ? '–' : formatDuration(durations.max_ns),
      String(long_count),
      formatDuration(total_ns),
    ]),
  );
  const idle = summary.arms
    .filter(({ runs }) => runs === 0)
    .map(
      ({ name, kernel, spoiledRuns, runsWithoutFigures }) =>
        `${name}${kernels ? ` on ${kernel}` : ''}${besides(spoiledRuns, 'disturbed')}${besides(runsWithoutFigures, 'without figures')}`,
    );
  return html`${
    rows.length === 0
      ? html`<p>No arm${several ? ` of ${label}` : ''} has a complete, undisturbed run, so no figure is evidence. Other recordings are drawn below.</p>`
      : table(
          `Arms${several ? ` of ${label}` : ''}: stalls are operations of ${formatDuration(summary.threshold_ns)} or more`,
          [
            'arm',
            ...(kernels ? ['kernel'] : []),
            'series',
            'runs',
            'n',
            'service p50',
            'p99 (single runs)',
            'response p99 (single runs)',
            'longest',
            'stalls',
            'longest stall',
            'time stalled',
          ],
          rows,
          kernels ? 3 : 2,
        )
  }
${holdsPart(summary, several ? `, in ${label}` : '', kernels)}
${
  memory.length === 0
    ? nothing
    : table(
        `Memory of the workload${several ? `, in ${label}` : ''}: the price of not giving it back`,
        [
          'arm',
          ...(kernels ? ['kernel'] : []),
          'resident, mean',
          'peak',
          'proportional, after the window',
          'its cgroup, mean',
        ],
        memory,
        kernels ? 2 : 1,
      )
}
${
  logs.length === 0
    ? nothing
    : table(
        `Events in the JVM’s log${several ? `, in ${label}` : ''}`,
        [
          'arm',
          ...(kernels ? ['kernel'] : []),
          'event',
          'n',
          'p50',
          'p99',
          'longest',
          'of the threshold or more',
          'in all',
        ],
        logs,
        kernels ? 3 : 2,
      )
}
${
  idle.length === 0
    ? nothing
    : html`<p>Without a complete, undisturbed run${several ? `, in ${label}` : ''}: ${idle.join(', ')}.</p>`
}`;
}

/** `41.5 µs (38.1–44.0 µs)`: with the lowest and the highest run in parentheses. */
function inRuns(
  series: NonNullable<ReportedBundle['stored']['summary']>['arms'][number]['series'][number],
  times: 'service' | 'response',
  pooled: string,
): string {
  const range = betweenRuns(series, times, 'p99_ns');
  return range === null ? pooled : `${pooled} (${shownRange(range)})`;
}

/** Stalled time per cause and thread, for each arm, with a bar. */
export function causesPart({ label, stalls: { stalls } }: ReportedBundle, several: boolean): Markup {
  const rows = stalledTime(stalls);
  const most = Math.max(1, ...rows.map(({ duration_ns }) => duration_ns));
  const heading = several ? html`<h3>${label}</h3>` : nothing;
  if (rows.length === 0) return html`${heading}<p>No stall was recorded.</p>`;
  return html`${heading}${table(
    'Stalled time of all victims, disturbed runs included',
    ['arm', 'waited for', 'who had it', 'cause', 'stalls', 'time', ''],
    rows
      .slice(0, 60)
      .map((row) => [
        row.arm,
        row.cause === null ? notAttributed : causeNames[row.cause],
        row.thread === null ? '–' : html`<code>${row.thread}</code>`,
        row.cause ?? '–',
        String(row.n),
        formatDuration(row.duration_ns),
        html`<svg class="bar" width="160" height="12" aria-hidden="true"><path class="cause" d="M0 1H${Math.max(
          1,
          Math.round((160 * row.duration_ns) / most),
        )}V11H0Z"/></svg>`,
      ]),
    4,
  )}${rows.length > 60 ? html`<p>… and ${rows.length - 60} more.</p>` : nothing}`;
}

export function advicePart(bundles: readonly ReportedBundle[]): Markup {
  const roots = bundles.flatMap(({ stored, stalls }) => rootsOfRuns(stalls.stalls, stored));
  if (roots.length === 0) return html`<p>${noAdvice(bundles)}</p>`;
  return html`${endedPart(bundles)}${adviceList(adviceByCause(roots))}<p class="small">Where these come from: docs/findings.md. Change one thing, run again, and compare the two bundles.</p>`;
}

function noAdvice(bundles: readonly ReportedBundle[]): string {
  return bundles.some(({ stalls }) => stalls.stalls.some((one) => rootOfStall(one.stall) !== null))
    ? onlyProbesText
    : 'No cause was found, so there is nothing to try.';
}

function endedPart(bundles: readonly ReportedBundle[]): Markup {
  const ended = bundles.flatMap((bundle) =>
    whatEndedStalls(bundle.stored).map((fact) => ({ label: bundle.label, fact })),
  );
  if (ended.length === 0) return nothing;
  const title = ended.some(({ fact }) => fact.code === 'ended')
    ? 'What ended the stalls here'
    : 'No setting of this report is shown to end the stalls';
  return html`<h3>${title}</h3>${list(
    ended.map(({ label, fact }) => {
      const text = prose(endedText(fact));
      return bundles.length > 1 ? html`${label}: ${text}` : text;
    }),
  )}`;
}

export function reproducePart({ label, stored: { path, manifest } }: ReportedBundle, several: boolean): Markup {
  const profile = JSON.stringify(manifest.profile, null, 1);
  return html`${several ? html`<h3>${label}</h3>` : nothing}<pre><code>pauselab ${manifest.argv.map(shellWord).join(' ')}
pauselab replay ${shellWord(path)}</code></pre>
<p>Profile ${manifest.profile.name}, seed ${manifest.seed}, profile hash <code class="long">${manifest.profileHash}</code>.${
    manifest.origins.length === 0 ? '' : ` Merged from ${manifest.origins.length} bundles.`
  }</p>
<details><summary>The profile with all its defaults</summary><pre><code>${
    profile.length <= mostProfile ? profile : `${profile.slice(0, mostProfile)}\n… the rest is in manifest.json`
  }</code></pre></details>`;
}

const mostProfile = 60_000;

export function comparisonPart(comparison: Comparison | string): Markup {
  if (typeof comparison === 'string') return html`<p>Not compared: ${comparison}</p>`;
  const { verdict, rows, notes, candidates, reference } = comparison;
  const per = rows[0]?.valuePer ?? 'run';
  const hasArms = rows.some(({ arms }) => arms.a !== '');
  const name = ({ arms }: Comparison['rows'][number]): string =>
    arms.a === arms.b ? arms.a : `${arms.a} and ${arms.b}`;
  const order = ['regressed', 'improved', 'inconclusive', 'equivalent'];
  const isOpen = ({ mean }: Comparison['rows'][number]): boolean => mean.a === null || mean.b === null;
  const isQuiet = (row: Comparison['rows'][number]): boolean =>
    !isOpen(row) && [...row.values.a, ...row.values.b].every((value) => value === 0);
  const quiet_n = rows.filter(isQuiet).length;
  const shown = rows
    .filter((row) => !isQuiet(row) && !isOpen(row))
    .toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  const isMain = ({ metric, verdict }: Comparison['rows'][number]): boolean =>
    per === 'slice' ||
    verdict === 'regressed' ||
    verdict === 'improved' ||
    metric === 'stalled_share' ||
    metric === 'longest_ns';
  const rowsTable = (caption: string, own: Comparison['rows']): Markup =>
    own.length === 0
      ? nothing
      : table(
          caption,
          [
            ...(hasArms ? ['arm'] : []),
            ...(candidates.length > 1 ? ['B'] : []),
            'series',
            'metric',
            `${per}s`,
            'A',
            'B',
            'difference [95 %]',
            'ratio [95 %]',
            'p of all',
            'verdict',
          ],
          own
            .slice(0, mostRows)
            .map((row) => [
              ...(hasArms ? [name(row)] : []),
              ...(candidates.length > 1 ? [row.candidate] : []),
              row.series,
              row.title,
              `${row.runs.a}, ${row.runs.b}`,
              shownValue(row.unit, row.mean.a),
              shownValue(row.unit, row.mean.b),
              shownInterval(row.unit, row.difference),
              shownRatio(row.ratio),
              shownP(row.pAdjusted),
              html`<span class="v-${row.verdict}" title="${row.sentence}">${row.verdict}</span>`,
            ]),
          (candidates.length > 1 ? 3 : 2) + (hasArms ? 1 : 0),
        );
  return html`<p class="verdict">${verdict}</p>
<p>A is ${reference.label}; B is ${candidates.map(({ label }) => label).join(' or ')}. A value is a mean over ${per}s; the unit is the ${per}. What the verdicts mean: docs/statistics.md.</p>
${rowsTable('Regressions, improvements and stalls', shown.filter(isMain))}
${
  shown.every(isMain)
    ? nothing
    : html`<details><summary>All other figures (${shown.filter((row) => !isMain(row)).length})</summary>${rowsTable(
        'All other figures',
        shown.filter((row) => !isMain(row)),
      )}</details>`
}
${
  shown.length > mostRows
    ? html`<p>… and ${shown.length - mostRows} more; <code>pauselab compare</code> has all.</p>`
    : nothing
}
${quiet_n === 0 ? nothing : html`<p>${quiet_n} more are 0 in every ${per} of both sides.</p>`}
${whyList('Not compared', rows.filter(isOpen), name)}${whyList(
    'Why inconclusive',
    shown.filter((row) => row.verdict === 'inconclusive'),
    name,
  )}
${notes.length === 0 ? nothing : html`<details><summary>Notes on the comparison (${notes.length})</summary>${list(sentencesOf(notes.slice(0, mostItems)))}</details>`}`;
}

/** Many rows share the same reason. */
function whyList(title: string, rows: Comparison['rows'], name: (row: Comparison['rows'][number]) => string): Markup {
  const groups = grouped(rows, ({ sentence }) => sentence);
  if (groups.size === 0) return nothing;
  return html`<details><summary>${title} (${rows.length})</summary>${list(
    [...groups]
      .slice(0, mostItems)
      .map(
        ([sentence, [first, ...rest]]) =>
          html`${first === undefined ? '' : `${first.arms.a === '' ? '' : `${name(first)}, `}${first.series}, ${first.title}`}${
            rest.length === 0 ? '' : ` and ${rest.length} more`
          }: ${sentence}.`,
      ),
  )}</details>`;
}

const mostRows = 300;

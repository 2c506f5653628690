/** The page of experiments. */
import { grouped } from '../../base/group.js';
import type { Comparison } from '../../verdict/compare/compared.js';
import { armsPart } from './parts/arms-part.js';
import { stallOfRun } from './parts/chain.js';
import { environmentPart } from './parts/environment-part.js';
import { stallId } from './figures-part.js';
import type { Arm, HeatMap, ReportData } from './gather.js';
import { headlinePart } from './parts/headline.js';
import { heatFigure } from './heat-map.js';
import { html, nothing, type Markup } from './markup.js';
import { percentileFigure } from './percentile-curve.js';
import { pageOf, type PagePart } from './page.js';
import {
  advicePart,
  causesPart,
  comparisonPart,
  figuresPart,
  reproducePart,
  verdictPart,
  weakPart,
} from './parts/sections.js';
import { timelineLegend } from './parts/timeline.js';

const mostStalls = 20;
const mostHeatMaps = 48;
const mostCurveFigures = 60;

/** `comparison`: null for a single bundle, a sentence if there can be no comparison. */
export function reportDocument(data: ReportData, comparison: Comparison | string | null): string {
  const { bundles } = data;
  const several = bundles.length > 1;
  const profiles = [
    ...new Set(bundles.map(({ stored: { manifest, summary } }) => summary?.profile ?? manifest.profile.name)),
  ].join(' and ');
  const parts: PagePart[] = [
    {
      id: 'verdict',
      title: 'Verdict',
      content: html`${bundles.map(
        (bundle, i) =>
          html`${several ? html`<h3>${bundle.label}</h3>` : nothing}${headlinePart(bundle, i)}${verdictPart(bundle)}`,
      )}`,
    },
    ...matrixParts(bundles),
    ...(comparison === null ? [] : [{ id: 'comparison', title: 'Side by side', content: comparisonPart(comparison) }]),
    {
      id: 'evidence',
      title: 'Limitations of the evidence',
      short: 'Weaknesses',
      content: html`${bundles.map((bundle) => weakPart(bundle, several))}`,
    },
    { id: 'environment', title: 'Environment', content: environmentPart(bundles) },
    { id: 'figures', title: 'Figures', content: html`${bundles.map((bundle) => figuresPart(bundle, several))}` },
    { id: 'percentiles', title: 'Percentiles', content: percentilesPart(data) },
    { id: 'time', title: 'Over time', content: heatPart(data) },
    {
      id: 'causes',
      title: 'Why: stalled time by cause',
      short: 'Causes',
      content: html`${bundles.map((bundle) => causesPart(bundle, several))}`,
    },
    { id: 'stalls', title: 'The longest stalls', short: 'Stalls', content: stallsPart(data) },
    { id: 'advice', title: 'What to try', content: advicePart(bundles) },
    {
      id: 'reproduce',
      title: 'Reproduce it',
      short: 'Reproduce',
      content: html`${bundles.map((bundle) => reproducePart(bundle, several))}`,
    },
  ];
  return pageOf({
    title: `pauselab: ${profiles}`,
    about: bundles.map(({ label, stored: { manifest } }) => `${label}, measured ${manifest.startedAt}`).join(' · '),
    parts,
  });
}

/** Where several JDKs or kernels can be set side by side. */
function matrixParts(bundles: ReportData['bundles']): PagePart[] {
  const matrices = bundles.flatMap((bundle) => armsPart(bundle, bundles.length > 1) ?? []);
  return matrices.length === 0
    ? []
    : [{ id: 'matrix', title: 'Each arm by JDK and kernel', short: 'Matrix', content: html`${matrices}` }];
}

function percentilesPart({ curves, bundles }: ReportData): Markup {
  const all: Arm[] = bundles.flatMap(({ arms }) => arms);
  const groups = grouped(curves, ({ series, time }) => JSON.stringify([series, time]));
  if (groups.size === 0) return html`<p>There is no histogram to draw.</p>`;
  return html`<p>How long the slowest operations take: at p99, one in a hundred took at least that long, at p99.9 one in a thousand. A line shows all runs of an arm together: solid where the number of operations supports the percentile, dotted beyond. The band ranges from the lowest to the highest run. Controls are grey. Service time is the duration of the operation; response time counts from when it was due.</p>
<div class="grid">${[...groups.values()].slice(0, mostCurveFigures).map((sets) => percentileFigure(sets, all))}</div>
${
  groups.size > mostCurveFigures ? html`<p>${groups.size - mostCurveFigures} more series are not drawn.</p>` : nothing
}`;
}

function heatPart({ heatMaps, bundles }: ReportData): Markup {
  const linked = new Set(
    bundles.flatMap(({ stalls }, bundle) =>
      stalls.stalls.slice(0, mostStalls).map(({ number }) => stallId(bundle, number)),
    ),
  );
  const stalled = (map: HeatMap): number =>
    map.runs.reduce((sum, { stalls }) => sum + stalls.reduce((time, { stall }) => time + stall.duration_ns, 0), 0);
  const kept = new Set([...heatMaps].sort((a, b) => stalled(b) - stalled(a)).slice(0, mostHeatMaps));
  const arms = [...new Set(heatMaps.map(({ arm }) => arm))];
  if (heatMaps.length === 0) return html`<p>There is no run to draw.</p>`;
  return html`<p>Service time of every operation, run after run; darker where a larger share of that time’s operations took so long. Stalls are red bars at their length, with links to those described below.</p>
<ul class="legend">${['any', '0.01 % or more', '0.1 %', '1 %', '10 %', '40 %'].map(
    (share, shade) =>
      html`<li><svg width="22" height="12" aria-hidden="true"><path class="h${shade}" d="M0 0H20V12H0Z"/></svg> ${share}</li>`,
  )}</ul>
${arms.map((arm) => {
  const mapsOfArm = heatMaps.filter((map) => map.arm === arm && kept.has(map));
  const content = html`<div class="grid">${mapsOfArm.map((map) => heatFigure(map, linked))}</div>`;
  // Arms without a stall are folded if others have stalls, so that the page stays short.
  const isQuiet = mapsOfArm.every((map) => stalled(map) === 0) && heatMaps.some((map) => stalled(map) > 0);
  return mapsOfArm.length === 0
    ? nothing
    : isQuiet
      ? html`<details><summary>${arm.label}: ${arm.title} (no stall)</summary>${content}</details>`
      : html`<h3>${arm.label}: ${arm.title}</h3>${content}`;
})}
${
  kept.size < heatMaps.length
    ? html`<p>${heatMaps.length - kept.size} more, with less stalled time, are not drawn.</p>`
    : nothing
}`;
}

function stallsPart({ bundles }: ReportData): Markup {
  return html`${timelineLegend(
    bundles.flatMap(({ stalls }) => stalls.stalls.slice(0, mostStalls).map(({ stall }) => stall)),
  )}${bundles.map(
    ({ label, stalls: { stalls } }, i) =>
      html`${bundles.length > 1 ? html`<h3>${label}</h3>` : nothing}${
        stalls.length === 0 ? html`<p>No stall was recorded.</p>` : nothing
      }${stalls.slice(0, mostStalls).map((stall) => stallOfRun(i, stall))}${
        stalls.length > mostStalls
          ? html`<p>… and ${stalls.length - mostStalls} shorter ones: <code>pauselab explain</code> lists them.</p>`
          : nothing
      }`,
  )}`;
}

/**
 * Stalls over an observation: a row per thread, the one that was stalled longest first. Positions in time are
 * percentages, as in timeline.ts.
 */
import { rootOfStall } from '../../../bundle/stall-root.js';
import { grouped } from '../../../base/group.js';
import { formatDuration } from '../../../base/text/units.js';
import type { NumberedStall } from '../../../bundle/read-stalls.js';
import { cutsOf } from '../../../bundle/read-observation.js';
import type { ListedStall } from '../../../bundle/stalls-schema.js';
import type { Collector } from '../../../catalogue/collectors.js';
import { givesBackOf } from '../../../catalogue/gives-back.js';
import type { StallReasonFact } from '../../../facts/observation-facts.js';
import { causeNames, notAttributed } from '../../../words/cause-words.js';
import { observedLength, observedWhen } from '../../../words/observation-words.js';
import { counted } from '../../../words/text.js';
import { cut, stallId } from '../figures-part.js';
import { html, nothing, type Markup } from '../markup.js';
import { linearScale, roundDuration } from '../scales.js';

const rowHeight = 36;
const nameHeight = 16;
/** From a row's top to the middle of its bars, below the name. */
const barOffset = nameHeight + 9;
const axisHeight = 20;
const mostRows = 20;
/** In a row; the longest. */
const mostBars = 300;
/** Percent of the width: a stall is seen, however short it is. */
const leastWidth = 0.15;
const longestName = 40;

type StallKind = 'gives-back' | 'perhaps' | 'other' | 'unknown';

/** Half of a bar's height: kinds differ by height too, not by colour alone. */
const halves: Readonly<Record<StallKind, number>> = { 'gives-back': 8, perhaps: 6, other: 4, unknown: 2 };

const kindWords: Readonly<Record<StallKind, string>> = {
  'gives-back': 'giving memory back is the reason',
  perhaps: 'may be giving memory back',
  other: 'another reason',
  unknown: 'the reason is not known',
};

interface ThreadRow {
  readonly thread: string;
  readonly stalls: readonly NumberedStall[];
  readonly stalled_ns: number;
}

/** Most stalled time first. */
function threadRows(stalls: readonly NumberedStall[]): ThreadRow[] {
  return [...grouped(stalls, ({ stall }) => stall.series)]
    .map(([thread, own]) => ({
      thread,
      stalls: own,
      stalled_ns: own.reduce((sum, { stall }) => sum + stall.duration_ns, 0),
    }))
    .sort((a, b) => b.stalled_ns - a.stalled_ns);
}

function kindOf(stall: ListedStall, collector: Collector | null): StallKind {
  const root = rootOfStall(stall, collector);
  return root === null ? 'unknown' : kindOfEnd({ ...root.cause, call: root.call }, collector);
}

/** Of the end of a chain, or of a reason. */
export function kindOfEnd(
  end: Pick<StallReasonFact, 'cause' | 'thread' | 'call' | 'grade'>,
  collector: Collector | null,
): StallKind {
  if (end.cause === 'unknown') return 'unknown';
  switch (givesBackOf(end, end.call, end.grade, collector)) {
    case 'yes':
      return end.grade === 'possible' ? 'perhaps' : 'gives-back';
    case 'open':
      return 'perhaps';
    case 'no':
      return 'other';
  }
}

interface DrawnObservation {
  /** Of the observation in the report. */
  readonly bundle: number;
  /** The longest first. */
  readonly stalls: readonly NumberedStall[];
  readonly watched_ns: number;
  /** Of the JVMs; null: not known, or several. */
  readonly collector: Collector | null;
  /** Numbers of the stalls that the page describes. */
  readonly described: ReadonlySet<number>;
}

export function observedTimeline(drawn: DrawnObservation): Markup {
  const rows = threadRows(drawn.stalls);
  if (rows.length === 0) return html`<p>There is no stall to draw.</p>`;
  const shown = rows.slice(0, mostRows);
  const kinds = new Set(shown.flatMap(({ stalls }) => stalls.map(({ stall }) => kindOf(stall, drawn.collector))));
  return html`<p>A bar is a stall, from its begin to its end; a row is a thread, the one with most stalled time first. Bars of the stalls described below lead there.</p>
<ul class="legend">${(Object.keys(halves) as StallKind[])
    .filter((kind) => kinds.has(kind))
    .map(
      (kind) =>
        html`<li><svg width="26" height="18" aria-hidden="true"><path class="o-${kind}" d="M4 ${9 - halves[kind]}H22V${9 + halves[kind]}H4Z"/></svg> ${kindWords[kind]}</li>`,
    )}</ul>
${drawing(drawn, shown)}
${leftOutText(rows, shown)}`;
}

function leftOutText(rows: readonly ThreadRow[], shown: readonly ThreadRow[]): Markup {
  const rest = rows.slice(shown.length);
  const bars_n = shown.reduce((sum, { stalls }) => sum + Math.max(0, stalls.length - mostBars), 0);
  const rest_ns = rest.reduce((sum, { stalled_ns }) => sum + stalled_ns, 0);
  return html`${
    rest.length === 0
      ? nothing
      : html`<p>${counted(rest.length, 'more thread')} with less stalled time (${formatDuration(rest_ns)} in all) ${rest.length === 1 ? 'is' : 'are'} not drawn.</p>`
  }${
    bars_n === 0
      ? nothing
      : html`<p>${counted(bars_n, 'shorter stall')} of these threads ${bars_n === 1 ? 'is' : 'are'} not drawn.</p>`
  }`;
}

function drawing({ bundle, watched_ns, described, collector }: DrawnObservation, rows: readonly ThreadRow[]): Markup {
  const x = linearScale(0, watched_ns, 0, 100, roundDuration);
  const bottom = rows.length * rowHeight;
  const about = rows.map(({ thread, stalls, stalled_ns }) => `${thread}: ${rowText(stalls.length, stalled_ns)}`);
  return html`<svg class="timeline observed" role="img" aria-label="Stalls over the observation; ${about.join('; ')}" height="${bottom + axisHeight}">
<g class="axis">${x.ticks.map(
    ({ at, label }) =>
      html`<line x1="${percent(at)}" x2="${percent(at)}" y2="${bottom}"/><text x="${percent(at)}" y="${bottom + 15}" text-anchor="${at < 5 ? 'start' : at > 95 ? 'end' : 'middle'}">${label}</text>`,
  )}</g>
${rows.map(({ thread, stalls, stalled_ns }, row) => {
  const middle = row * rowHeight + barOffset;
  return html`<text y="${row * rowHeight + nameHeight - 4}">${cut(thread, longestName)} <tspan class="about">${rowText(stalls.length, stalled_ns)}</tspan></text>
${stalls.slice(0, mostBars).map((listed) => {
  const one = bar(listed, { x, middle, collector });
  return described.has(listed.number) ? html`<a href="#${stallId(bundle, listed.number)}">${one}</a>` : one;
})}`;
})}</svg>`;
}

function rowText(stalls_n: number, stalled_ns: number): string {
  return `${counted(stalls_n, 'stall')}, ${formatDuration(stalled_ns)}`;
}

interface Place {
  readonly x: (value: number) => number;
  readonly middle: number;
  readonly collector: Collector | null;
}

function bar({ number, stall }: NumberedStall, { x, middle, collector }: Place): Markup {
  const { start_ns, duration_ns, cause } = stall;
  const kind = kindOf(stall, collector);
  const [from, to] = [x(start_ns), x(start_ns + duration_ns)];
  const cuts = cutsOf(stall);
  const title = `${number}. ${observedLength({ ...stall, cuts })}, ${observedWhen({ ...stall, cuts })}: ${cause === null ? notAttributed : causeNames[cause.cause]}`;
  return html`<rect class="o-${kind}" x="${percent(Math.min(from, 100 - leastWidth))}" y="${middle - halves[kind]}" width="${percent(Math.max(to - from, leastWidth))}" height="${2 * halves[kind]}"><title>${title}</title></rect>`;
}

function percent(value: number): string {
  return `${Math.round(value * 100) / 100}%`;
}

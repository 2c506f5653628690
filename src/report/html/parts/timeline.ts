/**
 * What each thread did during a stall: a row per thread, the victim first. Positions in time are percentages and
 * everything else is pixels, so that the figure fits any width and its text keeps its size.
 */
import { formatDuration } from '../../../base/text/units.js';
import type { Activity, ListedStall } from '../../../bundle/stalls-schema.js';
import { aboutThread, activityMeanings, callText, eventText, threadText } from '../../../words/seen-words.js';
import { workOfCall } from '../../../words/work-words.js';
import { cut } from '../figures-part.js';
import { html, nothing, type Markup } from '../markup.js';
import { linearScale, roundDuration } from '../scales.js';

const rowHeight = 40;
const nameHeight = 17;
/** From a row's top to the middle of its bar, below the name. */
const barOffset = nameHeight + 10;
const mostThreads = 12;
const mostSpans = 300;
const mostCalls = 50;
const mostEvents = 6;
/** Maximum characters of a row's text: as many as fit on a phone. */
const [longestName, longestRow] = [32, 46];

/** Half of a bar's height; activities differ by height too, not by colour alone. */
const halves: Readonly<Record<Activity, number>> = {
  running: 7,
  runnable: 7,
  blocked: 4,
  asleep: 1.5,
  stopped: 3,
  gone: 0.5,
  unobserved: 0.5,
};

/** Only activities that the timelines show. */
export function timelineLegend(stalls: readonly ListedStall[]): Markup {
  const shown = new Set(
    stalls.flatMap(
      ({ evidence }) => evidence?.threads.flatMap(({ spans }) => spans.map(({ activity }) => activity)) ?? [],
    ),
  );
  const told = (Object.entries(halves) as [Activity, number][]).filter(([activity]) => shown.has(activity));
  if (told.length === 0) return nothing;
  const works = new Set(
    stalls.flatMap(({ overlappingHolderCalls }) => overlappingHolderCalls.map(({ holder }) => workOfHolder(holder))),
  );
  const hasTaker = stalls.some(hasTakerBar);
  return html`<ul class="legend">${told.map(([activity, half]) => html`<li><svg width="26" height="16" aria-hidden="true"><path class="a-${activity}" d="M1 ${8 - half}H25V${8 + half}H1Z"/></svg> ${activityMeanings[activity]}</li>`)}${hasTaker ? html`<li><svg width="26" height="16" aria-hidden="true"><path class="a-running taker" d="M1 1H25V15H1Z"/></svg> on the CPU that the holder needed</li>` : nothing}${works.size > 0 ? html`<li><svg width="26" height="16" aria-hidden="true"><path class="call" d="M1 1H25V15H1Z"/></svg> inside a call of the holder: ${[...works].join(', ')}</li>` : nothing}</ul>`;
}

/** The figure in words, a sentence per row: for readers who cannot see it, and for the exact milliseconds. */
export function timelineTexts(stall: ListedStall): string[] {
  const { threads, events, clip } = shownOf(stall);
  const takers = takersOf(stall);
  return [
    ...threads.map(({ thread, spans, onCpu_ns, runDelay_ns }) =>
      threadText({
        thread,
        onCpu_ns,
        runDelay_ns,
        taken_ns: takers.get(thread.tid) ?? 0,
        spans: spans.map((span) => ({
          activity: span.activity,
          duration_ns: clip(span.end_ns) - clip(span.start_ns),
        })),
      }),
    ),
    ...events.map(eventText),
  ];
}

const axisHeight = 20;

/** In pixels; 0 if there is nothing to draw. */
export function timelineHeight(stall: ListedStall): number {
  const { threads, events } = shownOf(stall);
  return threads.length === 0 ? 0 : (threads.length + events.length) * rowHeight + axisHeight;
}

/** Empty for a stall during which no thread was seen. */
export function timeline(stall: ListedStall): Markup {
  const { threads, events, clip } = shownOf(stall);
  if (threads.length === 0) return nothing;
  const calls = stall.overlappingHolderCalls.slice(0, mostCalls);
  const callsOf = (name: string): typeof calls =>
    calls.filter(({ holder }) => holder === name || holder.startsWith(`${name}.`));
  const share = linearScale(0, stall.duration_ns, 0, 100, roundDuration);
  const x = (time_ns: number): number => share(clip(time_ns) - stall.start_ns);
  const takers = takersOf(stall);
  const bottom = (threads.length + events.length) * rowHeight;
  return html`<svg class="timeline" role="img" aria-label="Timeline of the stall; ${timelineTexts(stall).join('; ')}" height="${bottom + axisHeight}">
<g class="axis">${share.ticks.map(
    ({ at, label }) =>
      html`<line x1="${percent(at)}" x2="${percent(at)}" y2="${bottom}"/><text x="${percent(at)}" y="${bottom + 15}" text-anchor="${anchor(at)}">${label}</text>`,
  )}</g>
${threads.map(({ thread, spans }, row) => {
  const middle = row * rowHeight + barOffset;
  const taken_ns = takers.get(thread.tid) ?? 0;
  return html`${rowName(thread.name, row, aboutThread(thread, taken_ns))}
${spans.slice(0, mostSpans).map(({ start_ns, end_ns, activity }) => bar(`a-${activity}${taken_ns > 0 && activity === 'running' ? ' taker' : ''}`, x(start_ns), x(end_ns), middle, halves[activity], `${thread.name}: ${activityMeanings[activity]}, ${formatDuration(Math.max(0, end_ns - start_ns))}`))}
${callsOf(thread.name).map((call) => bar('call', x(call.start_ns), x(call.end_ns), middle, 9, `${callText(call)}, ${formatDuration(Math.max(0, call.end_ns - call.start_ns))}`))}`;
})}
${events.map(({ name, label, start_ns, duration_ns }, i) => {
  const row = threads.length + i;
  return html`${rowName(`JVM log: ${name}`, row, label)}${bar(
    'event',
    x(start_ns),
    x(start_ns + duration_ns),
    row * rowHeight + barOffset,
    6,
    `${name} ${label}, ${formatDuration(Math.max(0, duration_ns))}`,
  )}`;
})}</svg>`;
}

type Shown = NonNullable<ListedStall['evidence']>;

function shownOf(
  stall: ListedStall,
): Pick<Shown, 'threads' | 'events'> & { readonly clip: (time_ns: number) => number } {
  const { start_ns, duration_ns, evidence } = stall;
  const clip = (time_ns: number): number => Math.min(Math.max(time_ns, start_ns), start_ns + duration_ns);
  return { threads: threadsOf(stall).slice(0, mostThreads), events: evidence?.events.slice(0, mostEvents) ?? [], clip };
}

/** A thread that had the holder's CPU has a row even if nobody looked at it: the trace knows for how long. */
function threadsOf(stall: ListedStall): Shown['threads'] {
  const { chain, evidence } = stall;
  if (evidence === null) return [];
  const seen = new Set(evidence.threads.map(({ thread }) => thread.tid));
  const takers = takersOf(stall);
  const unseen = new Map(
    (chain ?? [])
      .flatMap(({ cpuTakenBy }) => cpuTakenBy.map(({ thread }) => [thread.tid, thread] as const))
      .filter(([tid]) => takers.has(tid) && !seen.has(tid)),
  );
  return [
    ...evidence.threads,
    ...[...unseen.values()].map((thread) => ({ thread, states: '', onCpu_ns: null, runDelay_ns: null, spans: [] })),
  ];
}

/** Share of the stall's time: threads that had the holder's CPU for less are not mentioned. */
const leastTaken_share = 0.05;

/** By tid, how long each thread had the CPU of a blamed thread. */
function takersOf({ chain, duration_ns: stall_ns }: ListedStall): Map<number, number> {
  const taken = new Map<number, number>();
  for (const { cpuTakenBy } of chain ?? [])
    for (const { thread, duration_ns } of cpuTakenBy) taken.set(thread.tid, (taken.get(thread.tid) ?? 0) + duration_ns);
  return new Map([...taken].filter(([, taken_ns]) => taken_ns >= leastTaken_share * stall_ns));
}

/** Nobody may have looked at a thread that had the holder's CPU: then its row is a text without bars. */
function hasTakerBar(stall: ListedStall): boolean {
  const takers = takersOf(stall);
  return (stall.evidence?.threads ?? []).some(
    ({ thread, spans }) => takers.has(thread.tid) && spans.some(({ activity }) => activity === 'running'),
  );
}

/** For a series such as `holder.madvise_free`. */
function workOfHolder(series: string): string {
  return workOfCall(series.slice(series.lastIndexOf('.') + 1));
}

function rowName(name: string, row: number, about: string): Markup {
  return html`<text y="${row * rowHeight + nameHeight - 4}">${cut(name, longestName)} <tspan class="about">${cut(
    about,
    Math.max(1, longestRow - Math.min(name.length, longestName)),
  )}</tspan></text>`;
}

function bar(kind: string, from: number, to: number, middle: number, half: number, title: string): Markup {
  return to <= from
    ? nothing
    : html`<rect class="${kind}" x="${percent(from)}" y="${middle - half}" width="${percent(Math.max(to - from, 0.12))}" height="${2 * half}"><title>${title}</title></rect>`;
}

function percent(value: number): string {
  return `${Math.round(value * 100) / 100}%`;
}

/** Labels at the edges stay inside the figure. */
function anchor(at: number): 'start' | 'middle' | 'end' {
  if (at < 5) return 'start';
  return at > 95 ? 'end' : 'middle';
}

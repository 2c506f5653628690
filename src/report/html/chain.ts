/** One stall: its sentence, a small timeline of who did what while it lasted, and its chain. */
import { formatDuration } from '../../base/units.js';
import type { NumberedStall } from '../../bundle/read-stalls.js';
import type { Activity, ListedStall } from '../../bundle/stalls-schema.js';
import { axisBelow, stallId, svg } from './figures.js';
import { html, nothing, type Markup } from './markup.js';
import { linearScale, px, roundDuration } from './scales.js';

const width = 720;
const left = 170;
const right = 708;
const rowHeight = 22;
const mostThreads = 12;
const mostSpans = 300;
const mostLinks = 40;
const mostCalls = 50;
const longestName = 24;

/** Of a bar, around its row's middle; activities differ by height too, not by colour alone. */
const bars: Readonly<Record<Activity, { readonly half: number; readonly says: string }>> = {
  // Without a trace the sampler knows of a time in state R only what most of it was.
  running: { half: 7, says: 'running for the most part' },
  runnable: { half: 7, says: 'runnable, for the most part without a CPU (preempted)' },
  blocked: { half: 4, says: 'blocked in the kernel (D)' },
  asleep: { half: 1.5, says: 'asleep' },
  stopped: { half: 3, says: 'stopped' },
  gone: { half: 0.5, says: 'gone' },
  unobserved: { half: 0.5, says: 'nobody looked' },
};

export const activityLegend: Markup = html`<ul class="legend">${(Object.entries(bars) as [Activity, (typeof bars)[Activity]][]).filter(([activity]) => activity !== 'gone' && activity !== 'stopped').map(([activity, { half, says }]) => html`<li><svg width="26" height="16" aria-hidden="true"><path class="a-${activity}" d="M1 ${8 - half}H25V${8 + half}H1Z"/></svg> ${says}</li>`)}<li><svg width="26" height="16" aria-hidden="true"><path class="call" d="M1 1H25V15H1Z"/></svg> inside the call that gives memory back</li></ul>`;

export function stallFigure(bundle: number, { number, run, arm, stall }: NumberedStall): Markup {
  const { cause, chain, evidence } = stall;
  return html`<article class="stall" id="${stallId(bundle, number)}">
<h4>${number}. ${formatDuration(stall.duration_ns)}: ${stall.series} in ${arm}</h4>
<p>${cause === null ? 'It has no chain: the bundle was written by a pauselab without attribution.' : html`${cause.sentence}. <span class="grade">${cause.grade}</span>`}</p>
<p class="small">Run ${run}, ${formatDuration(Math.max(0, stall.start_ns))} after its start${stall.stillRunning ? '; still running at the last look' : ''}. ${stall.states === '' ? '' : `The victim was seen in ${cut(stall.states, 160)}.`}</p>
${evidence === null || evidence.threads.length === 0 ? nothing : timeline(number, stall)}
${chain === null || chain.length < 2 ? nothing : html`<details><summary>The chain, link by link (${chain.length})</summary><ol>${chain.slice(0, mostLinks).map((link) => html`<li>+${roundDuration(Math.max(0, link.start_ns - stall.start_ns))}: ${link.sentence}. <span class="grade">${link.grade}</span></li>`)}</ol>${chain.length > mostLinks ? html`<p>… and ${chain.length - mostLinks} more; <code>pauselab explain</code> has all.</p>` : nothing}</details>`}
${evidence === null || evidence.missing.length === 0 ? nothing : html`<p class="small">Missing: ${evidence.missing.join('; ')}.</p>`}
</article>`;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function timeline(number: number, stall: ListedStall): Markup {
  const threads = stall.evidence?.threads.slice(0, mostThreads) ?? [];
  const events = stall.evidence?.events.slice(0, 4) ?? [];
  const bottom = 6 + (threads.length + (events.length > 0 ? 1 : 0)) * rowHeight;
  const end_ns = stall.start_ns + stall.duration_ns;
  const place = linearScale(0, stall.duration_ns, left, right, roundDuration);
  const x = (time_ns: number): number => place(Math.min(Math.max(time_ns, stall.start_ns), end_ns) - stall.start_ns);
  const calls = stall.overlappingHolderCalls.slice(0, mostCalls);
  const callsOf = (name: string): typeof calls => calls.filter(({ holder }) => holder === name || holder.startsWith(`${name}.`));
  const says = [...threads.map(({ thread, spans, onCpu_ns, runDelay_ns }) => `${thread.name}: ${summed(spans.map(({ activity, start_ns, end_ns: to }) => [activity, Math.max(0, Math.min(to, end_ns) - Math.max(start_ns, stall.start_ns))]))}${onCpu_ns === null || runDelay_ns === null || onCpu_ns + runDelay_ns <= 0 ? '' : ` (by its counters at most ${formatDuration(Math.max(0, onCpu_ns))} on a CPU and ${formatDuration(Math.max(0, runDelay_ns))} waiting for one)`}`), ...events.map(({ name, label, duration_ns }) => `the JVM’s log: ${name} ${label}, ${formatDuration(Math.max(0, duration_ns))}`)];
  return html`<div class="wide" tabindex="0" role="region" aria-label="Timeline of stall ${number}">${svg(`Timeline of the stall; ${says.join('; ')}`, width, bottom + 22, [
    axisBelow(place, { left, right, top: 2, bottom }),
    ...threads.map(({ thread, spans }, row) => {
      const middle = 6 + row * rowHeight + rowHeight / 2;
      return html`<text class="name" x="${left - 8}" y="${middle + 4}" text-anchor="end">${cut(thread.name, longestName)}${thread.nice === null || thread.nice === 0 ? '' : ` (${thread.nice})`}<title>${thread.name}, ${thread.role}, tid ${thread.tid}${thread.nice === null ? '' : `, nice ${thread.nice}`}</title></text>
${spans.slice(0, mostSpans).map(({ start_ns, end_ns: to, activity }) => bar(`a-${activity}`, x(start_ns), x(to), middle, bars[activity].half, `${thread.name}: ${bars[activity].says}, ${formatDuration(Math.max(0, to - start_ns))}`))}
${callsOf(thread.name).map((call) => bar('call', x(call.start_ns), x(call.end_ns), middle, 9, `${call.holder}${call.crossed ? ' across VMAs' : ''}, ${formatDuration(Math.max(0, call.end_ns - call.start_ns))}`))}`;
    }),
    events.length === 0 ? nothing : html`<text class="name" x="${left - 8}" y="${bottom - rowHeight / 2 + 4}" text-anchor="end">the JVM’s log</text>`,
    ...events.map(({ name, label, start_ns, duration_ns }) => bar('event', x(start_ns), x(start_ns + duration_ns), bottom - rowHeight / 2, 6, `${name} ${label}, ${formatDuration(Math.max(0, duration_ns))}`)),
  ])}</div><p class="small">${says.map((one) => html`${one}. `)}</p>`;
}

function bar(kind: string, from: number, to: number, middle: number, half: number, title: string): Markup {
  return to <= from ? nothing : html`<path class="${kind}" d="M${px(from)} ${middle - half}H${px(Math.max(to, from + 0.8))}V${middle + half}H${px(from)}Z"><title>${title}</title></path>`;
}

function summed(parts: readonly (readonly [Activity, number])[]): string {
  const sums = new Map<Activity, number>();
  for (const [activity, duration_ns] of parts) sums.set(activity, (sums.get(activity) ?? 0) + duration_ns);
  const told = [...sums].filter(([, duration_ns]) => duration_ns > 0).sort((a, b) => b[1] - a[1]).slice(0, 3);
  return told.length === 0 ? 'not seen' : told.map(([activity, duration_ns]) => `${bars[activity].says} ${formatDuration(duration_ns)}`).join(', ');
}

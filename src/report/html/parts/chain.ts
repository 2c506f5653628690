/** A stall: its sentence, a small timeline of all threads, and its chain. */
import { sentencesOf } from '../../../facts/stated.js';
import { formatDuration } from '../../../base/text/units.js';
import type { NumberedStall } from '../../../bundle/read-stalls.js';
import { noChain } from '../../../words/cause-words.js';
import { unusualEnd } from '../../../words/seen-words.js';
import { cut, stallId } from '../figures-part.js';
import { html, nothing, prose, type Markup } from '../markup.js';
import { roundDuration } from '../scales.js';
import { timeline, timelineTexts } from './timeline.js';

const mostLinks = 40;

export function stallFigure(bundle: number, { number, run, arm, stall }: NumberedStall): Markup {
  const { cause, chain, evidence } = stall;
  const texts = timelineTexts(stall);
  const end = unusualEnd(stall);
  return html`<article class="stall" id="${stallId(bundle, number)}">
<h4>${number}. ${formatDuration(stall.duration_ns)}: ${stall.series} in ${arm}</h4>
<p>${cause === null ? noChain : html`${prose(cause.sentence)}. <span class="grade">${cause.grade}</span>`}</p>
${timeline(stall)}
<p class="small">Run ${run}, ${formatDuration(Math.max(0, stall.start_ns))} after its start${end === null ? '' : `; ${end}`}.</p>
${chain === null || chain.length < 2 ? nothing : html`<details><summary>The chain, link by link (${chain.length})</summary><ol>${chain.slice(0, mostLinks).map((link) => html`<li>+${roundDuration(Math.max(0, link.start_ns - stall.start_ns))}: ${prose(link.sentence)}. <span class="grade">${link.grade}</span></li>`)}</ol>${chain.length > mostLinks ? html`<p>… and ${chain.length - mostLinks} more; <code>pauselab explain</code> has all.</p>` : nothing}</details>`}
${texts.length === 0 && stall.states === '' ? nothing : html`<details class="small"><summary>What each thread did, in milliseconds</summary><ul>${texts.map((text) => html`<li>${text}.</li>`)}</ul>${stall.states === '' ? nothing : html`<p>The looks at the victim, one after the other: ${cut(stall.states, 160)} (D blocked in the kernel, S asleep, R on a CPU or ready for one, ? nobody looked).</p>`}</details>`}
${evidence === null || evidence.missing.length === 0 ? nothing : html`<p class="small">Missing: ${sentencesOf(evidence.missing).join('; ')}.</p>`}
</article>`;
}

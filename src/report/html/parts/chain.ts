/** A stall: its sentence, a small timeline of all threads, and its chain. */
import { sentencesOf } from '../../../facts/stated.js';
import { formatDuration } from '../../../base/text/units.js';
import { cutsOf } from '../../../bundle/read-observation.js';
import type { NumberedStall } from '../../../bundle/read-stalls.js';
import type { ListedStall } from '../../../bundle/stalls-schema.js';
import { noChain } from '../../../words/cause-words.js';
import { observedLength, observedWhen } from '../../../words/observation-words.js';
import { unusualEnd, userFramesText, userMomentWords } from '../../../words/seen-words.js';
import { capitalised } from '../../../words/text.js';
import { cut, stallId } from '../figures-part.js';
import { html, nothing, prose, type Markup } from '../markup.js';
import { roundDuration } from '../scales.js';
import { timeline, timelineTexts } from './timeline.js';

const mostLinks = 40;

export function stallOfRun(bundle: number, listed: NumberedStall): Markup {
  const { number, run, arm, stall } = listed;
  const end = unusualEnd(stall);
  return stallFigure(stall, {
    id: stallId(bundle, number),
    title: `${number}. ${formatDuration(stall.duration_ns)}: ${stall.series} in ${arm}`,
    when: `Run ${run}, ${formatDuration(Math.max(0, stall.start_ns))} after its start${end === null ? '' : `; ${end}`}.`,
    looks: `The looks at the victim, one after the other: ${cut(stall.states, 160)} (D blocked in the kernel, S asleep, R on a CPU or ready for one, ? nobody looked).`,
  });
}

export function stallOfObservation(bundle: number, { number, stall }: NumberedStall): Markup {
  const cuts = cutsOf(stall);
  return stallFigure(asObserved(stall), {
    id: stallId(bundle, number),
    title: `${number}. ${observedLength({ ...stall, cuts })}: ${stall.series}`,
    when: `${capitalised(observedWhen({ ...stall, cuts }))}.`,
    looks: `The victim, by state: ${cut(stall.states, 160)} (D blocked in the kernel, S asleep, R ready for a CPU, T stopped).`,
  });
}

/** Without the role of its thread: pauselab measures none of an observed process. */
export function asObserved(stall: ListedStall): ListedStall {
  const { evidence } = stall;
  if (evidence === null) return stall;
  const threads = evidence.threads.map((one) =>
    one.thread.role === 'victim' ? { ...one, thread: { ...one.thread, role: 'other' as const } } : one,
  );
  return { ...stall, evidence: { ...evidence, threads } };
}

interface StallTexts {
  readonly id: string;
  readonly title: string;
  readonly when: string;
  /** What its `states` say. */
  readonly looks: string;
}

function stallFigure(stall: ListedStall, { id, title, when, looks }: StallTexts): Markup {
  const { cause, chain, evidence } = stall;
  const texts = timelineTexts(stall);
  return html`<article class="stall" id="${id}">
<h4>${title}</h4>
<p>${cause === null ? noChain : html`${prose(cause.sentence)}. <span class="grade">${cause.grade}</span>`}</p>
${timeline(stall)}
<p class="small">${when}</p>
${chain === null || chain.length < 2 ? nothing : html`<details><summary>The chain, link by link (${chain.length})</summary><ol>${chain.slice(0, mostLinks).map((link) => html`<li>+${roundDuration(Math.max(0, link.start_ns - stall.start_ns))}: ${prose(link.sentence)}. <span class="grade">${link.grade}</span></li>`)}</ol>${chain.length > mostLinks ? html`<p>… and ${chain.length - mostLinks} more; <code>pauselab explain</code> has all.</p>` : nothing}</details>`}
${texts.length === 0 && stall.states === '' ? nothing : html`<details class="small"><summary>What each thread did, in milliseconds</summary><ul>${texts.map((text) => html`<li>${text}.</li>`)}</ul>${stall.states === '' ? nothing : html`<p>${looks}</p>`}</details>`}
${evidence === null || evidence.userStacks.length === 0 ? nothing : html`<details class="small"><summary>Where the programs called the kernel</summary><ul>${evidence.userStacks.map((stack) => html`<li>${stack.thread.name}, ${userMomentWords[stack.moment]}: ${userFramesText(stack)}</li>`)}</ul></details>`}
${evidence === null || evidence.missing.length === 0 ? nothing : html`<p class="small">Missing: ${sentencesOf(evidence.missing).join('; ')}.</p>`}
</article>`;
}

/** The parts of an observation's page that are text and tables. */
import type { StallReasonFact } from '../../../facts/observation-facts.js';
import { sentencesOf } from '../../../facts/stated.js';
import { shellWord } from '../../../base/text/shell-word.js';
import { formatDuration, formatShare, formatSize } from '../../../base/text/units.js';
import { observedCollector } from '../../../bundle/observed-collector.js';
import type { StoredObservation } from '../../../bundle/read-observation.js';
import type { Collector } from '../../../catalogue/collectors.js';
import { givesBackOf } from '../../../catalogue/gives-back.js';
import { causeNames } from '../../../words/cause-words.js';
import { capitalised, counted } from '../../../words/text.js';
import { givesBackWord, targetText, tierWords } from '../../../words/observation-words.js';
import { html, nothing, type Markup } from '../markup.js';
import { adviceList } from './advice-list.js';
import { adviceByCause, rootsOfObservation } from './advised-roots.js';
import { asObserved } from './chain.js';
import { kindOfEnd } from './observed-timeline.js';
import { table } from './table.js';
import { timeline, timelineLegend } from './timeline.js';
import { stallId } from '../figures-part.js';

const mostReasons = 60;

/** The answer, and the longest stall as a picture. */
export function answerPart({ observation, stalls }: StoredObservation, bundle: number): Markup {
  const { answer, watched_ns, targets, threshold_ns } = observation;
  const [longest] = stalls;
  return html`<p class="verdict">${capitalised(answer.sentence)}.</p>
<p>Observed for ${formatDuration(watched_ns)}: ${targets.map((target) => targetText(target)).join(', ')}. A stall is a wait of ${formatDuration(threshold_ns)} or more in which a thread wanted to go on. Times add up over the threads.</p>${
    longest === undefined || longest.stall.evidence === null
      ? nothing
      : html`<figure><figcaption><strong>The longest stall</strong>: what each thread did in these ${formatDuration(longest.stall.duration_ns)} (<a href="#${stallId(bundle, longest.number)}">details</a>)</figcaption>${timeline(asObserved(longest.stall))}${timelineLegend([longest.stall])}</figure>`
  }`;
}

export function reasonsPart({ observation: { reasons, targets } }: StoredObservation): Markup {
  const collector = observedCollector(targets);
  if (reasons.length === 0) return html`<p>There was no stall, and so no reason.</p>`;
  const most = Math.max(1, ...reasons.map(({ total_ns }) => total_ns));
  return html`${table(
    'Stalled time by reason, added up over the threads',
    ['waited for', 'who is to blame', 'call', 'gives memory back', 'grade', 'stalls', 'threads', 'longest', 'time', ''],
    reasons
      .slice(0, mostReasons)
      .map((reason) => [
        causeNames[reason.cause],
        blamed(reason.thread),
        reason.call === null ? '–' : html`<code>${reason.call}</code>`,
        givesBackCell(reason, collector),
        reason.grade,
        String(reason.stalls_n),
        String(reason.threads_n),
        formatDuration(reason.longest_ns),
        formatDuration(reason.total_ns),
        html`<svg class="bar" width="120" height="12" aria-hidden="true"><path class="o-${kindOfEnd(reason, collector)}" d="M0 1H${Math.max(1, Math.round((120 * reason.total_ns) / most))}V11H0Z"/></svg>`,
      ]),
    5,
  )}${reasons.length > mostReasons ? html`<p>… and ${reasons.length - mostReasons} more in observation.json.</p>` : nothing}`;
}

function givesBackCell(
  reason: Pick<StallReasonFact, 'cause' | 'thread' | 'call' | 'grade'>,
  collector: Collector | null,
): Markup | string {
  const word = givesBackWord(reason, collector);
  return givesBackOf(reason, reason.call, reason.grade) === 'yes' ? html`<strong>${word}</strong>` : word;
}

function blamed(thread: StallReasonFact['thread']): Markup | string {
  if (thread === null) return '–';
  return html`<code>${thread.name}</code>${thread.role === 'victim' ? ' itself, while others waited for it' : ''}`;
}

export function notSeenPart({ missing }: StoredObservation): Markup {
  return html`<ul>${sentencesOf(missing).map((sentence) => html`<li>${capitalised(sentence)}.</li>`)}</ul>`;
}

export function observedAdvicePart(observations: readonly StoredObservation[]): Markup {
  const causes = adviceByCause(observations.flatMap(rootsOfObservation))
    // What to do against what is not known, nobody knows.
    .filter(({ cause }) => cause !== 'unknown');
  if (causes.length === 0) return html`<p>No cause was found, so there is nothing to try.</p>`;
  return html`${adviceList(causes)}<p class="small">Where these come from: docs/findings.md. Change one thing, observe again, and compare: <code>pauselab compare BEFORE AFTER</code>.</p>`;
}

/** How it was observed, and what that took. */
export function observedFactsPart({ observation }: StoredObservation): Markup {
  const { targets, tier, kernel, threshold_ns, detail_ns, watched_ns, cost, startedAt, tool, argv } = observation;
  const facts: readonly (readonly [string, string])[] = [
    [
      targets.length === 1 ? 'Process' : 'Processes',
      targets.map((target) => targetText(target, `${counted(target.threads_n, 'thread')} at the start`)).join(', '),
    ],
    ['Watched for', formatDuration(watched_ns)],
    ['Started', startedAt],
    ['Shortest stall', formatDuration(threshold_ns)],
    ['Shortest interval seen', formatDuration(detail_ns)],
    ['Seen by', tierWords[tier]],
    ['Kernel', `Linux ${kernel}`],
    [
      'CPU time of the observer',
      `${formatDuration(cost.cpu_ns)} (${formatShare(watched_ns > 0 ? cost.cpu_ns / watched_ns : 0)} of a CPU)`,
    ],
    ['Memory of the observer', formatSize(cost.memoryBytes)],
    ['pauselab', tool.version],
  ];
  return html`<dl class="facts">${facts.map(([title, value]) => html`<div><dt>${title}</dt><dd>${value}</dd></div>`)}</dl>
<p class="small">What programs in the kernel take is not in the CPU time: docs/findings.md has it.</p>
<pre><code>pauselab ${argv.map(shellWord).join(' ')}</code></pre>`;
}

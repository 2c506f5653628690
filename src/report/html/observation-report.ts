/** The page of observations: the answer first, then the reasons, the stalls over time, and what was not seen. */
import { observedCollector } from '../../bundle/observed-collector.js';
import { isListRead, openObservation, type StoredObservation } from '../../bundle/read-observation.js';
import type { Comparison } from '../../verdict/compare/compared.js';
import { distinctLabels } from '../../verdict/compare/compare.js';
import { defaultPolicy } from '../../verdict/compare/decide.js';
import { compareObservations, labelOfPath } from '../../verdict/compare/observations.js';
import { html, nothing, type Markup } from './markup.js';
import { pageOf, type PagePart } from './page.js';
import { stallOfObservation } from './parts/chain.js';
import { answerPart, notSeenPart, observedAdvicePart, observedFactsPart, reasonsPart } from './parts/observed-parts.js';
import { observedTimeline } from './parts/observed-timeline.js';
import { comparisonPart } from './parts/sections.js';
import { timelineLegend } from './parts/timeline.js';

const mostDescribed = 20;

export function observationReport(paths: readonly string[]): string {
  const observations = paths.map(openObservation);
  return observationDocument(
    observations,
    observations.length > 1 ? compareObservations(observations, { margins: [], policy: defaultPolicy }) : null,
  );
}

/** `comparison`: null for a single observation. */
function observationDocument(observations: readonly StoredObservation[], comparison: Comparison | null): string {
  const labels = distinctLabels(observations.map(({ path }) => ({ path, label: labelOfPath(path) }))).map(
    ({ label }) => label,
  );
  const each = (part: (one: StoredObservation, bundle: number) => Markup): Markup =>
    html`${observations.map(
      (one, i) => html`${observations.length > 1 ? html`<h3>${labels[i] ?? ''}</h3>` : nothing}${part(one, i)}`,
    )}`;
  const parts: PagePart[] = [
    { id: 'answer', title: 'Answer', content: each(answerPart) },
    ...(comparison === null ? [] : [{ id: 'comparison', title: 'Side by side', content: comparisonPart(comparison) }]),
    { id: 'reasons', title: 'Why: stalled time by reason', short: 'Reasons', content: each(reasonsPart) },
    { id: 'time', title: 'Stalls over time', short: 'Over time', content: each(overTimePart) },
    { id: 'stalls', title: 'The longest stalls', short: 'Stalls', content: each(stallsPart) },
    { id: 'advice', title: 'What to try', content: observedAdvicePart(observations) },
    { id: 'evidence', title: 'What could not be seen', short: 'Not seen', content: each(notSeenPart) },
    { id: 'observed', title: 'How it was observed', short: 'Observed', content: each(observedFactsPart) },
  ];
  const names = [...new Set(observations.flatMap(({ observation: { targets } }) => targets.map(({ name }) => name)))];
  return pageOf({
    title: `pauselab: ${names.join(' and ')} observed`,
    about: observations.map(({ observation: { startedAt } }, i) => `${labels[i] ?? ''}, ${startedAt}`).join(' · '),
    parts,
  });
}

function described({ stalls }: StoredObservation): StoredObservation['stalls'] {
  return stalls.slice(0, mostDescribed);
}

function overTimePart(one: StoredObservation, bundle: number): Markup {
  const { stalls, observation } = one;
  return observedTimeline({
    bundle,
    stalls,
    watched_ns: observation.watched_ns,
    collector: observedCollector(observation.targets),
    described: new Set(described(one).map(({ number }) => number)),
  });
}

function stallsPart(one: StoredObservation, bundle: number): Markup {
  const { stalls, path } = one;
  if (!isListRead(one)) return html`<p>The list of stalls could not be read: see what could not be seen.</p>`;
  if (stalls.length === 0) return html`<p>No stall was recorded.</p>`;
  const shown = described(one);
  return html`${timelineLegend(shown.map(({ stall }) => stall))}${shown.map((listed) => stallOfObservation(bundle, listed))}${
    stalls.length > shown.length
      ? html`<p>… and ${stalls.length - shown.length} shorter ones: <code>pauselab explain ${path} --json</code> has all.</p>`
      : nothing
  }`;
}

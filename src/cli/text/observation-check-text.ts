/** What `observe` can do on this machine, on a terminal. */
import type { ObservationCheck } from '../../jobs/observe-check.js';
import { tierWords } from '../../words/observation-words.js';
import { capitalised, listed } from '../../words/text.js';

export function renderObservationCheck({ tier, possible, refusedTiers, limits, remedies }: ObservationCheck): string {
  const others = possible.slice(1).map((name) => tierWords[name]);
  return [
    tier === null
      ? 'observe is not possible.'
      : `observe is possible, by ${tierWords[tier]}.${others.length === 0 ? '' : ` --tier gives ${listed(others)} instead.`}`,
    ...refusedTiers.map(({ sentence }) => `${capitalised(sentence)}.`),
    ...limits.map((one) => `With ${tierWords[one.tier]}: ${one.sentence}.`),
    ...remedies.flatMap(({ command, sentence }) => ['', `  ${command}`, `    ${sentence}`]),
    '',
  ].join('\n');
}

/** Advice against each cause, as a list. */
import { formatDuration } from '../../../base/text/units.js';
import { adviceText } from '../../../words/advice-words.js';
import { causeNames } from '../../../words/cause-words.js';
import { html, prose, type Markup } from '../markup.js';
import type { CauseAdvice } from './advised-roots.js';

export function adviceList(causes: readonly CauseAdvice[]): Markup {
  return html`<dl>${causes.map(
    ({ cause, total_ns, facts }) =>
      html`<dt>Against: ${causeNames[cause]} <span class="small">(${cause}, ${formatDuration(total_ns)} of stalled time)</span></dt><dd><ul>${facts.map((fact) => html`<li>${prose(adviceText(fact))}</li>`)}</ul></dd>`,
  )}</dl>`;
}

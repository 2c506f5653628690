/** A table that scrolls by itself where the page is narrow. */
import { html, type Content, type Markup } from './markup.js';

/** `texts`: how many columns, from the left, are words and no figures. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly Content[])[], texts = 1): Markup {
  const kind = (column: number): string => (column < texts ? 'text' : 'figure');
  return html`<div class="wide" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption><thead><tr>${head.map((cell, i) => html`<th scope="col" class="${kind(i)}">${cell}</th>`)}</tr></thead><tbody>${rows.map(([first, ...rest]) => html`<tr><th scope="row">${first ?? ''}</th>${rest.map((cell, i) => html`<td class="${kind(i + 1)}">${cell}</td>`)}</tr>`)}</tbody></table></div>`;
}

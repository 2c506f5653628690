/** A table. On a narrow page each row is a block, and its cells name their columns. */
import { html, nothing, type Content, type Markup } from '../markup.js';

/**
 * `texts`: number of columns, from the left, that contain text and not figures. Roles are explicit, because rows shown
 * as blocks would not be a table to a screen reader.
 */
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly Content[])[],
  texts = 1,
): Markup {
  const kind = (column: number): string => (column < texts ? 'text' : 'figure');
  const name = (column: number): Markup =>
    head[column] === undefined || head[column] === '' ? nothing : html` data-column="${head[column]}"`;
  return html`<div class="wide" tabindex="0" role="region" aria-label="${caption}"><table role="table"><caption>${caption}</caption><thead role="rowgroup"><tr role="row">${head.map(
    (cell, i) => html`<th role="columnheader" scope="col" class="${kind(i)}">${cell}</th>`,
  )}</tr></thead><tbody role="rowgroup">${rows.map(
    ([first, ...rest]) =>
      html`<tr role="row"><th role="rowheader" scope="row">${first ?? ''}</th>${rest.map(
        (cell, i) => html`<td role="cell" class="${kind(i + 1)}"${name(i + 1)}>${cell}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}

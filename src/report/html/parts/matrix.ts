/**
 * A matrix of signs: what was found, by row and column. A sign is a letter or a short text with a colour, so that no reader
 * needs the colour, and its title says it in full.
 */
import { html, nothing, type Markup } from '../markup.js';

/** What a sign means, for the legend. `colour`: a class of the page's style. */
export interface SignMeaning {
  readonly letter: string;
  readonly means: string;
  readonly colour: string;
}

export interface Sign {
  readonly text: string;
  /** Below the text. */
  readonly below?: string;
  readonly colour: string;
  /** In full, with row and column. */
  readonly title: string;
  readonly isOdd?: boolean;
}

export interface MatrixColumn {
  readonly name: string;
  readonly title: string;
  /** Columns that follow each other and have the same group share a heading; undefined: no column has a group. */
  readonly group?: string;
}

export interface MatrixRow {
  readonly name: string;
  readonly title: string;
  /** Per column its signs; an empty list: it has none. Null stands for the room of a sign. */
  readonly cells: readonly (readonly (Sign | null)[])[];
}

export interface Matrix {
  readonly caption: string;
  /** Of the scrolling region. */
  readonly label: string;
  /** What the rows are. */
  readonly corner: string;
  readonly columns: readonly MatrixColumn[];
  readonly rows: readonly MatrixRow[];
}

export function signLegend(signs: readonly SignMeaning[], more: Markup = nothing): Markup {
  return html`<ul class="legend">${signs.map(
    ({ letter, means, colour }) => html`<li><span class="sign ${colour}">${letter}</span> ${means}</li>`,
  )}${more}</ul>`;
}

export function matrixTable({ caption, label, corner, columns, rows }: Matrix): Markup {
  const groups = groupsOf(columns);
  return html`<div class="wide" tabindex="0" role="region" aria-label="${label}"><table class="matrix" role="table"><caption>${caption}</caption>
<thead role="rowgroup">${
    groups.length === 0
      ? nothing
      : html`<tr role="row"><td role="cell"></td>${groups.map(
          ({ name, span }) =>
            html`<th role="columnheader" scope="colgroup" colspan="${span}" class="group">${name}</th>`,
        )}</tr>`
  }<tr role="row"><th role="columnheader" scope="col" class="text">${corner}</th>${columns.map(
    ({ name, title }) => html`<th role="columnheader" scope="col" title="${title}">${name}</th>`,
  )}</tr></thead><tbody role="rowgroup">${rows.map(
    ({ name, title, cells }) =>
      html`<tr role="row"><th role="rowheader" scope="row" title="${title}">${name}</th>${cells.map(
        (signs, i) => html`<td role="cell" data-column="${nameOf(columns[i])}">${signs.map(signMarkup)}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}

function nameOf(column: MatrixColumn | undefined): string {
  if (column === undefined) return '';
  return column.group === undefined ? column.name : `${column.name} on ${column.group}`;
}

function groupsOf(columns: readonly MatrixColumn[]): { readonly name: string; readonly span: number }[] {
  const groups: { name: string; span: number }[] = [];
  for (const { group } of columns) {
    if (group === undefined) return [];
    const last = groups.at(-1);
    if (last?.name === group) last.span += 1;
    else groups.push({ name: group, span: 1 });
  }
  return groups;
}

function signMarkup(sign: Sign | null): Markup {
  if (sign === null) return html`<span class="sign"></span>`;
  const { text, below, colour, title, isOdd = false } = sign;
  return html`<span class="sign ${colour}${isOdd ? ' odd' : ''}" title="${title}" aria-label="${title}">${text}${
    below === undefined ? nothing : html`<br><small>${below}</small>`
  }</span>`;
}

/** The frame of a page. It loads nothing from elsewhere, and runs no script but its own, identified by its hash. */
import { createHash } from 'node:crypto';
import { html, type Markup } from './markup.js';
import { script } from './script.js';
import { style } from './style.js';

export interface PagePart {
  readonly id: string;
  readonly title: string;
  /** In the list of parts, where the title is long. */
  readonly short?: string;
  readonly content: Markup;
}

export interface Page {
  readonly title: string;
  /** Below the title. */
  readonly about: string;
  /** The first has the answer. */
  readonly parts: readonly PagePart[];
}

export function pageOf({ title, about, parts }: Page): string {
  const [first] = parts;
  const body = html`<a class="skip" href="#${first?.id ?? ''}">To the ${(first?.title ?? '').toLowerCase()}</a>
<header><h1>${title}</h1><p class="small">${about}</p>
<nav aria-label="Parts of this page"><ul>${parts.map(
    ({ id, title: name, short = name }) => html`<li><a href="#${id}">${short}</a></li>`,
  )}</ul></nav></header>
<main>${parts.map(
    ({
      id,
      title: name,
      content,
    }) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${name}</h2>${content}</section>
`,
  )}</main>`;
  const scriptHash = createHash('sha256').update(script).digest('base64');
  const policy =
    `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'; ` +
    "base-uri 'none'; form-action 'none'";
  // Style and script are constants of this program; they contain no value of a bundle.
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    html`<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">',
    html`<title>${title}</title>`,
    `<style>${style}</style></head><body>`,
    body,
    `<script>${script}</script></body></html>`,
    '',
  ].join('\n');
}

/**
 * Markup by one tagged template: every value in it is escaped, but for markup that this module made itself. Names,
 * titles and sentences come from bundles, which may be anyone's.
 */
export class Markup {
  readonly #text: string;
  private constructor(text: string) {
    this.#text = text;
  }

  /** The only way to make one. */
  static readonly html = (parts: TemplateStringsArray, ...values: readonly Content[]): Markup =>
    new Markup(parts.map((part, i) => part + (i < values.length ? textOf(values[i] ?? '') : '')).join(''));

  toString(): string {
    return this.#text;
  }
}

export type Content = string | number | Markup | readonly (string | number | Markup)[];

/** Goes into elements and into attributes in double quotes; never into a script, a style or a URL. */
export const html = Markup.html;

export const nothing = html``;

function textOf(value: Content): string {
  if (value instanceof Markup) return value.toString();
  if (typeof value === 'object') return value.map(textOf).join('');
  return escapeText(String(value));
}

/** Also what HTML cannot hold, and what turns the direction of text around. */
function escapeText(text: string): string {
  return text
    .replace(
      /[^\t\n\r\u0020-\u007e\u00a0-\u2027\u2030-\u2065\u206a-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu,
      '\ufffd',
    )
    .replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A sentence in which names stand in backticks. */
export function prose(sentence: string): Markup {
  return html`${sentence.split('`').map((part, i) => (i % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}

/**
 * HTML from a tagged template: every value in it is escaped, except markup that this module made. Names, titles and
 * sentences come from bundles, which are not trusted.
 */
export class Markup {
  readonly #text: string;
  private constructor(text: string) {
    this.#text = text;
  }

  /** The only way to create markup. */
  static readonly html = (parts: TemplateStringsArray, ...values: readonly Content[]): Markup =>
    new Markup(parts.map((part, i) => part + (i < values.length ? textOf(values[i] ?? '') : '')).join(''));

  toString(): string {
    return this.#text;
  }
}

export type Content = string | number | Markup | readonly (string | number | Markup)[];

/** For elements, and for attributes in double quotes; never for a script, a style or a URL. */
export const html = Markup.html;

export const nothing = html``;

function textOf(value: Content): string {
  if (value instanceof Markup) return value.toString();
  if (typeof value === 'object') return value.map(textOf).join('');
  return escapeText(String(value));
}

/** Also replaces characters that HTML does not allow, and those that reverse the direction of text. */
function escapeText(text: string): string {
  return text
    .replace(
      /[^\t\n\r\u0020-\u007e\u00a0-\u2027\u2030-\u2065\u206a-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu,
      '\ufffd',
    )
    .replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A sentence with names in backticks. */
export function prose(sentence: string): Markup {
  return html`${sentence.split('`').map((part, i) => (i % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}

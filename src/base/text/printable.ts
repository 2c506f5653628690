/**
 * Makes foreign text safe to print. Names, sentences and paths may come from a bundle, a log, a guest or a file name.
 * They may contain escape sequences that a terminal obeys, line breaks, or characters that turn the direction of
 * writing, so that a reader sees another text than the real one. Everything that is printed passes one of these
 * functions.
 */

/**
 * C0, DEL and C1; the separators of lines and paragraphs; marks, embeddings, overrides and isolates of bidirectional
 * text.
 */
const unprintable = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const replacement = '\ufffd';

/** A single line: line breaks are replaced too, so that a name cannot start a new line. */
export function printableLine(text: string): string {
  return text.replace(unprintable, replacement);
}

/** Lines that pauselab made; line breaks and tabs stay. */
export function printableText(text: string): string {
  return text.replace(unprintable, (character) => (character === '\n' || character === '\t' ? character : replacement));
}

/** Every string of a document, each as a single line. */
export function printable<T>(document: T): T {
  return JSON.parse(JSON.stringify(document), (_key, value: unknown) =>
    typeof value === 'string' ? printableLine(value) : value,
  ) as T;
}

/** A part of a sentence: each run of such characters becomes a blank, and a long text is cut. */
export function oneLine(text: string, longest = 200): string {
  const line = text.replace(new RegExp(`${unprintable.source}+`, 'gu'), ' ');
  return line.length <= longest ? line : `${line.slice(0, longest)}…`;
}

/** A name in quotes. Unprintable characters are escaped, so that different names stay different. */
export function quoted(name: string, longest = 100): string {
  return printableJson(JSON.stringify(name.slice(0, longest)));
}

/** Equivalent JSON: safe to print, and it parses to the same value. Line breaks between its parts stay. */
export function printableJson(json: string): string {
  return json.replace(unprintable, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

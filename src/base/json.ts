/**
 * JSON of others. Nesting has a limit, since whatever walks a value afterwards does so recursively, and the stack is
 * finite.
 */

/** What pauselab itself writes is nested some 15 deep. */
const mostDepth = 100;

/** Throws an Error that says what is wrong with the text. */
export function parseJson(text: string): unknown {
  refuseDeep(text);
  return JSON.parse(text) as unknown;
}

const code = {
  quote: 0x22,
  backslash: 0x5c,
  openList: 0x5b,
  closeList: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const;

function refuseDeep(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === code.quote) at = endOfString(text, at);
    else if (character === code.openList || character === code.openObject) depth += 1;
    else if (character === code.closeList || character === code.closeObject) depth -= 1;
    if (depth > mostDepth) throw new Error(`it is nested more than ${mostDepth} deep at position ${at}`);
  }
}

/** Position of the closing quote; the text's end where there is none. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== code.quote) at += text.charCodeAt(at) === code.backslash ? 2 : 1;
  return at;
}

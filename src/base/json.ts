/**
 * Parses JSON from others. Nesting is limited, because code that walks the value afterwards recurses, and the stack is
 * finite.
 */

/** Pauselab's files are nested about 15 deep. */
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

/** Position of the closing quote, or the end of the text if there is none. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== code.quote) at += text.charCodeAt(at) === code.backslash ? 2 : 1;
  return at;
}

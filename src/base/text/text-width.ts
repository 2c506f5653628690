/**
 * Measures how many columns of a terminal a text takes, and cuts it to fit: East Asian characters and emoji take two
 * columns, combining marks none.
 */

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** East Asian Width W and F (Unicode Standard Annex 11), by blocks. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const zero = /^[\p{Mn}\p{Me}\p{Cf}]/u;

export function textWidth(text: string): number {
  return pieces(text).reduce((sum, { columns }) => sum + columns, 0);
}

/** The whole text, or as much as fits, followed by `…`. */
export function fitted(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let kept = '';
  let used = 1;
  for (const piece of pieces(text)) {
    used += piece.columns;
    if (used > columns) break;
    kept += piece.text;
  }
  return columns < 1 ? '' : `${kept}…`;
}

function pieces(text: string): { readonly text: string; readonly columns: number }[] {
  return [...graphemes.segment(text)].map(({ segment }) => ({
    text: segment,
    columns: zero.test(segment) ? 0 : wide.test(segment) ? 2 : 1,
  }));
}

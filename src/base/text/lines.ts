/**
 * Lines of what a program printed. Programs may print anything, and what looks at a line may need time that grows
 * faster than it.
 */

/** Longer than any line that means something here. */
export const longestLine = 4096;

/** A longer line is cut. A last line without an end is a line; an empty one is not. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map(shortLine);
}

export function shortLine(line: string): string {
  return line.length > longestLine ? line.slice(0, longestLine) : line;
}

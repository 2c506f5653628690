/**
 * Lines of a program's output. Programs may print anything, and patterns that are matched against a line may take more
 * than linear time.
 */

/** Longer than any line that matters here. */
export const longestLine = 4096;

/** Cuts longer lines. A last line without a line break counts, unless it is empty. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map(shortLine);
}

export function shortLine(line: string): string {
  return line.length > longestLine ? line.slice(0, longestLine) : line;
}

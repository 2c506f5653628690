/** The longest wait of some series. */
import type { SeriesRunFigures } from '../../bundle/bundle-schema.js';
import type { LongestWait } from '../../facts/verdict-facts.js';
import { evidenceOf, type Compared } from './outcome.js';

/** Null: there is no such series. */
export function longestOf(compared: readonly Compared[], of: (run: SeriesRunFigures) => number): LongestWait | null {
  if (compared.length === 0) return null;
  const longest_ns = Math.max(...compared.flatMap(({ series }) => evidenceOf(series).map(of)));
  return { longest_ns: longest_ns > 0 ? longest_ns : null };
}

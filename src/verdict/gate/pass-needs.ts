/** What a gate that is left open would have needed to pass. */
import { grouped } from '../../base/group.js';
import { shownMargin } from '../compare/compare-words.js';
import type { CompareRow } from '../compare/compared.js';
import { listed } from '../../words/text.js';

/** What would let the open comparisons pass: runs a side, or margins. Null: nothing is known to. */
export function passNeeds(rows: readonly CompareRow[]): string | null {
  const runs = rows.map(({ wouldDecide }) => (wouldDecide === null ? 0 : (wouldDecide.runs ?? Infinity)));
  const most = Math.max(0, ...runs);
  const margins = [...grouped(rows, ({ metric }) => metric).values()].flatMap((own) => marginNeeded(own) ?? []);
  const parts = [
    ...(most > 0 && most < Infinity ? [`about ${most} runs a side`] : []),
    ...(margins.length > 0 ? [`margins of at least ${listed(margins)}`] : []),
  ];
  return parts.length === 0 ? null : `To pass, runs like these need ${parts.join(', or ')}`;
}

/** Ten times the baseline: beyond that a share of it says less than a size. */
const mostRelative = 10;

/** The margin that holds what all of these leave open: a share of the baseline where there is one to take it of. */
function marginNeeded(rows: readonly CompareRow[]): string | null {
  const [first] = rows;
  if (first === undefined || rows.some(({ noWorse }) => (noWorse?.bound ?? null) === null)) return null;
  const relative = Math.max(...rows.map(({ noWorse }) => noWorse?.boundRelative ?? Infinity));
  const absolute = Math.max(...rows.map(({ noWorse }) => noWorse?.bound ?? 0));
  return `${relative <= mostRelative ? `${Math.ceil(100 * relative)} %` : shownMargin(first.unit, { relative: 0, absolute })} (${first.title})`;
}

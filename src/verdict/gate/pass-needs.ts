/** What a gate that is left open would have needed to pass: runs a side, or margins. */
import { grouped } from '../../base/group.js';
import type { PassNeeds } from '../../facts/gate-facts.js';
import type { CompareRow } from '../compare/compared.js';

/** Null: nothing is known to let them pass. */
export function passNeeds(rows: readonly CompareRow[]): PassNeeds | null {
  const runs = rows.map(({ wouldDecide }) => (wouldDecide === null ? 0 : (wouldDecide.runs ?? Infinity)));
  const most = Math.max(0, ...runs);
  const margins = [...grouped(rows, ({ metric }) => metric).values()].flatMap(
    (ofMetric) => marginNeeded(ofMetric) ?? [],
  );
  const runs_n = most > 0 && most < Infinity ? most : null;
  return runs_n === null && margins.length === 0 ? null : { runs_n, margins };
}

/** Ten times the baseline: beyond that a size is more useful than a share of it. */
const mostRelative = 10;

/** The margin that includes what all of these leave open: a share of the baseline, unless the baseline is too small. */
function marginNeeded(rows: readonly CompareRow[]): PassNeeds['margins'][number] | null {
  const [first] = rows;
  if (first === undefined || rows.some(({ noWorse }) => (noWorse?.bound ?? null) === null)) return null;
  const relative = Math.max(...rows.map(({ noWorse }) => noWorse?.boundRelative ?? Infinity));
  const absolute = Math.max(...rows.map(({ noWorse }) => noWorse?.bound ?? 0));
  const { metric, title, unit } = first;
  const margin =
    relative <= mostRelative ? { relative: Math.ceil(100 * relative) / 100, absolute: 0 } : { relative: 0, absolute };
  return { metric, title, unit, margin };
}

/** What a gate that is left open would have needed to pass: runs a side, or margins. */
import { grouped } from '../../base/group.js';
import type { PassNeeds } from '../../facts/gate-facts.js';
import { roundedUpMetric } from '../../words/metric-words.js';
import type { CompareRow } from '../compare/compared.js';

/**
 * Null: nothing is known to let them pass, or to decide. A metric that is beyond its margin may be so by chance: then
 * more runs would let it pass, but their number does not follow from these.
 */
export function passNeeds(rows: readonly Open[]): PassNeeds | null {
  const estimates = rows.flatMap(({ wouldDecide }) => wouldDecide ?? []);
  const worse = estimates.filter((estimate) => estimate.of === 'difference');
  const margins = [...grouped(rows, ({ metric }) => metric).values()].flatMap(
    (ofMetric) => marginNeeded(ofMetric) ?? [],
  );
  const most = Math.max(0, ...estimates.map(({ runs }) => runs ?? Infinity));
  const runs_n = worse.length === 0 && most > 0 && most < Infinity ? most : null;
  const showWorse = fewestToShow(rows);
  if (runs_n === null && showWorse === null && margins.length === 0) return null;
  return { runs_n, showWorse_n: showWorse?.runs ?? null, showWorse_p: showWorse?.p ?? null, margins };
}

type Open = Pick<CompareRow, 'metric' | 'title' | 'unit' | 'p' | 'wouldDecide' | 'noWorse'>;

/** A single metric that is shown to be worse makes the gate fail. */
function fewestToShow(rows: readonly Open[]): { readonly runs: number; readonly p: number | null } | null {
  const [first] = rows
    .flatMap(({ wouldDecide, p }) =>
      wouldDecide?.of === 'difference' && wouldDecide.runs !== null ? [{ runs: wouldDecide.runs, p }] : [],
    )
    .toSorted((x, y) => x.runs - y.runs);
  return first ?? null;
}

/** Ten times the baseline: beyond that a size is more useful than a share of it. */
const mostRelative = 10;

/** The margin that includes what all of these leave open: a share of the baseline, unless the baseline is too small. */
function marginNeeded(rows: readonly Open[]): PassNeeds['margins'][number] | null {
  const [first] = rows;
  if (first === undefined || rows.some(({ noWorse }) => (noWorse?.bound ?? null) === null)) return null;
  const relative = Math.max(...rows.map(({ noWorse }) => noWorse?.boundRelative ?? Infinity));
  const absolute = Math.max(...rows.map(({ noWorse }) => noWorse?.bound ?? 0));
  const { metric, title, unit } = first;
  // Rounded up as printed: a policy with the margin that is read there passes.
  const margin =
    relative <= mostRelative
      ? { relative: Math.ceil(100 * relative) / 100, absolute: 0 }
      : { relative: 0, absolute: roundedUpMetric(unit, absolute) };
  return { metric, title, unit, margin };
}

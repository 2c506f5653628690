/** What a comparison found of each candidate. */
import type { CompareConclusion, WorstRow } from '../../facts/compare-facts.js';
import { alpha } from '../../stats/quantile-bounds.js';
import type { CandidateJoint, ComparedSide, CompareRow } from './compared.js';
import type { Verdict } from './decide.js';

type ConcludedSide = Pick<ComparedSide, 'label' | 'degraded' | 'incomplete'>;

/** `rows` and `joint`: of this candidate. */
export function conclusionOf(
  reference: ConcludedSide,
  candidate: ConcludedSide,
  rows: readonly CompareRow[],
  joint: CandidateJoint | undefined,
): CompareConclusion {
  const of = (verdict: Verdict): CompareRow[] => rows.filter((row) => row.verdict === verdict);
  const [regressed, improved, open] = [of('regressed'), of('improved'), of('inconclusive')];
  const base = {
    candidate: candidate.label,
    reference: reference.label,
    valuePer: rows[0]?.valuePer ?? 'run',
    isDegraded: [reference, candidate].some(({ degraded }) => degraded.length > 0),
    notWhole: [reference, candidate].flatMap(({ label: side, incomplete }) =>
      incomplete === null ? [] : [{ side, incomplete }],
    ),
    metrics_n: rows.length,
    regressed_n: regressed.length,
    improved_n: improved.length,
    equivalent_n: of('equivalent').length,
    inconclusive_n: open.length,
  };
  const worst = worstOf(regressed.length > 0 ? regressed : improved.length > 0 ? improved : rows);
  if (worst === null) return { ...base, code: 'nothing-in-common' };
  if (regressed.length > 0) return { ...base, code: 'regressed', worst };
  if (improved.length > 0) return { ...base, code: 'improved', worst };
  if (joint?.finding === 'unnamed') {
    const beyond_n = rows.filter(({ score }) => (score ?? 0) > 0).length;
    return { ...base, code: 'differs-unnamed', p: joint.p, beyond_n, worst };
  }
  if (open.length === 0) return { ...base, code: 'equivalent' };
  if (open.every(({ p }) => p === null)) return { ...base, code: 'nothing-comparable' };
  if (joint?.finding === 'undecidable') {
    const most = (side: 'a' | 'b'): number => Math.max(...rows.map(({ runs }) => runs[side]));
    return { ...base, code: 'too-few-runs', runs: { a: most('a'), b: most('b') } };
  }
  // Values that are nearly all the same leave no division of the runs that is rare enough.
  const isUniform = open.every(({ resolution }) => resolution === null || resolution > alpha);
  return { ...base, code: isUniform ? 'too-uniform' : 'no-difference-found' };
}

/** Of the smallest p, and among equals of the largest ratio. Null: there is no row. */
function worstOf(rows: readonly CompareRow[]): WorstRow | null {
  const size = ({ mean }: CompareRow): number =>
    Math.abs(Math.log((mean.b ?? 0) + 1e-9) - Math.log((mean.a ?? 0) + 1e-9));
  const [row] = rows.toSorted((x, y) => (x.pAdjusted ?? 1) - (y.pAdjusted ?? 1) || size(y) - size(x));
  if (row === undefined) return null;
  const { arms, series, metric, title, unit, runs, mean, difference, pAdjusted } = row;
  return { arms, series, metric, title, unit, runs, mean, difference, pAdjusted };
}

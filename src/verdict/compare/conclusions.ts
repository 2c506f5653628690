/** What a comparison found of each candidate. */
import type { CompareConclusion, FigureDoubt, WorstRow } from '../../facts/compare-facts.js';
import { alpha } from '../../stats/quantile-bounds.js';
import { distinct, type Stated } from '../../facts/stated.js';
import type { CandidateJoint, ComparedSide, CompareRow } from './compared.js';
import type { Verdict } from './decide.js';

type ConcludedSide = Pick<ComparedSide, 'label' | 'degraded' | 'incomplete' | 'notWhole'>;

interface ConcludedRow {
  readonly row: CompareRow;
  /** Whether `joint` is about it. */
  readonly isJoint: boolean;
}

/** `all` and `joint`: of this candidate. */
export function conclusionOf(
  reference: ConcludedSide,
  candidate: ConcludedSide,
  all: readonly ConcludedRow[],
  joint: CandidateJoint | undefined,
): CompareConclusion {
  const rows = all.map(({ row }) => row);
  const of = (verdict: Verdict): CompareRow[] => rows.filter((row) => row.verdict === verdict);
  const [regressed, improved, open] = [of('regressed'), of('improved'), of('inconclusive')];
  const base = {
    candidate: candidate.label,
    reference: reference.label,
    valuePer: rows[0]?.valuePer ?? 'run',
    isDegraded: [reference, candidate].some(({ degraded }) => degraded.length > 0),
    notWhole: [reference, candidate].flatMap(
      ({ label: side, incomplete, notWhole }) => notWhole ?? (incomplete === null ? [] : [{ side, incomplete }]),
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
    const tested = all.flatMap(({ row, isJoint }) => (isJoint ? [row] : []));
    const beyond_n = tested.filter(({ score }) => (score ?? 0) > 0).length;
    return { ...base, code: 'differs-unnamed', p: joint.p, beyond_n, worst: worstOf(tested) ?? worst };
  }
  if (open.length === 0) return { ...base, code: 'equivalent' };
  const doubts = open.flatMap((row) => doubtOf(row) ?? []);
  if (doubts.length === 0 && open.every(({ p }) => p === null)) return { ...base, code: 'nothing-comparable' };
  const most = (side: 'a' | 'b'): number => Math.max(...rows.map(({ runs }) => runs[side]));
  const runs = { a: most('a'), b: most('b') };
  if (isUndecidable(open, joint)) return { ...base, code: 'too-few-runs', runs };
  if (doubts.length > 0)
    return { ...base, code: 'may-be-too-good', runs, doubted_n: doubts.length, doubts: distinct(doubts) };
  // Values that are nearly all the same leave no division of the runs that is rare enough.
  const isUniform = open.every(({ resolution }) => resolution === null || resolution > alpha);
  return { ...base, code: isUniform ? 'too-uniform' : 'no-difference-found' };
}

/** A joint test without any figure cannot decide either, however many runs there are. */
function isUndecidable(open: readonly CompareRow[], joint: CandidateJoint | undefined): boolean {
  if (joint?.finding !== 'undecidable') return false;
  return joint.divisions > 0 || open.some(({ reason }) => reason === 'too-few-runs');
}

function doubtOf({ refusal, caveat }: CompareRow): Stated<FigureDoubt> | null {
  const doubt = refusal ?? caveat;
  return doubt?.code === 'side-flawed' || doubt?.code === 'stalls-longer' ? doubt : null;
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

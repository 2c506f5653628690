/**
 * All comparisons of a gate as one test: what its runs can decide, told before they are judged, and what they show
 * together.
 */
import { leastRounds, leastRoundsBeside } from '../../stats/joint/reachable.js';
import { equalsP, shownP } from '../compare/compare-words.js';
import { smallestReachable, type JointResult } from '../compare/joint.js';
import type { Figure } from '../compare/joint-design.js';
import type { CompareRow } from '../compare/compared.js';
import { leastRunsForEquivalence } from '../compare/decide.js';
import { counted } from '../../words/text.js';
import type { Together } from './gated.js';
import type { Policy } from './policy.js';

/**
 * Why no outcome of these runs could fail the gate, so that it would say nothing; null: one could. A value is not
 * looked at.
 */
export function undecidable(figures: readonly Figure[], alpha: number): string | null {
  const { p, families } = smallestReachable(figures, alpha, 'one');
  if (figures.length === 0 || p <= alpha) return null;
  const most = (side: 'a' | 'b'): number => Math.max(...figures.map((figure) => figure[side].length));
  const runs = leastRounds(alpha / families, 'apart', 'one');
  const remedy =
    runs === null
      ? `raise alpha, or judge fewer candidates of one baseline at a time`
      : `make at least ${runs} a side (--runs ${runs}), or raise alpha`;
  return `no outcome of ${most('a')} and ${most('b')} runs could show a regression at alpha = ${Number((100 * alpha).toPrecision(3))} %: the smallest p that they can give is ${shownP(p)}; ${remedy}`;
}

/**
 * Runs of the candidate with which a gate of this policy can both fail and pass; beside baselines of so many runs, if
 * they are there already.
 */
export function runsToDecide(
  { alpha, minimumRuns }: Pick<Policy, 'alpha' | 'minimumRuns'>,
  ofBaselines: readonly number[] = [],
): number {
  const beside = ofBaselines
    .filter((runs) => runs >= minimumRuns)
    .map((runs) => leastRoundsBeside(alpha, runs, 'one') ?? 0);
  return Math.max(
    minimumRuns,
    leastRunsForEquivalence,
    ...(beside.length > 0 ? beside : [leastRounds(alpha, 'apart', 'one') ?? 0]),
  );
}

/** What is said of all comparisons together. */
export function togetherOf(joint: JointResult, rows: readonly CompareRow[]): Together {
  return { ...joint, sentence: sentenceOf(joint, rows) };
}

function sentenceOf({ finding, p, pSum, pLargest }: JointResult, rows: readonly CompareRow[]): string {
  const beyond = rows.filter(({ score }) => (score ?? 0) > 0).length;
  const figures = counted(rows.length, 'figure');
  switch (finding) {
    case 'named':
      return `${rows.filter(({ verdict }) => verdict === 'regressed').length} of ${figures} are worse, beyond chance and beyond their margins (${equalsP(p)})`;
    case 'unnamed':
      return `worse, but no single figure can be named: of ${figures} ${beyond} are beyond their margins, which chance alone does in ${shownP(p)} of gates; ${pSum < pLargest ? 'the change is spread over many of them' : 'the furthest of them is just not certain by itself'}`;
    case 'nothing':
      return `no regression beyond the margins was found in ${figures} (${equalsP(p)})`;
    case 'undecidable':
      return 'these runs could not show a regression, whatever their values';
  }
}

/** All comparisons of a gate as one test: what its runs can decide, and what they show together. */
import type { Undecidable } from '../../facts/gate-facts.js';
import { leastRounds, leastRoundsBeside } from '../../stats/joint/reachable.js';
import { smallestReachable, type JointResult } from '../compare/joint.js';
import type { Figure } from '../compare/joint-design.js';
import type { CompareRow } from '../compare/compared.js';
import { leastRunsForEquivalence } from '../compare/decide.js';
import { togetherText } from '../../words/gate-words.js';
import type { Together } from './gated.js';
import type { Policy } from './policy.js';

/**
 * Whether no outcome of these runs could fail the gate, so that a pass would mean nothing. Values do not matter here.
 */
export function undecidable(figures: readonly Figure[], alpha: number): Undecidable | null {
  const { p, families } = smallestReachable(figures, alpha, 'one');
  if (figures.length === 0 || p <= alpha) return null;
  const most = (side: 'a' | 'b'): number => Math.max(...figures.map((figure) => figure[side].length));
  return {
    code: 'undecidable',
    runs: { a: most('a'), b: most('b') },
    alpha,
    smallestP: p,
    leastRuns_n: leastRounds(alpha / families, 'apart', 'one'),
  };
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

export function togetherOf(joint: JointResult, rows: readonly CompareRow[]): Together {
  const fact = {
    ...joint,
    figures_n: rows.length,
    regressed_n: rows.filter(({ verdict }) => verdict === 'regressed').length,
    beyond_n: rows.filter(({ score }) => (score ?? 0) > 0).length,
  };
  return { ...fact, sentence: togetherText(fact) };
}

/** All figures of a comparison or a gate, judged by one test: its result for each figure and for all together. */
import { holm } from '../../stats/holm.js';
import { jointTest, type JointFigure, type Sidedness } from '../../stats/joint/joint-test.js';
import type { Random } from '../../stats/prng.js';
import { familiesOf, smallestPOf, type Figure } from './joint-design.js';

/**
 *   named         something differs, and at least one figure is certain to
 *   unnamed       something differs, and no single figure is certain to: the change is spread thinly
 *   nothing       these runs show no difference beyond the margins
 *   undecidable   no outcome of these runs could have shown a difference
 */
export const jointFindings = ['named', 'unnamed', 'nothing', 'undecidable'] as const;
export type JointFinding = (typeof jointFindings)[number];

export interface JointResult {
  readonly finding: JointFinding;
  /**
   * The probability that chance alone shows as much in any figure, where several candidates are judged adjusted for
   * them (Holm).
   */
  readonly p: number;
  /**
   * Of the figure that is the furthest beyond its margin, and of the sum of all: `p` comes from the smaller of both.
   */
  readonly pLargest: number;
  readonly pSum: number;
  /** The smallest p that any outcome of these runs could have had. */
  readonly smallestP: number;
  /** `one`: is b worse? `two`: does it differ? */
  readonly sidedness: Sidedness;
  /** Ways to divide the rounds that were looked at; of all that exist, if exact. */
  readonly divisions: number;
  readonly exact: boolean;
}

export interface JudgedFigure extends JointFigure {
  /** Named: beyond chance in all figures together, and by itself. */
  readonly named: boolean;
}

/**
 * The smallest p that any outcome of these runs could have, from their number alone, and the number of tests that judge
 * them.
 */
export function smallestReachable(
  figures: readonly Figure[],
  alpha: number,
  sidedness: Sidedness,
): { readonly p: number; readonly families: number } {
  const families = familiesOf(figures, alpha, sidedness);
  return { p: smallestPOf(families, sidedness), families: families.length };
}

export interface JointJudgement {
  /** In the order of the figures given. */
  readonly figures: readonly JudgedFigure[];
  /** Of a selection of them. */
  resultOf(selected: readonly number[]): JointResult;
}

/** At most `alpha` is the probability that anything is found, or named, if nothing differs; over all families. */
export function judgeJointly(
  figures: readonly Figure[],
  alpha: number,
  sidedness: Sidedness,
  random: Random,
): JointJudgement {
  const families = familiesOf(figures, alpha, sidedness);
  const tests = families.map(({ blocks, members }) => ({ members, test: jointTest(blocks, sidedness, random) }));
  const ps = holm(tests.map(({ test }) => test.p));
  const judged: JudgedFigure[] = [];
  tests.forEach(({ members, test }, family) => {
    members.forEach((place, i) => {
      const own = test.figures[i];
      if (own === undefined) return;
      // Figures of a family are not a step of Holm's: a family may be found for one figure's sake, and name another
      // wrongly.
      const pAdjusted = Math.min(1, own.pAdjusted * tests.length);
      judged[place] = { ...own, pAdjusted, named: own.score > 0 && pAdjusted <= alpha && (ps[family] ?? 1) <= alpha };
    });
  });
  const least = smallestPOf(families, sidedness);
  return {
    figures: judged,
    resultOf: (selected) => {
      const own = tests
        .map(({ members, test }, family) => ({ members, test, p: ps[family] ?? 1 }))
        .filter(({ members }) => members.some((place) => selected.includes(place)));
      const [first] = own.toSorted((x, y) => x.p - y.p);
      const p = first?.p ?? 1;
      const named = selected.some((place) => judged[place]?.named === true);
      return {
        finding:
          first === undefined || least > alpha ? 'undecidable' : p > alpha ? 'nothing' : named ? 'named' : 'unnamed',
        p,
        pLargest: first?.test.pLargest ?? 1,
        pSum: first?.test.pSum ?? 1,
        smallestP: least,
        sidedness,
        divisions: first?.test.divisions ?? 0,
        exact: own.every(({ test }) => test.exact),
      };
    },
  };
}

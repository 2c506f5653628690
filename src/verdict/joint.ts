/** All figures of a comparison or a gate, judged by one test; what each figure has of it, and what it says of all. */
import { jointTest, type JointFigure, type Sidedness } from '../stats/joint/joint-test.js';
import type { Random } from '../stats/prng.js';
import { familiesOf, smallestPOf, type Figure } from './joint-design.js';

/**
 *   named         something differs, and at least one figure is certain to
 *   unnamed       something differs, and no single figure is certain to: the change is spread thinly
 *   nothing       these runs show no difference beyond the margins
 *   undecidable   no outcome of these runs could have shown one
 */
export const jointFindings = ['named', 'unnamed', 'nothing', 'undecidable'] as const;
export type JointFinding = (typeof jointFindings)[number];

export interface JointResult {
  readonly finding: JointFinding;
  /** The probability that chance alone shows as much in any figure. */
  readonly p: number;
  /** Of the figure that is the furthest beyond its margin, and of the sum of all: `p` comes from the smaller of both. */
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

/** Of a figure: by its place among those given, and for all families. */
export type JudgedFigure = JointFigure;

/** The smallest p that any outcome of these runs could have, told from their number alone, and by how many tests they are judged. */
export function smallestReachable(figures: readonly Figure[], alpha: number, sidedness: Sidedness): { readonly p: number; readonly families: number } {
  const families = familiesOf(figures, alpha, sidedness);
  return { p: smallestPOf(families, sidedness), families: families.length };
}

export interface Judged {
  readonly figures: readonly JudgedFigure[];
  /** Of any selection of the figures. A figure counts as named where its adjusted p is at most `alpha`. */
  resultOf(selected: readonly number[]): JointResult;
}

export function judgeJointly(figures: readonly Figure[], alpha: number, sidedness: Sidedness, random: Random): Judged {
  const families = familiesOf(figures, alpha, sidedness);
  const all = families.length;
  const times = (p: number): number => Math.min(1, p * all);
  const tests = families.map(({ blocks, members }) => ({ members, test: jointTest(blocks, sidedness, random) }));
  const judged: JudgedFigure[] = [];
  for (const { members, test } of tests) {
    members.forEach((place, i) => {
      const own = test.figures[i];
      if (own !== undefined) judged[place] = { ...own, pAdjusted: times(own.pAdjusted) };
    });
  }
  const least = smallestPOf(families, sidedness);
  return {
    figures: judged,
    resultOf: (selected) => {
      const own = tests.filter(({ members }) => members.some((place) => selected.includes(place))).map(({ test }) => test);
      const [first] = own.toSorted((x, y) => x.p - y.p);
      const p = times(first?.p ?? 1);
      const named = selected.some((place) => (judged[place]?.pAdjusted ?? 1) <= alpha);
      return {
        finding: first === undefined || least > alpha ? 'undecidable' : p > alpha ? 'nothing' : named ? 'named' : 'unnamed',
        p,
        pLargest: times(first?.pLargest ?? 1),
        pSum: times(first?.pSum ?? 1),
        smallestP: least,
        sidedness,
        divisions: first?.divisions ?? 0,
        exact: own.every(({ exact }) => exact),
      };
    },
  };
}

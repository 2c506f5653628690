/**
 * Which rounds are divided together in a joint test (stats/joint): from where each figure was measured to blocks.
 *
 *   family  figures that one test can judge. A reference that has two candidates cannot be divided among three sides at
 *   once,
 *           so each candidate has a family of its own, and their p-values are multiplied by the number of families
 *   block   figures of a family whose arms have rounds in common. Arms that were measured apart (bundles that were
 *   merged,
 *           other profiles) are other blocks; those with the same number of rounds share their divisions
 *
 * Sides of one experiment were measured in turns, so their rounds stay pairs: what drifts from round to round is in
 * both. Too few pairs show nothing however much differs (4 have 16 divisions). Then the runs are divided as if they had
 * been measured apart, which disregards that a round's runs are alike and so finds less, but not more.
 */
import { smallestP } from '../../stats/joint/reachable.js';
import type { JointBlock, Sidedness } from '../../stats/joint/joint-test.js';
import type { RoundValues } from '../../stats/joint/scores.js';
import type { Shape } from '../../stats/joint/divisions.js';

/** Where the values of one side were measured. */
export interface Origin {
  /** Values of one experiment share its rounds. */
  readonly experiment: string;
  readonly arm: string;
  /** The round of each value. */
  readonly rounds: readonly number[];
}

/** A figure of both sides, a value for each run. */
export interface Figure extends Pick<RoundValues, 'margin'> {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly origin: { readonly a: Origin; readonly b: Origin };
}

export interface Family {
  readonly blocks: readonly JointBlock[];
  /** Of each figure of the blocks, in their order, its place among the figures given. */
  readonly members: readonly number[];
}

export function familiesOf(figures: readonly Figure[], alpha: number, sidedness: Sidedness): Family[] {
  return familyMembers(figures).map((members) => {
    const blocks = blockMembers(figures, members);
    return {
      blocks: blocks.map((block) =>
        blockOf(
          block.map((i) => figures[i]).filter((figure) => figure !== undefined),
          alpha,
          sidedness,
        ),
      ),
      members: blocks.flat(),
    };
  });
}

/** The smallest p that any outcome of these rounds has, over all families; 1 without a figure. */
export function smallestPOf(families: readonly Family[], sidedness: Sidedness): number {
  const each = families.map(({ blocks }) => smallestP(distinct(blocks.map(({ shape }) => shape)), sidedness));
  return Math.min(1, ...each.map((p) => p * families.length));
}

function distinct(shapes: readonly Shape[]): Shape[] {
  return [...new Map(shapes.map((shape) => [JSON.stringify(shape), shape])).values()];
}

/** Within a family each experiment, and each of its arms, has one partner, and stands on one side. */
function familyMembers(figures: readonly Figure[]): number[][] {
  const families: { readonly members: number[]; readonly partners: Map<string, string> }[] = [];
  figures.forEach(({ origin: { a, b } }, i) => {
    const pairs = [
      [`experiment a ${a.experiment}`, b.experiment],
      [`experiment b ${b.experiment}`, a.experiment],
      [armOf(a), `b ${armOf(b)}`],
      [armOf(b), `a ${armOf(a)}`],
    ] as const;
    // Compared with itself an arm has only itself for a partner.
    const fitting = armOf(a) === armOf(b) ? pairs.slice(0, 3) : pairs;
    let family = families.find(({ partners }) =>
      fitting.every(([one, other]) => (partners.get(one) ?? other) === other),
    );
    if (family === undefined) families.push((family = { members: [], partners: new Map() }));
    for (const [one, other] of fitting) family.partners.set(one, other);
    family.members.push(i);
  });
  return families.map(({ members }) => members);
}

function armOf({ experiment, arm }: Origin): string {
  return JSON.stringify([experiment, arm]);
}

/** Figures that have a round of either side in common, by way of others too. */
function blockMembers(figures: readonly Figure[], members: readonly number[]): number[][] {
  let blocks: { members: number[]; rounds: Set<string> }[] = [];
  for (const i of members) {
    const figure = figures[i];
    if (figure === undefined) continue;
    const rounds = new Set(
      (['a', 'b'] as const).flatMap((side) =>
        figure.origin[side].rounds.map((round) => JSON.stringify([side, figure.origin[side].experiment, round])),
      ),
    );
    const touched = blocks.filter((block) => [...rounds].some((round) => block.rounds.has(round)));
    const merged = {
      members: [...touched.flatMap((block) => block.members), i].sort((x, y) => x - y),
      rounds: new Set([...touched.flatMap((block) => [...block.rounds]), ...rounds]),
    };
    blocks = [...blocks.filter((block) => !touched.includes(block)), merged];
  }
  return blocks.map((block) => block.members);
}

function blockOf(figures: readonly Figure[], alpha: number, sidedness: Sidedness): JointBlock {
  return inTurns(figures, alpha, sidedness) ?? apart(figures);
}

function inTurns(figures: readonly Figure[], alpha: number, sidedness: Sidedness): JointBlock | null {
  if (figures.some(({ origin }) => origin.a.experiment !== origin.b.experiment)) return null;
  const pairs = figures.map((figure) => ({ margin: figure.margin, a: byRound(figure, 'a'), b: byRound(figure, 'b') }));
  const rounds = [...new Set(pairs.flatMap(({ a, b }) => [...a.keys()].filter((round) => b.has(round))))].sort();
  const shape: Shape = { kind: 'in turns', rounds: rounds.length };
  const [paired, divided] = [smallestP([shape], sidedness), smallestP([apart(figures).shape], sidedness)];
  if (paired > alpha && divided <= alpha) return null;
  return {
    shape,
    figures: pairs.map(({ a, b, margin }) => ({
      margin,
      a: rounds.map((round) => a.get(round) ?? null),
      b: rounds.map((round) => b.get(round) ?? null),
    })),
  };
}

/** Whether the k-th values of both sides share a round, and are divided as pairs. */
export function isPaired(figure: Figure, alpha: number, sidedness: Sidedness): boolean {
  const { a, b } = figure.origin;
  return (
    a.experiment === b.experiment &&
    a.rounds.length === b.rounds.length &&
    a.rounds.every((round, i) => round === b.rounds[i]) &&
    new Set(a.rounds).size === a.rounds.length &&
    inTurns([figure], alpha, sidedness) !== null
  );
}

function apart(figures: readonly Figure[]): JointBlock {
  const own = figures.map((figure) => ({ margin: figure.margin, a: byRound(figure, 'a'), b: byRound(figure, 'b') }));
  const [inA, inB] = (['a', 'b'] as const).map((side) =>
    [...new Set(own.flatMap((figure) => [...figure[side].keys()]))].sort(),
  );
  const rounds = { a: inA ?? [], b: inB ?? [] };
  return {
    shape: { kind: 'apart', a: rounds.a.length, b: rounds.b.length },
    figures: own.map(({ a, b, margin }) => ({
      margin,
      a: rounds.a.map((round) => a.get(round) ?? null),
      b: rounds.b.map((round) => b.get(round) ?? null),
    })),
  };
}

/** A round that a side has twice is two rounds. */
function byRound(figure: Figure, side: 'a' | 'b'): Map<string, number> {
  const seen = new Map<number, number>();
  return new Map(
    figure[side].map((value, i) => {
      const round = figure.origin[side].rounds[i] ?? i;
      const times = seen.get(round) ?? 0;
      seen.set(round, times + 1);
      return [`${String(round).padStart(9, '0')} ${times}`, value];
    }),
  );
}

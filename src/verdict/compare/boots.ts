/**
 * Bundles of several boots of one machine, which had booted two built kernels in turns. A boot may differ from the next
 * by itself (memory, interrupts, placement of the kernel), so the unit is the boot: its value is the mean over its runs.
 * Two boots that follow each other make a pair, as runs of a round do (joint-design.ts). If all boots of a kernel came
 * before all of the other, whatever else changed with time would explain a difference as well.
 */
import { ExitCode, Failure, usage } from '../../base/failure.js';
import { grouped } from '../../base/group.js';
import type { BuildDifference, CompareNote, FactsDiffer } from '../../facts/compare-facts.js';
import type { BetweenBuilds } from '../../facts/verdict-facts.js';
import { builtRelation } from '../../kernel/image/built-relation.js';
import { mean } from '../../stats/sample.js';
import { factsText, settingsText } from '../../words/side-words.js';
import { counted } from '../../words/text.js';
import type { BootOfSide } from '../evidence/boot-of.js';
import type { Metric } from '../evidence/metrics.js';
import { withUnseenStates } from '../evidence/unseen-states.js';
import type { RoundRun, SeriesEvidence, Side } from '../evidence/side.js';
import {
  described,
  draftOf,
  matchSeries,
  notesOfSide,
  valuesOf,
  type CompareOptions,
  type SeriesPair,
} from './compare.js';
import type { Comparison } from './compared.js';
import { differingSettings } from './differences.js';
import { differingFacts } from './differing-facts.js';
import type { Origin } from './joint-design.js';
import { comparisonOf, type RowDraft } from './rows.js';

export type BootSide = Side & { readonly boot: BootOfSide };

/** A boot with its bundles. */
export interface Boot {
  readonly id: string;
  readonly kernel: BootOfSide;
  readonly sides: readonly BootSide[];
}

export function areBoots(sides: readonly Side[]): sides is readonly BootSide[] {
  return sides.every(({ boot }) => boot !== null && boot !== undefined) && kernelsIn(sides as BootSide[]).length > 1;
}

function kernelsIn(sides: readonly BootSide[]): string[] {
  return [...new Set(sides.map(({ boot }) => boot.buildId))];
}

/** The kernel of the first side is the reference. */
export function compareBoots(sides: readonly BootSide[], options: CompareOptions): Comparison {
  const ids = kernelsIn(sides);
  const [ofA, ofB] = ids;
  if (ids.length !== 2 || ofA === undefined || ofB === undefined)
    throw usage(
      `expected bundles of boots of two kernels, got ${ids.length} kernels (${labelsOf(sides).join(', ')}); ` +
        'compare two of them at a time',
    );
  refuseOtherMachines(sides);
  for (const id of ids) refuseUnlike(sides.filter(({ boot }) => boot.buildId === id));
  const boots = bootsInOrder(sides);
  const { pairs, leftOut_n } = pairsOf(boots, ofA);
  const [a, b] = [pooledSide(pairs, 0, sides, ofA), pooledSide(pairs, 1, sides, ofB)];
  const { pairs: series, notes } = matchSeries(a, b, options.arms);
  const drafts = series.flatMap((pair) =>
    options.metrics.flatMap((metric) => draftOfBoots(a, b, pair, metric, options) ?? []),
  );
  if (drafts.length === 0) throw new Failure(ExitCode.inconclusive, 'the boots have no series in common');
  const between = betweenBoots(a.boot, b.boot);
  return comparisonOf(
    { reference: described(a), candidates: [described(b)] },
    drafts,
    [
      {
        code: 'boots',
        sides: { a: countOf(boots, a), b: countOf(boots, b) },
        pairs_n: pairs.length,
        order: boots.map(({ kernel }) => kernel.label),
        leftOut_n,
      },
      ...(between === null ? [otherBuilds(a.boot, b.boot)] : []),
      ...differencesBeside(a, b),
      ...notes,
      ...sides.flatMap(notesOfSide),
    ],
    options.policy,
    between ?? undefined,
  );
}

function labelsOf(sides: readonly BootSide[]): string[] {
  return [...new Set(sides.map(({ boot }) => boot.label))];
}

function countOf(boots: readonly Boot[], { boot: { label, release, buildId } }: BootSide) {
  return { label, release, boots_n: boots.filter(({ kernel }) => kernel.buildId === buildId).length };
}

/** Several bundles may be of one boot. */
function bootsInOrder(sides: readonly BootSide[]): Boot[] {
  const unknown = sides.find(({ boot }) => boot.bootId === null);
  if (unknown !== undefined)
    throw usage(
      `${unknown.path} does not have the id of its boot, so it is not known which bundles are of one boot; ` +
        'run it again where /proc/sys/kernel/random/boot_id can be read',
    );
  const boots = [...grouped(sides, ({ boot }) => boot.bootId ?? '')].flatMap(([id, own]): Boot[] => {
    const ordered = own.toSorted(byStart);
    const [first] = ordered;
    if (first === undefined) return [];
    const other = ordered.find(({ boot }) => boot.buildId !== first.boot.buildId);
    if (other !== undefined)
      throw usage(
        `${first.path} and ${other.path} are of one boot and of two kernels, which cannot be: one of them was changed`,
      );
    return [{ id, kernel: first.boot, sides: ordered }];
  });
  return boots.toSorted((x, y) => startOf(x).localeCompare(startOf(y)));
}

function startOf({ sides: [first] }: Boot): string {
  return first?.startedAt ?? '';
}

function byStart(x: Side, y: Side): number {
  return (x.startedAt ?? '').localeCompare(y.startedAt ?? '');
}

/** `reference`: the build id of the kernel that comes first in a pair, whichever was booted first. */
export function pairsOf(
  boots: readonly Boot[],
  reference: string,
): { readonly pairs: readonly (readonly [Boot, Boot])[]; readonly leftOut_n: number } {
  const isOfA = ({ kernel }: Boot): boolean => kernel.buildId === reference;
  const changes_n = boots.filter((boot, i) => {
    const before = boots[i - 1];
    return before !== undefined && isOfA(before) !== isOfA(boot);
  }).length;
  if (changes_n < 2) {
    const [first, last] = [boots.at(0)?.kernel.label ?? '', boots.at(-1)?.kernel.label ?? ''];
    const n = (label: string): string => counted(boots.filter(({ kernel }) => kernel.label === label).length, 'boot');
    throw new Failure(
      ExitCode.inconclusive,
      `inconclusive: all boots of ${first} (${n(first)}) came before all of ${last} (${n(last)}), so that time explains ` +
        `a difference as well as the kernel; boot them in turns (${first}, ${last}, ${first}, ${last}, …) and compare all`,
    );
  }
  const pairs: (readonly [Boot, Boot])[] = [];
  for (let i = 0; i + 1 < boots.length; i += 1) {
    const [one, next] = [boots[i], boots[i + 1]];
    if (one === undefined || next === undefined || isOfA(one) === isOfA(next)) continue;
    pairs.push(isOfA(one) ? [one, next] : [next, one]);
    i += 1;
  }
  return { pairs, leftOut_n: boots.length - 2 * pairs.length };
}

/** All runs of the boots of a kernel; the round of a run is the pair of its boot. */
function pooledSide(
  pairs: readonly (readonly [Boot, Boot])[],
  place: 0 | 1,
  sides: readonly BootSide[],
  buildId: string,
): BootSide {
  const [first] = sides.filter(({ boot }) => boot.buildId === buildId).toSorted(byStart);
  if (first === undefined) throw new Error('a kernel without a boot');
  const evidence = new Map<string, SeriesEvidence & { runs: RoundRun[] }>();
  pairs.forEach((pair, round) => {
    for (const one of pair[place].sides.flatMap((side) => side.evidence)) {
      const key = JSON.stringify([one.arm, one.scope, one.series]);
      const entry = evidence.get(key) ?? { ...one, runs: [] };
      evidence.set(key, entry);
      entry.runs.push(...one.runs.map((run) => ({ ...run, round })));
    }
  });
  const own = pairs.flatMap((pair) => pair[place].sides);
  const notWhole = own.flatMap(({ path: side, incomplete }) => (incomplete === null ? [] : [{ side, incomplete }]));
  return {
    ...first,
    label: first.boot.label,
    path: own.map(({ path }) => path).join(', '),
    arms: [...new Set(own.flatMap(({ arms }) => arms))],
    evidence: [...evidence.values()],
    degraded: own.flatMap(({ degraded }) => degraded),
    incomplete: notWhole[0]?.incomplete ?? null,
    notWhole,
    measured_ns: summed(own.map(({ measured_ns }) => measured_ns)),
  };
}

function summed(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [arm, time_ns] of all.flatMap((one) => Object.entries(one))) sums.set(arm, (sums.get(arm) ?? 0) + time_ns);
  return Object.fromEntries(sums);
}

/** A value of each boot, in place of those of its runs. */
function draftOfBoots(
  a: BootSide,
  b: BootSide,
  pair: SeriesPair,
  metric: Metric,
  { margins }: CompareOptions,
): RowDraft | null {
  const draft = draftOf(a, b, pair, metric, { margins });
  if (draft === null) return null;
  const values = { a: valuesOfBoots(pair.a.runs, draft.metric), b: valuesOfBoots(pair.b.runs, draft.metric) };
  const withUnseen = (runs: readonly RoundRun[]): number[] =>
    valuesOfBoots(
      runs.map((run) => ({ ...run, ...withUnseenStates(run) })),
      draft.metric,
    ).map(({ value }) => value);
  return {
    ...draft,
    valuePer: 'boot',
    input: {
      ...draft.input,
      a: values.a.map(({ value }) => value),
      b: values.b.map(({ value }) => value),
      origin: { a: originOf(a, pair.a.arm, values.a), b: originOf(b, pair.b.arm, values.b) },
    },
    withUnseen: { a: withUnseen(pair.a.runs), b: withUnseen(pair.b.runs) },
  };
}

interface BootValue {
  readonly round: number;
  readonly value: number;
}

function valuesOfBoots(runs: readonly RoundRun[], metric: Metric): BootValue[] {
  return [...grouped(runs, ({ round }) => round)].flatMap(([round, own]) => {
    const { known } = valuesOf(metric, own);
    return known.length === 0 ? [] : [{ round, value: mean(known) }];
  });
}

/** One experiment, in which the kernels took turns. */
function originOf({ boot }: BootSide, arm: string, values: readonly BootValue[]): Origin {
  return { experiment: 'boots', arm: JSON.stringify([boot.buildId, arm]), rounds: values.map(({ round }) => round) };
}

function refuseOtherMachines([first, ...others]: readonly BootSide[]): void {
  for (const other of others) {
    if (first === undefined) return;
    const facts = differingFacts(first.facts, other.facts).filter((fact) => fact.class === 'machine');
    if (facts.length > 0)
      throw usage(
        `${first.path} and ${other.path} are not of one machine: ${factsText(facts, { a: first.path, b: other.path })}; ` +
          'boots are compared on one machine only',
      );
  }
}

/** Boots of one kernel have to repeat each other. */
function refuseUnlike([first, ...others]: readonly BootSide[]): void {
  for (const other of others) {
    if (first === undefined) return;
    const facts = differingFacts(first.facts, other.facts);
    const settings = differingSettings(first, other);
    if (facts.length === 0 && settings.length === 0) continue;
    const how = facts.length > 0 ? factsText(facts, { a: first.path, b: other.path }) : settingsText(settings);
    throw usage(
      `${first.path} and ${other.path} are boots of ${first.boot.label} and do not repeat each other: ${how}; ` +
        'leave one of them out',
    );
  }
}

/** What differs beside the kernel, which was to be compared. */
function differencesBeside(a: BootSide, b: BootSide): CompareNote[] {
  const meant: readonly FactsDiffer['facts'][number]['fact'][] = ['label', 'kernel', 'image'];
  const facts = differingFacts(a.facts, b.facts).filter(({ fact }) => !meant.includes(fact));
  const settings = differingSettings(a, b);
  return [
    ...(facts.length === 0 ? [] : [{ code: 'facts-differ', a: a.label, b: b.label, facts } as const]),
    ...(settings.length === 0
      ? []
      : [{ code: 'profile-differs', a: a.label, b: b.label, profile: a.facts.profile, settings } as const]),
  ];
}

/** Null: they do not differ in changes of the sources alone. */
function betweenBoots(a: BootOfSide, b: BootOfSide): BetweenBuilds | null {
  const relation = builtRelation(a.build, b.build, null);
  if (relation === null) return null;
  const { source, onlyFirst, onlyThis } = relation.built;
  return {
    code: 'between-builds',
    source,
    sameCompiler: relation.sameCompiler,
    changes: [
      { kernel: a.label, names: onlyFirst },
      { kernel: b.label, names: onlyThis },
    ],
  };
}

function otherBuilds({ label, build }: BootOfSide, other: BootOfSide): CompareNote {
  const differ: BuildDifference[] = [
    ...(build.source.sha256 === other.build.source.sha256 ? [] : ['sources' as const]),
    ...(build.options === other.build.options ? [] : ['options' as const]),
  ];
  return { code: 'boots-of-other-builds', a: label, b: other.label, differ: differ.length === 0 ? ['none'] : differ };
}

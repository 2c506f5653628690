/**
 * Two or more sides, the first of them the reference: every metric of every series of every pair of arms, decided
 * together (decide.ts).
 */
import { ExitCode, Failure, usage } from '../../base/failure.js';
import { didYouMean } from '../../base/text/near-miss.js';
import { isSamePlace } from '../../bundle/place-names.js';
import type { CompareNote, NoteOfSide, Refusal } from '../../facts/compare-facts.js';
import type { MissingFigure } from '../../facts/metric-facts.js';
import { sentencesOf } from '../../facts/stated.js';
import { statedCompareNote } from '../../words/compare-words.js';
import type { ComparedSide, Comparison } from './compared.js';
import type { DecisionPolicy, Margin } from './decide.js';
import { differencesOf } from './differences.js';
import type { Origin } from './joint-design.js';
import { comparisonOf, type RowDraft } from './rows.js';
import { stalledShares } from './stalled-shares.js';
import { flawsOf, seenIn } from '../evidence/flaws.js';
import { withUnseenStates } from '../evidence/unseen-states.js';
import type { Known, Metric, MetricEvidence } from '../evidence/metrics.js';
import { countedInAll } from '../evidence/metrics/metric.js';
import type { SeriesEvidence, Side } from '../evidence/side.js';

export interface ArmPair {
  readonly a: string;
  readonly b: string;
}

/** Replaces the default margin of a metric; `metric` null: of every metric. */
export interface MarginOverride {
  readonly metric: string | null;
  readonly relative: number | null;
  readonly absolute: number | null;
}

export interface CompareOptions {
  readonly metrics: readonly Metric[];
  readonly margins: readonly MarginOverride[];
  /** Empty: arms of the same name. */
  readonly arms: readonly ArmPair[];
  readonly policy: DecisionPolicy;
}

/** Throws if the sides have nothing in common. */
export function compareSides(sides: readonly Side[], options: CompareOptions): Comparison {
  const [reference, ...candidates] = distinctLabels(sides);
  if (reference === undefined || candidates.length === 0)
    throw usage('a comparison needs two bundles or more: pauselab compare A B');
  if (sides.some(({ kind }) => kind !== reference.kind))
    throw usage(
      'a bundle and a histogram log have no series in common; compare bundles with bundles and logs with logs (the logs in a bundle are in runs/*/histograms.hlog)',
    );
  const notes: CompareNote[] = [];
  const drafts = candidates.flatMap((candidate) => {
    const matched = matchSeries(reference, candidate, options.arms);
    notes.push(...matched.notes);
    return matched.pairs.flatMap((pair) =>
      options.metrics.flatMap(
        (metric) => draftOf(reference, candidate, pair, metric, { margins: options.margins }) ?? [],
      ),
    );
  });
  if (drafts.length === 0)
    throw new Failure(
      ExitCode.inconclusive,
      `nothing could be compared: ${sentencesOf(notes.map(statedCompareNote)).join(' ') || 'the sides have no series in common.'}`,
    );

  return comparisonOf(
    { reference: described(reference), candidates: candidates.map(described) },
    drafts,
    [
      ...candidates.flatMap((candidate) => differencesOf(reference, candidate)),
      ...notes,
      ...[reference, ...candidates].flatMap(notesOfSide),
      ...(reference.kind === 'log' ? [{ code: 'log-is-one-run' } as const] : []),
    ],
    options.policy,
  );
}

export function notesOfSide({ label, notes }: Pick<Side, 'label' | 'notes'>): NoteOfSide[] {
  return notes.map((note) => ({ ...note, side: label }));
}

/** A series of an arm, of both sides. */
export interface SeriesPair {
  readonly arms: ArmPair;
  readonly a: SeriesEvidence;
  readonly b: SeriesEvidence;
}

export function matchSeries(
  reference: Side,
  candidate: Side,
  asked: readonly ArmPair[],
): { pairs: SeriesPair[]; notes: CompareNote[] } {
  const notes: CompareNote[] = [];
  const armsOf = ({ label, facts, arms }: Side) => ({ label, profile: facts.profile, arms });
  const sides = { a: armsOf(reference), b: armsOf(candidate) };
  if (asked.length === 0 && reference.facts.profile !== candidate.facts.profile)
    return { pairs: [], notes: [{ code: 'other-profiles', ...sides }] };
  for (const { a, b } of asked) {
    for (const [side, arm] of [
      [reference, a],
      [candidate, b],
    ] as const) {
      if (!side.arms.includes(arm))
        throw usage(
          `--arm ${a}=${b}: ${side.label} has no run of an arm ${arm}${didYouMean(arm, side.arms)}; it has ${side.arms.join(', ')}`,
        );
    }
  }
  const arms =
    asked.length > 0
      ? asked
      : reference.arms.flatMap((a) =>
          candidate.arms.filter((b) => isSameArm(reference, a, candidate, b)).map((b) => ({ a, b })),
        );
  if (arms.length === 0) notes.push({ code: 'no-common-arm', ...sides });
  if (asked.length === 0) {
    for (const [side, other] of [
      [reference, candidate],
      [candidate, reference],
    ] as const) {
      const alone = side.arms.filter((arm) => !other.arms.some((one) => isSameArm(side, arm, other, one)));
      if (alone.length > 0 && arms.length > 0) notes.push({ code: 'arms-on-one-side', label: side.label, arms: alone });
    }
  }
  const pairs = arms.flatMap((pair) => {
    const of = (side: Side, arm: string): Map<string, SeriesEvidence> =>
      new Map(side.evidence.filter((one) => one.arm === arm).map((one) => [one.series, one]));
    const [own, other] = [of(reference, pair.a), of(candidate, pair.b)];
    const alone = [...own.keys()]
      .filter((name) => !other.has(name))
      .concat([...other.keys()].filter((name) => !own.has(name)));
    if (alone.length > 0)
      notes.push({
        code: 'series-on-one-side',
        a: reference.label,
        b: candidate.label,
        arm: pair.a,
        series: alone,
      });
    return [...own].flatMap(([name, a]) => {
      const b = other.get(name);
      return b === undefined ? [] : [{ arms: pair, a, b }];
    });
  });
  return { pairs, notes };
}

/** An arm of a bundle with several places belongs to a place, which may have another name in the other bundle. */
function isSameArm(reference: Side, a: string, candidate: Side, b: string): boolean {
  const [own, other] = [reference.placed.get(a), candidate.placed.get(b)];
  return own === undefined || other === undefined
    ? a === b
    : own.name === other.name && isSamePlace(own.place, other.place);
}

export interface DraftOptions {
  readonly margins: readonly MarginOverride[];
  /** Whether saturation is no flaw; by default only where both sides are saturated. */
  readonly allowSaturated?: boolean;
}

export type SeriesDraft = RowDraft & {
  readonly metric: Metric;
  readonly flaws: NonNullable<RowDraft['flaws']>;
  readonly withUnseen: NonNullable<RowDraft['withUnseen']>;
};

/**
 * Null where neither side can have the metric at all: a log has no states, a victim without a schedule no response
 * time.
 */
export function draftOf(
  reference: Side,
  candidate: Side,
  pair: SeriesPair,
  asked: Metric,
  { margins, allowSaturated }: DraftOptions,
): SeriesDraft | null {
  if (asked.scope !== pair.a.scope) return null;
  // Only like figures compare, and a stored baseline cannot be counted again.
  const metric = countedInAll(asked, [...pair.a.runs, ...pair.b.runs]);
  const [a, b] = [valuesOf(metric, pair.a.runs), valuesOf(metric, pair.b.runs)];
  const runs = [...pair.a.runs, ...pair.b.runs];
  if (runs.length > 0 && runs.every((run) => hasNot(metric, run))) return null;
  const threshold_ns = runs[0]?.threshold_ns ?? 0;
  const windows = runs.map(({ window_ns }) => window_ns);
  return {
    candidate: candidate.label,
    arms: pair.arms,
    series: metric.subject ?? pair.a.series,
    metric,
    valuePer: 'run',
    window_ns: { shortest: windows.length === 0 ? 0 : Math.min(...windows), longest: Math.max(0, ...windows) },
    input: {
      // A tag or an arm may hold any character; JSON keeps the parts apart.
      key: JSON.stringify([candidate.label, pair.arms.a, pair.arms.b, pair.a.series, metric.name]),
      a: a.known,
      b: b.known,
      origin: { a: originOf(reference, pair.a), b: originOf(candidate, pair.b) },
      margin: marginOf(metric, threshold_ns, margins),
      refusal: refusalOf(metric, pair, a, b),
    },
    flaws: flawsOf(metric, pair.a.series, { a: seenIn(pair.a.runs), b: seenIn(pair.b.runs) }, allowSaturated),
    withUnseen: {
      a: valuesOf(metric, pair.a.runs.map(withUnseenStates)).known,
      b: valuesOf(metric, pair.b.runs.map(withUnseenStates)).known,
    },
    ...stalledShares(metric, pair),
  };
}

/**
 * A bundle is one experiment: its kernels and arms were measured in turns, as are both sides of a bundle. An arm on
 * another kernel, or of another side, is another arm.
 */
function originOf({ path, facts, turns }: Side, { arm, runs }: SeriesEvidence): Origin {
  return {
    experiment: turns?.id ?? path,
    arm: JSON.stringify([turns?.side ?? null, facts.label, facts.kernel, arm]),
    rounds: runs.map(({ round }) => round),
  };
}

export function hasNot(metric: Metric, run: MetricEvidence): boolean {
  return metric.of(run).absent;
}

interface Values {
  readonly known: readonly number[];
  readonly missing: readonly MissingFigure[];
}

export function valuesOf(metric: Metric, runs: readonly MetricEvidence[]): Values {
  const all: readonly Known[] = runs.map((run) => metric.of(run));
  return { known: all.flatMap(({ value }) => value ?? []), missing: all.flatMap(({ missing }) => missing ?? []) };
}

/** A run without the figure cannot be left out: it is seldom a good run. */
function refusalOf(metric: Metric, { a, b }: SeriesPair, valuesA: Values, valuesB: Values): Refusal | null {
  const missing = [...valuesA.missing, ...valuesB.missing];
  const [first] = missing;
  if (first !== undefined)
    return {
      code: 'figure-missing',
      missing: first,
      runs_n: missing.length,
      of_n: a.runs.length + b.runs.length,
    };
  const all = [...a.runs, ...b.runs];
  if (metric.ofStalls && new Set(all.map(({ threshold_ns }) => threshold_ns)).size > 1)
    return { code: 'other-thresholds' };
  const windows = all.map(({ window_ns }) => window_ns);
  // The clock ends a window within a millisecond or so of where it should.
  if (metric.growsWithWindow && Math.max(...windows) > 1.05 * Math.min(...windows)) return { code: 'other-windows' };
  return null;
}

export function marginOf(
  metric: Pick<Metric, 'name' | 'margin'>,
  threshold_ns: number,
  overrides: readonly MarginOverride[],
): Margin {
  const own = overrides.filter(({ metric: name }) => name === null || name === metric.name);
  return own.reduce<Margin>(
    // A margin in the metric's unit replaces the whole margin, as does a margin in percent.
    (margin, { relative, absolute }) => ({
      relative: relative ?? (absolute === null ? margin.relative : 0),
      absolute: absolute ?? (relative === null ? margin.absolute : 0),
    }),
    metric.margin(threshold_ns),
  );
}

export function described({
  label,
  path,
  kind,
  facts,
  degraded,
  incomplete,
  notWhole,
  startedAt,
  measured_ns,
}: Side): ComparedSide {
  return {
    label,
    path,
    kind,
    facts,
    degraded,
    incomplete,
    ...(notWhole === undefined ? {} : { notWhole }),
    startedAt,
    measured_ns,
  };
}

/** Folders may have the same name, and a bundle may be compared with itself, arm by arm. */
export function distinctLabels<One extends Pick<Side, 'label' | 'path'>>(sides: readonly One[]): readonly One[] {
  const isTwice = (label: string): boolean => sides.filter((side) => side.label === label).length > 1;
  const seen = new Map<string, number>();
  return sides.map((side) => {
    const label = isTwice(side.label) ? side.path : side.label;
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    return { ...side, label: count === 1 ? label : `${label} (${count})` };
  });
}

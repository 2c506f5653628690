/**
 * What a comparison found: codes with figures. src/words/compare-words.ts makes the sentences. `a` is the reference,
 * `b` the candidate.
 */
import type { FlawFact } from './flaw-facts.js';
import type { BetweenBuilds } from './verdict-facts.js';
import type { Effect, MarginFact, MetricUnit, MissingFigure } from './metric-facts.js';
import type { DifferingFact, DifferingSetting, NotWhole, SideNote } from './side-facts.js';

/**
 * What a value of a comparison is of: a run of an experiment, a slice of time of an observation, or a boot of a machine,
 * whose value is the mean over its runs.
 */
export const valuePers = ['run', 'slice', 'boot'] as const;
export type ValuePer = (typeof valuePers)[number];

export interface Pair<T> {
  readonly a: T;
  readonly b: T;
}

/** Why nothing may be concluded, whatever the values. */
export type Refusal =
  | {
      readonly code: 'figure-missing';
      readonly missing: MissingFigure;
      /** Runs without the figure. */
      readonly runs_n: number;
      readonly of_n: number;
    }
  | { readonly code: 'other-thresholds' | 'other-windows' }
  /** Of stalls of an observation it is not known whether giving memory back is the reason. */
  | {
      readonly code: 'gives-back-unknown';
      readonly side: string;
      readonly open_n: number;
      readonly open_ns: number;
      /** Of which it is known. */
      readonly known_ns: number;
    }
  /** The list of stalls of an observation lacks some, or could not be read. */
  | { readonly code: 'stalls-missing'; readonly side: string }
  /** Observations that were made in another way, by the names of the tiers. */
  | (Pair<string> & { readonly code: 'other-tiers' })
  /** JVMs of `side` alone were attached to (--jvm). */
  | { readonly code: 'other-attached'; readonly side: string }
  /** Of an observation. `needed_ns`: the shortest that has enough slices. */
  | { readonly code: 'too-short'; readonly watched_ns: number; readonly needed_ns: number }
  /** Neighbouring pieces of time are alike, however long the slices are. */
  | {
      readonly code: 'neighbours-alike';
      readonly piece_ns: number;
      readonly autocorrelation: number;
      readonly p: number;
    }
  | { readonly code: 'baseline-flawed'; readonly flaw: FlawFact }
  | FigureDoubt;

/** Why the difference is not known to be what it looks like. */
export type FigureDoubt =
  /** The figure of `side` may be too good. */
  | { readonly code: 'side-flawed'; readonly side: string; readonly flaw: FlawFact }
  /** `side` has fewer stalls, and is stalled for more of the time. */
  | { readonly code: 'stalls-longer'; readonly side: string; readonly stalled_share: Pair<number> };

/** What has to be known of a row that is no refusal. */
export type Caveat =
  | FigureDoubt
  /** Stalls of `side` in a state that was not seen are counted in the figure, which is at most this. */
  | { readonly code: 'states-counted'; readonly side: string; readonly flaw: FlawFact };

export const decisionReasons = [
  'difference',
  'inside-margin',
  'refused',
  'too-few-runs',
  'not-significant',
  'many-metrics',
  'mean-unclear',
  'about-margin',
] as const;
/** Why a metric has its verdict. */
export type DecisionReason = (typeof decisionReasons)[number];

export interface ShareFact {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** What the sentence of a row is made from; compared.ts has the whole row. */
export interface RowFact {
  readonly arms: Pair<string>;
  readonly series: string;
  readonly title: string;
  readonly unit: MetricUnit;
  readonly valuePer: ValuePer;
  readonly margin: MarginFact;
  readonly values: Pair<readonly number[]>;
  readonly window_ns: { readonly shortest: number; readonly longest: number };
  readonly runs: Pair<number>;
  readonly mean: Pair<number | null>;
  readonly difference: Effect | null;
  readonly p: number | null;
  readonly pAdjusted: number | null;
  readonly resolution: number | null;
  readonly noWorse: {
    readonly bound: number | null;
    readonly boundRelative: number | null;
    readonly setAside: 0 | 1;
  } | null;
  readonly affected: Pair<ShareFact> | null;
  readonly reason: DecisionReason;
  readonly refusal: Refusal | null;
  readonly caveat: Caveat | null;
  readonly wouldDecide: { readonly runs: number | null; readonly of: 'difference' | 'equivalence' } | null;
}

/** The row that differs most certainly, and of several the one with the largest difference. */
export type WorstRow = Pick<
  RowFact,
  'arms' | 'series' | 'title' | 'unit' | 'runs' | 'mean' | 'difference' | 'pAdjusted'
> & {
  readonly metric: string;
};

/** What was found of one candidate. */
export type CompareConclusion = {
  readonly candidate: string;
  readonly reference: string;
  readonly valuePer: ValuePer;
  /** The set-up of a side was not as asked for. */
  readonly isDegraded: boolean;
  /** Sides whose experiment is not whole. */
  readonly notWhole: readonly NotWhole[];
  readonly metrics_n: number;
  readonly regressed_n: number;
  readonly improved_n: number;
  readonly equivalent_n: number;
  readonly inconclusive_n: number;
  /** Of boots of two kernels that were built from one tree: what lies between them. */
  readonly between?: BetweenBuilds;
} & (
  | { readonly code: 'nothing-in-common' | 'nothing-comparable' | 'equivalent' | 'no-difference-found' }
  | { readonly code: 'regressed' | 'improved'; readonly worst: WorstRow }
  /** No single metric is certain to differ. `beyond_n`: metrics beyond their margins. */
  | { readonly code: 'differs-unnamed'; readonly p: number; readonly beyond_n: number; readonly worst: WorstRow }
  /** No outcome of so few runs could have shown a difference. `runs`: the most of a metric. */
  | { readonly code: 'too-few-runs'; readonly runs: Pair<number> }
  /** No difference is certain, and `doubted_n` metrics could not be called what they look like. */
  | {
      readonly code: 'may-be-too-good';
      readonly runs: Pair<number>;
      readonly doubted_n: number;
      readonly doubts: readonly FigureDoubt[];
    }
  /** In each metric too few runs differ from the others. */
  | { readonly code: 'too-uniform' }
);

export const buildDifferences = ['sources', 'options', 'none'] as const;
export type BuildDifference = (typeof buildDifferences)[number];

interface SideArms {
  readonly label: string;
  readonly profile: string | null;
  readonly arms: readonly string[];
}

/** A note on a side names it. */
export type NoteOfSide = SideNote & { readonly side: string };

export type FactsDiffer = Pair<string> & { readonly code: 'facts-differ'; readonly facts: readonly DifferingFact[] };

export type CompareNote =
  | NoteOfSide
  | FactsDiffer
  /** Empty settings: they differ only in how the profile is written. */
  | (Pair<string> & {
      readonly code: 'profile-differs';
      readonly profile: string | null;
      readonly settings: readonly DifferingSetting[];
    })
  | (Pair<SideArms> & { readonly code: 'other-profiles' | 'no-common-arm' })
  | { readonly code: 'arms-on-one-side'; readonly label: string; readonly arms: readonly string[] }
  | (Pair<string> & {
      readonly code: 'series-on-one-side';
      /** Empty of a log. */
      readonly arm: string;
      readonly series: readonly string[];
    })
  | { readonly code: 'log-is-one-run' }
  /** How boots were paired. `order`: the labels of the boots in the order of time. */
  | {
      readonly code: 'boots';
      readonly sides: Pair<{ readonly label: string; readonly release: string; readonly boots_n: number }>;
      readonly pairs_n: number;
      readonly order: readonly string[];
      readonly leftOut_n: number;
    }
  /** The kernels of the boots differ in more than changes of the sources; `none`: in nothing but their labels. */
  | (Pair<string> & { readonly code: 'boots-of-other-builds'; readonly differ: readonly BuildDifference[] })
  /** How observations were divided. `unused_ns`: at the end of each. `autocorrelation`: of pieces of `piece_ns`. */
  | {
      readonly code: 'slices';
      readonly slice_ns: number;
      readonly sides: readonly { readonly label: string; readonly slices_n: number; readonly unused_ns: number }[];
      readonly piece_ns: number;
      readonly autocorrelation: number;
      readonly p: number;
    }
  /** Observed processes with other names, or far more or fewer threads. */
  | (Pair<string> & {
      readonly code: 'targets-differ';
      readonly names: Pair<readonly string[]>;
      readonly threads_n: Pair<number>;
    })
  /** Of observed JVMs: `collector`, and flags of memory. */
  | (Pair<string> & { readonly code: 'jvms-differ'; readonly settings: readonly DifferingSetting[] });

/**
 * What a gate found: codes with figures. src/words/gate-words.ts makes the sentences. `baseline` and `candidate` are
 * labels of sides.
 */
import type { FactsDiffer, NoteOfSide, Refusal } from './compare-facts.js';
import type { FlawFact } from './flaw-facts.js';
import type { MarginFact, MetricUnit, MissingFigure } from './metric-facts.js';
import type { RefusedArm } from './refused-arm-facts.js';
import type { DifferingFact, DifferingSetting, IncompleteSide, LeftOut } from './side-facts.js';

export type Role = 'baseline' | 'candidate';

interface OfPair {
  readonly baseline: string;
  readonly candidate: string;
}

/** What prevents a whole suite from being judged. */
export type EvidenceProblem =
  | {
      readonly code: 'side-not-whole';
      readonly role: Role;
      readonly side: string;
      readonly incomplete: IncompleteSide;
    }
  /** `degradations`: their codes (run-facts.ts); `why`: their sentences. */
  | {
      readonly code: 'side-degraded';
      readonly role: Role;
      readonly side: string;
      readonly degradations: readonly string[];
      readonly why: readonly string[];
    }
  | {
      readonly code: 'side-without-run';
      readonly role: Role;
      readonly side: string;
      readonly leftOut: readonly LeftOut[];
    }
  | (OfPair & {
      readonly code: 'other-profile';
      readonly baselineProfile: string | null;
      readonly candidateProfile: string | null;
    })
  | (OfPair & {
      readonly code: 'settings-differ';
      readonly profile: string | null;
      readonly settings: readonly DifferingSetting[];
    })
  | (OfPair & { readonly code: 'environments-differ'; readonly facts: readonly DifferingFact[] })
  | {
      readonly code: 'no-baseline-of-profile';
      readonly profile: string | null;
      readonly offered: readonly { readonly name: string; readonly profile: string | null }[];
    }
  | {
      readonly code: 'no-baseline-of-environment';
      readonly profile: string | null;
      readonly candidate: string;
      readonly offered: readonly { readonly name: string; readonly facts: readonly DifferingFact[] }[];
    }
  | { readonly code: 'several-baselines'; readonly candidate: string; readonly names: readonly string[] }
  | (OfPair & { readonly code: 'baseline-is-candidate' })
  | Undecidable;

/** No outcome of so many runs could fail the gate. `leastRuns_n`: a side; null: no number is known. */
export interface Undecidable {
  readonly code: 'undecidable';
  readonly runs: { readonly a: number; readonly b: number };
  readonly alpha: number;
  readonly smallestP: number;
  readonly leastRuns_n: number | null;
}

/** Why a check has its outcome. */
export type CheckReason =
  | EvidenceProblem
  | { readonly code: 'no-baseline' }
  /** An arm that a rule selects. */
  | { readonly code: 'arm-not-run'; readonly role: Role; readonly refused: RefusedArm }
  | {
      readonly code: 'too-few-runs';
      readonly role: Role;
      readonly runs_n: number;
      readonly minimumRuns_n: number;
      readonly leftOut: readonly LeftOut[];
    }
  | { readonly code: 'limit-unknown'; readonly missing: MissingFigure }
  | { readonly code: 'evidence-flawed'; readonly role: Role; readonly flaw: FlawFact }
  | { readonly code: 'not-comparable'; readonly refusal: Refusal }
  | {
      readonly code: 'limit-exceeded' | 'limit-kept';
      readonly unit: MetricUnit;
      /** The highest run, or the lowest where less is worse. */
      readonly worst: { readonly is: 'highest' | 'lowest'; readonly value: number };
      readonly runs_n: number;
      readonly violations_n: number;
      /** How large the share of such runs may still be. */
      readonly atMost_share: number;
    }
  /** The check's `comparison` has the figures. */
  | { readonly code: 'regressed' | 'no-worse' | 'undecided' };

/** A note of a suite. */
export type GateNote =
  | NoteOfSide
  | FactsDiffer
  /** Both sides were measured in turns; what differs is the change. */
  | (OfPair & {
      readonly code: 'measured-in-turns';
      readonly facts: readonly DifferingFact[];
      readonly settings: readonly DifferingSetting[];
    })
  | { readonly code: 'allowed-settings'; readonly settings: readonly DifferingSetting[] }
  | (OfPair & { readonly code: 'baseline-old'; readonly days_n: number })
  | (OfPair & {
      readonly code: 'regions-differ';
      readonly regions: readonly {
        readonly of: string;
        readonly baselineBytes: number;
        readonly candidateBytes: number;
      }[];
    })
  | {
      readonly code: 'machine-noise';
      /** Series that take no lock. */
      readonly series: readonly string[];
      readonly sides: readonly { readonly side: string; readonly stalled_n: number; readonly runs_n: number }[];
    }
  | { readonly code: 'controls-worse'; readonly candidate: string; readonly p: number };

/** All comparisons as one test. */
export interface TogetherFact {
  readonly finding: 'named' | 'unnamed' | 'nothing' | 'undecidable';
  readonly p: number;
  readonly pLargest: number;
  readonly pSum: number;
  readonly figures_n: number;
  readonly regressed_n: number;
  /** Figures beyond their margins. */
  readonly beyond_n: number;
}

/** What would let open comparisons pass. */
export interface PassNeeds {
  /** Null: no number is known to, or a comparison is beyond its margin, by chance or not. */
  readonly runs_n: number | null;
  /**
   * Runs a side that would show that it is worse, if it is as much worse as these runs show; null: no comparison looks
   * so, or no number is known.
   */
  readonly showWorse_n: number | null;
  /** The probability that chance alone shows as much in that comparison; null: not known. */
  readonly showWorse_p: number | null;
  /** Relative where a share of the baseline is a useful margin, otherwise absolute. */
  readonly margins: readonly {
    readonly metric: string;
    readonly title: string;
    readonly unit: MetricUnit;
    readonly margin: MarginFact;
  }[];
}

export const gateCodes = [
  'checks-failed',
  'worse-together',
  'inconclusive-fails',
  'no-evidence',
  'inconclusive',
  'pass',
] as const;

/** The gate's result; its exit code follows from the code. */
export interface GateConclusion {
  readonly code: (typeof gateCodes)[number];
  /** Checks that judge a metric; the others are about the evidence. */
  readonly judged_n: number;
  readonly fail_n: number;
  readonly error_n: number;
  readonly inconclusive_n: number;
  readonly profiles_n: number;
  readonly suites_n: number;
  /** The first check that decided it; null for `pass` and `worse-together`. */
  readonly first: {
    readonly profile: string;
    readonly arm: string | null;
    readonly series: string | null;
    readonly metric: string | null;
    readonly reason: string;
  } | null;
  /** Null unless `inconclusive`. */
  readonly passNeeds: PassNeeds | null;
}

/**
 * What a comparison is: the document that `pauselab compare --json` writes. Units are in the names; null is "not
 * known", never zero.
 */
import type { Decision, Margin } from './decide.js';
import type { JointResult } from './joint.js';
import type { Caveat, CompareConclusion, CompareNote, Refusal, ValuePer } from '../../facts/compare-facts.js';
import type { MetricUnit } from '../../facts/metric-facts.js';
import type { IncompleteSide, NotWhole } from '../../facts/side-facts.js';
import type { ExpectedRootFact } from '../../facts/repetition-facts.js';
import type { Stated } from '../../facts/stated.js';
import type { Side, SideFacts } from '../evidence/side.js';

export interface CompareRow extends Omit<Decision, 'refusal'> {
  readonly refusal: Stated<Refusal> | null;
  readonly caveat: Stated<Caveat> | null;
  readonly candidate: string;
  readonly arms: { readonly a: string; readonly b: string };
  readonly series: string;
  readonly metric: string;
  readonly title: string;
  readonly unit: MetricUnit;
  readonly valuePer: ValuePer;
  readonly margin: Margin;
  /** A value for each run or slice. */
  readonly values: { readonly a: readonly number[]; readonly b: readonly number[] };
  /** The shortest and longest window of the runs, both sides. */
  readonly window_ns: { readonly shortest: number; readonly longest: number };
  readonly sentence: string;
}

export interface ComparedSide {
  readonly label: string;
  readonly path: string;
  readonly kind: Side['kind'];
  readonly facts: SideFacts;
  readonly degraded: readonly Stated[];
  /** Why the experiment is not whole; null: it is, or the side is no bundle. */
  readonly incomplete: IncompleteSide | null;
  /** Of a side of several bundles: each that is not whole, by its path. */
  readonly notWhole?: readonly NotWhole[] | undefined;
  readonly startedAt: string | null;
  readonly measured_ns: Side['measured_ns'];
}

export interface CandidateJoint extends JointResult {
  readonly candidate: string;
}

export interface Comparison {
  readonly schemaVersion: 2;
  /** The answer in plain words: the sentences of the conclusions. */
  readonly verdict: string;
  /** A conclusion for each candidate. */
  readonly conclusions: readonly Stated<CompareConclusion>[];
  readonly alpha: number;
  readonly reference: ComparedSide;
  readonly candidates: readonly ComparedSide[];
  /** All metrics of a candidate as one test. */
  readonly joint: readonly CandidateJoint[];
  readonly rows: readonly CompareRow[];
  readonly notes: readonly Stated<CompareNote>[];
}

/** Of a bundle whose profile repeats an observation: each root with whether it came back. */
export interface ExpectedOfSide {
  readonly path: string;
  readonly roots: readonly Stated<ExpectedRootFact>[];
}

/** With what is said of each bundle alone. */
export interface ShownComparison extends Comparison {
  readonly expected: readonly ExpectedOfSide[];
}

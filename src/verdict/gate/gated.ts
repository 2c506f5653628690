/** What a gate found: the document that `pauselab gate --json` writes, and what the other forms are made of. */
import type { ExitCode } from '../../base/failure.js';
import type { CheckReason, GateConclusion, GateNote, TogetherFact } from '../../facts/gate-facts.js';
import type { Stated } from '../../facts/stated.js';
import type { ComparedSide, CompareRow } from '../compare/compared.js';
import type { JointResult } from '../compare/joint.js';
import type { Operator } from '../evidence/limit.js';
import type { Policy } from './policy.js';

/** `error`: the evidence is missing or flawed; it passes under no policy. */
export const checkOutcomes = ['fail', 'error', 'inconclusive', 'pass'] as const;
export type CheckOutcome = (typeof checkOutcomes)[number];

export interface LimitRow {
  readonly operator: Operator;
  /** In the metric's unit. */
  readonly value: number;
  /** A value for each run of the candidate. */
  readonly values: readonly number[];
  /** Runs beyond the limit. */
  readonly violations: number;
  /** How large the share of such runs may still be, at 95 %. */
  readonly violations_share_high: number | null;
}

export interface Check {
  readonly kind: 'evidence' | 'limit' | 'comparison';
  readonly outcome: CheckOutcome;
  /** Null for the evidence of a whole suite. */
  readonly rule: string | null;
  readonly arm: string | null;
  readonly series: string | null;
  readonly metric: string | null;
  /** What must hold: `longest stall <= 50.0 ms`. */
  readonly expected: string;
  /** Why it has this outcome; the sentence has no full stop. */
  readonly reason: Stated<CheckReason>;
  readonly comparison: CompareRow | null;
  readonly limit: LimitRow | null;
}

/** A profile on a kernel: a candidate and its baseline. */
export interface Suite {
  readonly profile: string;
  readonly candidate: ComparedSide;
  /** Null where no rule compares. */
  readonly baseline: ComparedSide | null;
  readonly checks: readonly Check[];
  readonly notes: readonly Stated<GateNote>[];
}

/** All comparisons of the gate as one test; `finding` is its code. */
export interface Together extends JointResult, TogetherFact {
  readonly finding: JointResult['finding'];
  /** Without a full stop. */
  readonly sentence: string;
}

export interface GateResult {
  readonly schemaVersion: 2;
  /** The conclusion in plain words. */
  readonly verdict: string;
  readonly conclusion: GateConclusion;
  /** As the conclusion's code; an inconclusive check counts as the policy wants it. */
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  readonly exitCode: typeof ExitCode.ok | typeof ExitCode.regression | typeof ExitCode.inconclusive;
  readonly policy: Pick<
    Policy,
    'source' | 'alpha' | 'minimumRuns' | 'inconclusive' | 'allowDifferent' | 'allowSettings'
  >;
  readonly counts: Readonly<Record<CheckOutcome, number>>;
  /** Null where nothing was compared. */
  readonly together: Together | null;
  readonly suites: readonly Suite[];
}

/** What became of a condition of `--fail-if`: codes with figures. src/words/condition-words.ts makes the sentence. */
import type { FlawFact } from './flaw-facts.js';
import type { MetricUnit, MissingFigure } from './metric-facts.js';

export type ConditionOutcome = 'met' | 'not met' | 'unknown';

/** The figure of an arm, in the unit of the metric. */
export type FigureOfArm =
  | KnownFigure
  /** It may be too low, and a higher figure may have another outcome. */
  | { readonly code: 'flawed'; readonly flaw: FlawFact; readonly figure: KnownFigure }
  | { readonly code: 'not-measured' }
  | { readonly code: 'missing'; readonly missing: MissingFigure }
  | { readonly code: 'missing-in-runs'; readonly runs_n: number; readonly of_n: number }
  | { readonly code: 'too-few-runs'; readonly values: readonly number[]; readonly neededRuns_n: number }
  | { readonly code: 'unbounded'; readonly runs_n: number };

export type KnownFigure =
  /** Of `runs_n` runs together. */
  | { readonly code: 'value'; readonly value: number; readonly runs_n: number }
  /** Of the typical run, at 95 %. `at-least` and `at-most`: on one side of the value that it is compared with. */
  | {
      readonly code: 'between-bounds' | 'at-least' | 'at-most';
      readonly low: number;
      readonly high: number;
      readonly median: number;
      readonly runs_n: number;
    };

export type ArmFact = FigureOfArm & { readonly arm: string; readonly outcome: ConditionOutcome };

export interface ConditionFact {
  readonly code: 'met' | 'not-met' | 'figure-unknown' | 'no-figure' | 'not-complete' | 'set-up-degraded';
  /** As it was written. */
  readonly condition: string;
  readonly outcome: ConditionOutcome;
  /** With its series. */
  readonly metric: string;
  readonly unit: MetricUnit;
  readonly isPercentile: boolean;
  /** Empty if no arm can have the figure. */
  readonly arms: readonly ArmFact[];
}

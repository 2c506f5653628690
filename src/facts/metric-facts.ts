/** Units of metrics, and why a run lacks a figure. src/words/metric-words.ts makes the words. */

/** `time` is in nanoseconds, `share` a fraction (1 is all of the window), `flag` 0 or 1. */
export const metricUnits = ['share', 'per_minute', 'time', 'count', 'bytes', 'flag'] as const;
export type MetricUnit = (typeof metricUnits)[number];

export type MissingFigure =
  /** There can be no such figure. */
  | {
      readonly code:
        | 'no-figure'
        | 'no-schedule'
        | 'not-in-log'
        | 'stall-times-not-in-log'
        | 'states-not-in-log'
        | 'no-holder-call'
        | 'no-cgroup';
    }
  | {
      readonly code:
        | 'window-without-length'
        | 'no-operation'
        | 'saturated-response'
        | 'not-recorded'
        | 'not-counted-then'
        | 'memory-not-read'
        | 'process-ended';
    }
  | {
      readonly code: 'too-few-samples';
      readonly percent: number;
      readonly n: number;
      readonly needed_n: number;
      readonly of: 'operations' | 'events' | 'calls';
      /** The window that would have so many, at this rate; null: unknown. */
      readonly window_ns: number | null;
    }
  /** The JVM's log lacks events. `problem`: its code (run-facts.ts). */
  | { readonly code: 'jvm-log-incomplete'; readonly problem: string; readonly why: string };

/** An estimate with its interval; null: unbounded. */
export interface Effect {
  readonly estimate: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** Inside either a difference does not matter. */
export interface MarginFact {
  readonly relative: number;
  readonly absolute: number;
}

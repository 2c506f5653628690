/** What a metric is, and what it reads: the evidence of a run, or of all runs of an arm pooled. */
import type { Stated } from '../../../facts/stated.js';
import type { ArmSummary, HolderFigures, LogSeries, SeriesFigures } from '../../../bundle/bundle-schema.js';
import type { Margin } from '../../compare/decide.js';
import type { NothingGiven } from '../../../facts/flaw-facts.js';
import type { MetricUnit, MissingFigure } from '../../../facts/metric-facts.js';

/** `series`: of a victim; `arm`: of the whole workload. */
export type MetricScope = 'series' | 'arm';

interface Evidence {
  readonly window_ns: number;
  readonly threshold_ns: number;
  /** A percentile of the times of that name; null where n is too small, or the series is saturated. */
  quantile(times: string, percent: number): number | null;
}

/** What a run shows of a series; a log of another tool has less. */
export interface SeriesOfRun extends Evidence {
  readonly scope: 'series';
  readonly figures: Pick<SeriesFigures, 'stalls' | 'saturated'> &
    Partial<Omit<SeriesFigures, 'service' | 'response'>> & {
      readonly service: Partial<SeriesFigures['service']> & { readonly n: number };
      readonly response: (Partial<NonNullable<SeriesFigures['response']>> & { readonly n: number }) | null;
    };
  /** False for a log, which records neither states of threads nor when stalls overlap. */
  readonly knowsStates: boolean;
  /** Null: memory was given back, was not meant to be, or that is not known. */
  readonly nothingGiven: NothingGiven | null;
}

/** What a run shows of its workload. */
export interface ArmRun extends Evidence {
  readonly scope: 'arm';
  /** Null for an arm without a JVM. */
  readonly jvm: { readonly log: readonly LogSeries[]; readonly logProblems: readonly Stated[] } | null;
  /** Null where no holder of ours gives memory back. */
  readonly holder: HolderFigures | null;
  /** By its profile it gives nothing back. */
  readonly isIdle: boolean;
  /** Calls that the arm declares, by a trace; null without a trace that has them. */
  readonly issued: ArmSummary['issued'];
  /** Null in a bundle of a version that did not read it. */
  readonly memory: ArmSummary['memoryUse'];
}

export type MetricEvidence = SeriesOfRun | ArmRun;

export interface Known {
  readonly value: number | null;
  /** Why it is null. */
  readonly missing: MissingFigure | null;
  /** There can be no such figure: a victim without a schedule has no response time. */
  readonly absent: boolean;
}

export interface Metric {
  readonly name: string;
  /** Its other names, in bundles, conditions and older policies. */
  readonly aliases: readonly string[];
  readonly scope: MetricScope;
  /** Of an arm's metric: its part of the arm, such as `memory`, which replaces the name of a series. */
  readonly subject: string | null;
  readonly title: string;
  readonly unit: MetricUnit;
  /** The direction that is worse. */
  readonly worse: 'more' | 'less';
  /** Depends on the threshold of stalls. */
  readonly ofStalls: boolean;
  /** Grows with the window, so that only windows of the same length compare. */
  readonly growsWithWindow: boolean;
  /** Counts what a series did or could not do: saturation does not make it too low. */
  readonly isExact: boolean;
  /** Too low where records of slow operations were lost. */
  readonly fromRecords: boolean;
  /** Too low where the state of a stalled victim was not seen. */
  readonly fromStates: boolean;
  /** Of a percentile, which has an uncertainty between runs; null: another metric. */
  readonly percent: number | null;
  /** Which arms can have it; null: all. */
  readonly needs: 'jvm' | 'holder' | 'schedule' | null;
  margin(threshold_ns: number): Margin;
  of(run: MetricEvidence): Known;
  /** What every version counts, in place of a figure that older versions did not count. Absent: nothing. */
  readonly former?: Pick<Metric, 'title' | 'of'>;
}

/** The figure that all of these runs have: the former one if some run is of a version that did not count this one. */
export function countedInAll(metric: Metric, runs: readonly MetricEvidence[]): Metric {
  const { former } = metric;
  return former === undefined || runs.every((run) => metric.of(run).missing?.code !== 'not-counted-then')
    ? metric
    : { ...metric, ...former };
}

export const known = (value: number): Known => ({ value, missing: null, absent: false });
export const unknown = (missing: MissingFigure): Known => ({ value: null, missing, absent: false });
export const absent: Known = { value: null, missing: { code: 'no-figure' }, absent: true };

/** A percentile among figures; null if it is not stored. */
export function storedPercentile(figures: object, percent: number): number | null {
  const key = `${percentKey(percent)}_ns`;
  const value: unknown = Object.hasOwn(figures, key) ? (figures as Record<string, unknown>)[key] : null;
  return typeof value === 'number' ? value : null;
}

/** `p99_9`. */
export function percentKey(percent: number): string {
  return `p${String(percent).replace('.', '_')}`;
}

const minute_ns = 60e9;

export function perMinute(count: number, window_ns: number): Known {
  return window_ns > 0 ? known((count * minute_ns) / window_ns) : unknown({ code: 'window-without-length' });
}

const relative = 0.1;

/** The smallest effect that matters by default; for times of stalls a tenth of the threshold. */
export function usualMargin(unit: MetricUnit, { isTimeOfStalls = false } = {}): Metric['margin'] {
  return (threshold_ns) => {
    switch (unit) {
      case 'share':
        return { relative, absolute: 0.001 };
      case 'per_minute':
      case 'count':
        return { relative, absolute: 0.5 };
      case 'time':
        return { relative, absolute: isTimeOfStalls ? threshold_ns / 10 : 0 };
      case 'bytes':
        return { relative, absolute: 2 ** 20 };
      case 'flag':
        return { relative: 0, absolute: 0 };
    }
  };
}

/** Metrics of a victim's series, by importance: stalls first, percentiles after. */
import type { MetricUnit, MissingFigure } from '../../../facts/metric-facts.js';
import { leastN } from '../../../stats/quantile-bounds.js';
import {
  absent,
  known,
  percentKey,
  perMinute,
  unknown,
  usualMargin,
  type Known,
  type Metric,
  type SeriesOfRun,
} from './metric.js';

type Times = 'service' | 'response';

interface SeriesMetric {
  readonly name: string;
  readonly title: string;
  readonly unit: MetricUnit;
  readonly of: (run: SeriesOfRun) => Known;
  readonly more?: Partial<Omit<Metric, 'name' | 'title' | 'unit' | 'of' | 'scope'>>;
}

function seriesMetric({ name, title, unit, of, more = {} }: SeriesMetric): Metric {
  return {
    name,
    title,
    unit,
    scope: 'series',
    subject: null,
    aliases: [],
    worse: 'more',
    ofStalls: false,
    growsWithWindow: false,
    isExact: false,
    fromRecords: false,
    fromStates: false,
    percent: null,
    needs: null,
    margin: usualMargin(unit, { isTimeOfStalls: more.ofStalls === true }),
    of: (run) => (run.scope === 'series' ? of(run) : absent),
    ...more,
  };
}

/** A log has no states, and no figure that needs them. */
const noStates = (missing: MissingFigure): Known => ({ ...unknown(missing), absent: true });
const whenStalls = { code: 'stall-times-not-in-log' } as const;
const whichState = { code: 'states-not-in-log' } as const;

type Stalls = SeriesOfRun['figures']['stalls'];

function ofStates(
  missing: MissingFigure,
  of: (stalls: Stalls, run: SeriesOfRun) => Known,
): (run: SeriesOfRun) => Known {
  return (run) => (run.knowsStates ? of(run.figures.stalls, run) : noStates(missing));
}

const ofStalls = { ofStalls: true } as const;
const counted = { ofStalls: true, growsWithWindow: true } as const;
const seen = { fromRecords: true, fromStates: true } as const;

export const stallMetrics: readonly Metric[] = [
  seriesMetric({
    name: 'stalled_share',
    title: 'stalled share',
    unit: 'share',
    of: ofStates(whenStalls, (stalls) => known(stalls.stalled_share)),
    more: { ...ofStalls, fromRecords: true, aliases: ['stalled', 'stalls.stalled_share'] },
  }),
  seriesMetric({
    name: 'stalls_per_minute',
    title: 'stalls per minute',
    unit: 'per_minute',
    of: ({ figures, window_ns }) => perMinute(figures.stalls.count, window_ns),
    more: ofStalls,
  }),
  seriesMetric({
    name: 'longest_ns',
    title: 'longest stall',
    unit: 'time',
    of: ({ figures }) => known(figures.stalls.longest_ns),
    more: { ...counted, aliases: ['stalls.longest_ns'] },
  }),
  seriesMetric({
    name: 'blocked_per_minute',
    title: 'blocked stalls per minute',
    unit: 'per_minute',
    of: ofStates(whichState, (stalls, { window_ns }) => perMinute(stalls.blocked_count, window_ns)),
    more: { ...ofStalls, ...seen },
  }),
];

/** Asked for by name alone. */
const furtherStallMetrics: readonly Metric[] = [
  seriesMetric({
    name: 'mutex_per_minute',
    title: 'stalls on a mutex per minute',
    unit: 'per_minute',
    of: ofStates(whichState, (stalls, { window_ns }) => perMinute(stalls.mutex_count, window_ns)),
    more: { ...ofStalls, ...seen, aliases: ['futex_per_minute'] },
  }),
  seriesMetric({
    name: 'stalls.count',
    title: 'stalls',
    unit: 'count',
    of: ({ figures }) => known(figures.stalls.count),
    more: { ...counted, aliases: ['stalls'] },
  }),
  ...(
    [
      ['stalls.blocked_count', 'blocked stalls', 'count', 'blocked_count'],
      ['stalls.mutex_count', 'stalls on a mutex', 'count', 'mutex_count'],
      ['stalls.unseen_count', 'stalls in an unknown state', 'count', 'unseen_count'],
      ['stalls.longest_blocked_ns', 'longest blocked stall', 'time', 'longest_blocked_ns'],
      ['stalls.longest_mutex_ns', 'longest stall on a mutex', 'time', 'longest_mutex_ns'],
    ] as const
  ).map(([name, title, unit, key]) =>
    seriesMetric({
      name,
      title,
      unit,
      of: ofStates(whichState, (stalls) => known(stalls[key])),
      // Stalls in an unknown state are what `unseen_count` counts.
      more: { ...counted, ...seen, fromStates: key !== 'unseen_count' },
    }),
  ),
  ...(
    [
      ['stalls.blocked_share', 'share blocked in stalls', 'blocked_share'],
      ['stalls.mutex_share', 'share in stalls on a mutex', 'mutex_share'],
    ] as const
  ).map(([name, title, key]) =>
    seriesMetric({
      name,
      title,
      unit: 'share',
      of: ofStates(whichState, (stalls) => known(stalls[key])),
      more: { ...ofStalls, ...seen },
    }),
  ),
  seriesMetric({
    name: 'stalls.total_ns',
    title: 'time in stalls',
    unit: 'time',
    of: ofStates(whenStalls, (stalls) => known(stalls.total_ns)),
    more: counted,
  }),
];

const notInLog: Known = { ...unknown({ code: 'not-in-log' }), absent: true };

const otherMetrics: readonly Metric[] = [
  ...(
    [
      ['unserved', 'operations never served'],
      ['exhausted', 'operations not made because fresh pages were used up'],
      ['lost_records', 'records lost'],
    ] as const
  ).map(([name, title]) =>
    seriesMetric({
      name,
      title,
      unit: 'count',
      of: ({ figures }) => (figures[name] === undefined ? notInLog : known(figures[name])),
      more: { growsWithWindow: true, isExact: true },
    }),
  ),
  seriesMetric({
    name: 'inflight_ns',
    title: 'time in flight at the end',
    unit: 'time',
    of: ({ figures }) => (figures.inflight_ns === undefined ? notInLog : known(figures.inflight_ns ?? 0)),
  }),
  seriesMetric({
    name: 'saturated',
    title: 'saturated',
    unit: 'flag',
    of: ({ figures, knowsStates }) => (knowsStates ? known(figures.saturated ? 1 : 0) : notInLog),
  }),
];

const noSchedule: Known = { ...unknown({ code: 'no-schedule' }), absent: true };
const saturated = { code: 'saturated-response' } as const;

function timesMetrics(times: Times): Metric[] {
  const needs = times === 'response' ? 'schedule' : null;
  const figure = (name: 'min_ns' | 'mean_ns' | 'max_ns', title: string, more: SeriesMetric['more'] = {}): Metric =>
    seriesMetric({
      name: `${times}.${name}`,
      title: `${times} ${title}`,
      unit: 'time',
      more: { needs, ...more },
      of: ({ figures }) => {
        const own = figures[times];
        if (own === null) return noSchedule;
        const value = own[name] ?? null;
        return value !== null
          ? known(value)
          : unknown(
              own.n === 0
                ? { code: 'no-operation' }
                : times === 'response' && figures.saturated
                  ? saturated
                  : { code: 'not-recorded' },
            );
      },
    });
  return [
    seriesMetric({
      name: `${times}.n`,
      title: times === 'service' ? 'operations served' : 'operations due',
      unit: 'count',
      of: ({ figures }) => (figures[times] === null ? noSchedule : known(figures[times].n)),
      more: { needs, worse: 'less', growsWithWindow: true, isExact: true },
    }),
    figure('min_ns', 'minimum'),
    figure('mean_ns', 'mean'),
    figure('max_ns', 'maximum', { growsWithWindow: true }),
  ];
}

function quantileMetric(times: Times, percent: number): Metric {
  return seriesMetric({
    name: `${times}.${percentKey(percent)}_ns`,
    title: `${times} p${percent}`,
    unit: 'time',
    more: { percent, needs: times === 'response' ? 'schedule' : null },
    of: (run) => {
      const { figures, window_ns } = run;
      if (times === 'response' && figures.response === null) return noSchedule;
      const value = run.quantile(times, percent);
      if (value !== null) return known(value);
      if (times === 'response' && figures.saturated) return unknown(saturated);
      return tooFew(figures.service.n, percent, window_ns, 'operations');
    },
  });
}

/** Of a percentile that a run does not have. `of`: what it counts. */
export function tooFew(n: number, percent: number, window_ns: number, of: 'operations' | 'events' | 'calls'): Known {
  const needed_n = leastN(percent / 100);
  if (n >= needed_n) return unknown({ code: 'not-recorded' });
  const needed_ns = n === 0 || window_ns === 0 ? null : (window_ns * needed_n) / n;
  return unknown({ code: 'too-few-samples', percent, n, needed_n, of, window_ns: needed_ns });
}

export function percentileMetrics(percents: readonly number[]): Metric[] {
  return percents.flatMap((percent) => [quantileMetric('service', percent), quantileMetric('response', percent)]);
}

/** All metrics of a series except percentiles. */
export const seriesMetrics: readonly Metric[] = [
  ...stallMetrics,
  ...furtherStallMetrics,
  ...timesMetrics('service'),
  ...timesMetrics('response'),
  ...otherMetrics,
];

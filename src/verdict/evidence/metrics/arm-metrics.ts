/** Metrics of a whole arm: events of the JVM's log, calls of the holder, memory of the workload. */
import type { LogSeries } from '../../../bundle/bundle-schema.js';
import { concernsEvents, jvmEventNames, type JvmEventName } from '../../../record/jvm-log.js';
import {
  absent,
  known,
  percentKey,
  perMinute,
  unknown,
  usualMargin,
  type ArmRun,
  type Known,
  type Metric,
} from './metric.js';
import { tooFew } from './series-metrics.js';
import type { MetricUnit } from '../../../facts/metric-facts.js';

interface ArmMetric {
  readonly subject: string;
  /** After the subject: `longest_ns`. */
  readonly figure: string;
  readonly title: string;
  readonly unit: MetricUnit;
  readonly of: (run: ArmRun) => Known;
  readonly more?: Partial<Omit<Metric, 'name' | 'title' | 'unit' | 'of' | 'scope' | 'subject'>>;
}

function armMetric({ subject, figure, title, unit, of, more = {} }: ArmMetric): Metric {
  return {
    name: `${subject}.${figure}`,
    title,
    unit,
    scope: 'arm',
    subject,
    aliases: [],
    worse: 'more',
    ofStalls: false,
    growsWithWindow: false,
    isExact: false,
    fromRecords: false,
    fromStates: false,
    percent: null,
    needs: null,
    margin: usualMargin(unit),
    of: (run) => (run.scope === 'arm' ? of(run) : absent),
    ...more,
  };
}

const uncounted = { code: 'not-counted-then' } as const;

/** A log that lacks events makes all its figures unreliable. */
function ofLog(name: JvmEventName, of: (events: LogSeries, run: ArmRun) => Known): (run: ArmRun) => Known {
  return (run) => {
    if (run.jvm === null) return absent;
    const problem = run.jvm.logProblems.find((one) => concernsEvents(one, name));
    if (problem !== undefined)
      return unknown({ code: 'jvm-log-incomplete', problem: problem.code, why: problem.sentence });
    return of(run.jvm.log.find((series) => series.name === name) ?? noEvents(name), run);
  };
}

function shareOf(time_ns: number | null, { window_ns }: ArmRun): Known {
  if (window_ns <= 0) return unknown({ code: 'window-without-length' });
  return time_ns === null ? unknown(uncounted) : known(time_ns / window_ns);
}

function noEvents(name: string): LogSeries {
  return {
    name,
    durations: {
      n: 0,
      min_ns: null,
      mean_ns: null,
      p50_ns: null,
      p90_ns: null,
      p99_ns: null,
      p99_9_ns: null,
      p99_99_ns: null,
      max_ns: null,
    },
    long_count: 0,
    total_ns: 0,
    inWindow_ns: 0,
  };
}

function eventMetrics(name: JvmEventName): Metric[] {
  const needs = 'jvm' as const;
  const event = (
    figure: string,
    title: string,
    unit: MetricUnit,
    of: (events: LogSeries, run: ArmRun) => Known,
    more: ArmMetric['more'] = {},
  ): Metric => armMetric({ subject: name, figure, title, unit, of: ofLog(name, of), more: { needs, ...more } });
  return [
    event('count', 'events', 'count', ({ durations }) => known(durations.n), { growsWithWindow: true }),
    event('per_minute', 'events per minute', 'per_minute', ({ durations }, { window_ns }) =>
      perMinute(durations.n, window_ns),
    ),
    event('longest_ns', 'longest event', 'time', ({ durations }) => known(durations.max_ns ?? 0), {
      growsWithWindow: true,
      margin: usualMargin('time', { isTimeOfStalls: true }),
    }),
    event('total_ns', 'time in events', 'time', ({ total_ns }) => known(total_ns), { growsWithWindow: true }),
    event('total_share', 'share in events', 'share', ({ inWindow_ns }, run) => shareOf(inWindow_ns, run), {
      former: {
        title: 'length of events that began in the window, as a share of it',
        of: (run) => (run.scope === 'arm' ? ofLog(name, ({ total_ns }) => shareOf(total_ns, run))(run) : absent),
      },
    }),
    event('long_count', 'events of the threshold or more', 'count', ({ long_count }) => known(long_count), {
      ofStalls: true,
      growsWithWindow: true,
    }),
  ];
}

function eventPercentile(name: JvmEventName, percent: number): Metric {
  return armMetric({
    subject: name,
    figure: `${percentKey(percent)}_ns`,
    title: `p${percent}`,
    unit: 'time',
    more: { percent, needs: 'jvm' },
    of: ofLog(name, ({ durations }, run) => {
      const value = run.quantile(name, percent);
      return value === null ? tooFew(durations.n, percent, run.window_ns, 'events') : known(value);
    }),
  });
}

type Holder = NonNullable<ArmRun['holder']>;

function ofHolder(of: (holder: Holder, run: ArmRun) => Known): (run: ArmRun) => Known {
  return (run) => (run.holder === null ? absent : of(run.holder, run));
}

/** An idle arm has no figures of calls; any other should have made some. */
const noCall = ({ isIdle }: ArmRun): Known => ({ ...unknown({ code: 'no-holder-call' }), absent: isIdle });
const orUncounted = (value: number | null): Known => (value === null ? unknown(uncounted) : known(value));
const orNotRecorded = (value: number | null): Known =>
  value === null ? unknown({ code: 'not-recorded' }) : known(value);
const orNoCall = (value: number | null, run: ArmRun): Known => (value === null ? noCall(run) : known(value));

/** Of calls and bytes fewer is worse: to give memory back is what the holder is for. */
const holderMetrics: readonly Metric[] = (
  [
    [
      'calls',
      'calls of the holder',
      'count',
      ({ window_calls }) => known(window_calls),
      { worse: 'less', growsWithWindow: true, aliases: ['holder.window_calls'] },
    ],
    [
      'calls_per_minute',
      'calls of the holder per minute',
      'per_minute',
      ({ window_calls }, { window_ns }) => perMinute(window_calls, window_ns),
      { worse: 'less' },
    ],
    [
      'crossed_calls',
      'calls that crossed VMAs',
      'count',
      ({ crossed_calls }) => orUncounted(crossed_calls),
      { growsWithWindow: true },
    ],
    [
      'released_bytes',
      'memory handed to the calls',
      'bytes',
      ({ releasedBytes }) => orUncounted(releasedBytes),
      { worse: 'less', growsWithWindow: true },
    ],
    [
      'longest_ns',
      'longest call',
      'time',
      ({ service }, run) => orNoCall(service.max_ns, run),
      { growsWithWindow: true },
    ],
    ['mean_ns', 'mean call', 'time', ({ service }, run) => orNoCall(service.mean_ns, run), {}],
    [
      'hold_ns',
      'CPU time of a call, median',
      'time',
      // Of many calls not all are kept, and then there is no median.
      ({ hold_ns, service }, run) => (service.n === 0 ? noCall(run) : orNotRecorded(hold_ns)),
      {},
    ],
    [
      'hold_mean_ns',
      'CPU time of a call, mean',
      'time',
      ({ calls_cpu_ns, service }, run) =>
        service.n === 0 ? noCall(run) : calls_cpu_ns === null ? unknown(uncounted) : known(calls_cpu_ns / service.n),
      {},
    ],
  ] as const satisfies readonly (readonly [
    string,
    string,
    MetricUnit,
    (holder: Holder, run: ArmRun) => Known,
    ArmMetric['more'],
  ])[]
).map(([figure, title, unit, of, more]) =>
  armMetric({ subject: 'holder', figure, title, unit, of: ofHolder(of), more: { needs: 'holder', ...more } }),
);

function holderPercentile(percent: number): Metric {
  return armMetric({
    subject: 'holder',
    figure: `${percentKey(percent)}_ns`,
    title: `p${percent} of its calls`,
    unit: 'time',
    more: { percent, needs: 'holder' },
    of: ofHolder(({ service }, run) => {
      if (service.n === 0) return noCall(run);
      const value = run.quantile('holder', percent);
      return value === null ? tooFew(service.n, percent, run.window_ns, 'calls') : known(value);
    }),
  });
}

type Memory = NonNullable<ArmRun['memory']>;

function memoryMetric(figure: string, title: string, of: (memory: Memory) => Known): Metric {
  return armMetric({
    subject: 'memory',
    figure,
    title,
    unit: 'bytes',
    of: ({ memory }) => (memory === null ? unknown({ code: 'memory-not-read' }) : of(memory)),
  });
}

const noCgroup: Known = { ...unknown({ code: 'no-cgroup' }), absent: true };

/** The price of not giving memory back. */
const memoryMetrics: readonly Metric[] = [
  memoryMetric('rss_mean_bytes', 'resident memory, mean', ({ rssMeanBytes }) => known(rssMeanBytes)),
  memoryMetric('rss_peak_bytes', 'resident memory, peak', ({ rssPeakBytes }) => known(rssPeakBytes)),
  memoryMetric('pss_bytes', 'proportional memory after the window', ({ pssBytes }) =>
    pssBytes === null ? unknown({ code: 'process-ended' }) : known(pssBytes),
  ),
  memoryMetric('cgroup_mean_bytes', 'memory of the cgroup, mean', ({ cgroup }) =>
    cgroup === null ? noCgroup : known(cgroup.meanBytes),
  ),
  memoryMetric('cgroup_peak_bytes', 'memory of the cgroup, peak', ({ cgroup }) =>
    cgroup === null ? noCgroup : known(cgroup.peakBytes),
  ),
];

type Issued = NonNullable<ArmRun['issued']>[number];

/** Of the calls that the arm declares, together. Without a trace they are not counted. */
function issuedMetric(
  figure: string,
  title: string,
  unit: MetricUnit,
  of: (total: Pick<Issued, 'n' | 'bytes'>, run: ArmRun) => Known,
  more: NonNullable<ArmMetric['more']>,
): Metric {
  return armMetric({
    subject: 'issued',
    figure,
    title,
    unit,
    more,
    of: (run) => {
      const { issued } = run;
      if (issued === null) return absent;
      const total = {
        n: issued.reduce((sum, { n }) => sum + n, 0),
        bytes: issued.reduce((sum, { bytes }) => sum + bytes, 0),
      };
      return of(total, run);
    },
  });
}

/** Many small calls for the same memory are worse than few: each takes the lock. */
const issuedMetrics: readonly Metric[] = [
  issuedMetric('calls', 'declared calls, by the trace', 'count', ({ n }) => known(n), { growsWithWindow: true }),
  issuedMetric('bytes', 'memory handed to the declared calls', 'bytes', ({ bytes }) => known(bytes), {
    worse: 'less',
    growsWithWindow: true,
  }),
  issuedMetric(
    'bytes_per_call',
    'memory of a declared call, mean',
    'bytes',
    ({ n, bytes }, run) => (n === 0 ? noCall(run) : known(bytes / n)),
    { worse: 'less' },
  ),
];

/** All of an arm but percentiles. */
export const armMetrics: readonly Metric[] = [
  ...memoryMetrics,
  ...jvmEventNames.flatMap(eventMetrics),
  ...holderMetrics,
  ...issuedMetrics,
];

export function armPercentileMetrics(percents: readonly number[]): Metric[] {
  return percents.flatMap((percent) => [
    ...jvmEventNames.map((name) => eventPercentile(name, percent)),
    holderPercentile(percent),
  ]);
}

/** Summaries made by hand: what a test does not say is as in an ordinary run. */
import type { ArmSummary, KernelRecord, SeriesRunFigures, SummaryFile } from '../../src/bundle/bundle-schema.js';
import type { Series } from '../../src/verdict/run/outcome.js';
import type { Stated } from '../../src/facts/stated.js';

export const ms = 1e6;

export function runOf(run: Partial<SeriesRunFigures> = {}): SeriesRunFigures {
  return {
    run: '000-free',
    status: 'complete',
    n: 3000,
    exhausted: 0,
    lost_records: 0,
    holder_calls: 5,
    count: 0,
    blocked_count: 0,
    unseen_count: 0,
    longest_ns: 0,
    longest_blocked_ns: 0,
    stalled_share: 0,
    blocked_share: 0,
    mutex_count: 0,
    longest_mutex_ns: 0,
    mutex_share: 0,
    saturated: false,
    service: null,
    response: null,
    ...run,
  };
}

/** A run with stalls of 500 ms; by default the victim is blocked in the kernel in all of them. */
export function stalledRun(count: number, share: number, blocked = count): SeriesRunFigures {
  return runOf({
    count,
    stalled_share: share,
    longest_ns: 500 * ms,
    blocked_count: blocked,
    longest_blocked_ns: blocked > 0 ? 480 * ms : 0,
    blocked_share: count === 0 ? 0 : (share * blocked) / count,
  });
}

const time_ns = {
  n: 6000,
  min_ns: 900,
  mean_ns: 250_000,
  p50_ns: 1_450,
  p90_ns: 23_700,
  p99_ns: 41_500,
  p99_9_ns: 1_100 * ms,
  p99_99_ns: null,
  max_ns: 1_113 * ms,
};

export function seriesOf(name: string, perRun: readonly SeriesRunFigures[], more: Partial<Series> = {}): Series {
  const sum = (of: (run: SeriesRunFigures) => number): number => perRun.reduce((total, run) => total + of(run), 0);
  const most = (of: (run: SeriesRunFigures) => number): number => Math.max(0, ...perRun.map(of));
  return {
    name,
    service: { ...time_ns, n: sum(({ n }) => n) },
    response: { ...time_ns, n: sum(({ n }) => n) },
    stalls: {
      threshold_ns: 100 * ms,
      count: sum(({ count }) => count),
      blocked_count: sum(({ blocked_count }) => blocked_count),
      unseen_count: sum(({ unseen_count }) => unseen_count),
      longest_ns: most(({ longest_ns }) => longest_ns),
      longest_blocked_ns: most(({ longest_blocked_ns }) => longest_blocked_ns),
      total_ns: sum(({ count, longest_ns }) => count * longest_ns),
      stalled_share: perRun.length === 0 ? 0 : sum(({ stalled_share }) => stalled_share) / perRun.length,
      blocked_share: perRun.length === 0 ? 0 : sum(({ blocked_share }) => blocked_share) / perRun.length,
      mutex_count: sum(({ mutex_count }) => mutex_count),
      longest_mutex_ns: most(({ longest_mutex_ns }) => longest_mutex_ns),
      mutex_share: perRun.length === 0 ? 0 : sum(({ mutex_share }) => mutex_share) / perRun.length,
    },
    unserved: 0,
    inflight_ns: null,
    saturated: false,
    refused: {},
    exhausted: sum(({ exhausted }) => exhausted),
    lost_records: sum(({ lost_records }) => lost_records),
    perRun: [...perRun],
    ...more,
  };
}

export function armOf(
  name: string,
  control: ArmSummary['control'],
  series: readonly Series[],
  more: Partial<ArmSummary> = {},
): ArmSummary {
  const runs = series[0]?.perRun ?? [];
  const calls = runs.reduce((sum, { holder_calls }) => sum + (holder_calls ?? 0), 0);
  return {
    name,
    title: `The arm ${name}`,
    control,
    kernel: '6.18.0',
    jdk: null,
    runs: runs.length,
    cutShortRuns: runs.filter(({ status }) => status === 'partial').length,
    failedRuns: runs.filter(({ status }) => status === 'failed').length,
    runsWithoutFigures: 0,
    spoiledRuns: 0,
    asked_hold_ns: null,
    regionBytes: runs.length === 0 ? null : 256 * 2 ** 20,
    holder:
      runs.length === 0
        ? null
        : {
            name: 'holder.madvise_free',
            service: { ...time_ns, n: calls },
            hold_ns: 8 * ms,
            calls_cpu_ns: null,
            window_calls: calls,
            crossed_calls: 0,
            releasedBytes: null,
            lost_records: 0,
          },
    issued: null,
    memoryUse: null,
    window_ns: runs.length * 10e9,
    jvm: null,
    churn: null,
    agent: null,
    unproven: [],
    underLoad: null,
    blockedRuns: [],
    series: [...series],
    ...more,
  };
}

type JvmFigures = NonNullable<ArmSummary['jvm']>;
type JvmRun = JvmFigures['perRun'][number];

/** A run of 10 s of a JVM that was paused for this share of the window. */
export function pausedRun(longest_ms: number, share: number): JvmRun {
  const inWindow_ns = share * 10e9;
  const log = {
    name: 'safepoint.total',
    durations: { ...time_ns, n: 9, max_ns: longest_ms * ms },
    long_count: longest_ms >= 100 ? 1 : 0,
    total_ns: inWindow_ns,
    inWindow_ns,
  };
  const isPaused = longest_ms > 0;
  return { run: '000-jvm', status: 'complete', cpu_ns: 1, over_ns: 1, window_ns: 10e9, log: isPaused ? [log] : [] };
}

export function jvmFigures(perRun: readonly JvmRun[], more: Partial<JvmFigures> = {}): JvmFigures {
  const logs = perRun.flatMap(({ log }) => log);
  const [first] = logs;
  const sum = (of: (log: (typeof logs)[number]) => number): number => logs.reduce((total, log) => total + of(log), 0);
  const pooled = {
    durations: { ...time_ns, n: 9, max_ns: Math.max(...logs.map(({ durations }) => durations.max_ns ?? 0)) },
    long_count: sum(({ long_count }) => long_count),
    total_ns: sum(({ total_ns }) => total_ns),
    inWindow_ns: sum(({ inWindow_ns }) => inWindow_ns ?? 0),
  };
  return {
    log: first === undefined ? [] : [{ name: first.name, ...pooled }],
    cpu_ns: 1,
    withoutProbes: null,
    perRun: [...perRun],
    logProblems: [],
    removedFromEnvironment: [],
    changedFlags: [],
    isMeantToShrink: false,
    ...more,
  };
}

/** This machine's, of which nothing is known. */
export function kernelNamed(name: string, more: Partial<KernelRecord> = {}): KernelRecord {
  return {
    name,
    label: null,
    asked: 'host',
    release: name,
    facts: {},
    differences: [],
    oneTree: null,
    guest: null,
    ...more,
  };
}

export const writer = 'writer.mprotect';

/** An arm of one writer. */
export function writerArm(
  name: string,
  control: ArmSummary['control'],
  ...perRun: readonly SeriesRunFigures[]
): ArmSummary {
  return armOf(name, control, [seriesOf(writer, perRun)]);
}

export function summaryOf(arms: readonly ArmSummary[], more: Partial<SummaryFile> = {}): SummaryFile {
  return {
    schemaVersion: 2,
    profile: 'fake',
    kernel: '6.18.0',
    status: 'complete',
    threshold_ns: 100 * ms,
    verdict: 'On Linux 6.18.0: nothing.',
    conclusions: [{ code: 'controls-only', kernel: '6.18.0', sentence: 'nothing' } as Stated],
    findings: [],
    notes: [],
    degraded: [],
    arms: [...arms],
    ...more,
  };
}

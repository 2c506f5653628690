/** The arms of a summary as evidence for metrics: all runs of an arm pooled, and each of its whole runs. */
import type { ArmSummary, SeriesRunFigures } from '../../bundle/bundle-schema.js';
import type { SeenOfRun } from './flaws.js';
import { runsWithHeapKept } from './heap-kept.js';
import type { ArmRun, MetricEvidence, SeriesOfRun } from './metrics.js';
import { storedPercentile } from './metrics/metric.js';

export interface SummaryEvidence {
  readonly pooled: MetricEvidence;
  /** Each whole run, for percentiles; null if the bundle does not have its figures. */
  readonly runs: readonly (MetricEvidence | null)[];
  /** Each run that is pooled; empty for the arm itself. */
  readonly seen: readonly SeenOfRun[];
}

/** `series` null: of the arm itself. Null: it has no such series, or nothing was measured. */
export function summaryEvidence(arm: ArmSummary, series: string | null): SummaryEvidence | null {
  if (arm.runs === 0) return null;
  return series === null ? ofArm(arm) : ofSeries(arm, series);
}

function ofSeries(arm: ArmSummary, name: string): SummaryEvidence | null {
  const { window_ns, series: all } = arm;
  const series = all.find((one) => one.name === name);
  // A victim that never operated has shown nothing, not even that it was not stalled.
  if (series === undefined || series.service.n + series.stalls.count + series.unserved + series.exhausted === 0)
    return null;
  const pooled: SeriesOfRun = {
    scope: 'series',
    window_ns: window_ns ?? 0,
    threshold_ns: series.stalls.threshold_ns,
    figures: series,
    knowsStates: true,
    nothingGiven: null,
    quantile: ofTimes(series),
  };
  return {
    pooled,
    runs: series.perRun.filter(({ status }) => status === 'complete').map((run) => ofRun(pooled, run)),
    seen: seenOf(arm, series.perRun),
  };
}

/** What runs of a series of the arm say about their evidence. */
export function seenOf(arm: ArmSummary, runs: readonly SeriesRunFigures[]): SeenOfRun[] {
  const kept = runsWithHeapKept(arm) ?? [];
  return runs.map((run) => ({
    figures: { ...run, stalls: run },
    nothingGiven: nothingGivenIn(arm, run, kept),
    served_n: run.n,
  }));
}

/** `kept`: runs of the arm in which its JVM kept the heap. */
function nothingGivenIn(
  { control }: ArmSummary,
  { run, holder_calls }: SeriesRunFigures,
  kept: readonly string[],
): SeenOfRun['nothingGiven'] {
  if (control === 'idle') return null;
  if (kept.includes(run)) return 'heap-kept';
  return holder_calls === 0 ? 'holder-idle' : null;
}

function ofTimes({
  service,
  response,
  saturated,
}: Pick<SeriesOfRun['figures'], 'service' | 'response' | 'saturated'>): SeriesOfRun['quantile'] {
  return (times, percent) =>
    times === 'service'
      ? storedPercentile(service, percent)
      : response === null || saturated
        ? null
        : storedPercentile(response, percent);
}

function ofRun(pooled: SeriesOfRun, { service, response, saturated, ...stalls }: SeriesRunFigures): SeriesOfRun | null {
  if (service === null) return null;
  const figures = { ...pooled.figures, service, response, saturated, stalls: { ...pooled.figures.stalls, ...stalls } };
  return { ...pooled, figures, quantile: ofTimes(figures) };
}

function ofArm({ control, window_ns, series, jvm, holder, issued, memoryUse: memory }: ArmSummary): SummaryEvidence {
  const quantileOf =
    (log: NonNullable<ArmRun['jvm']>['log'], calls: ArmRun['holder']): ArmRun['quantile'] =>
    (times, percent) => {
      const durations = times === 'holder' ? calls?.service : log.find(({ name }) => name === times)?.durations;
      return durations === undefined ? null : storedPercentile(durations, percent);
    };
  const pooled: ArmRun = {
    scope: 'arm',
    window_ns: window_ns ?? 0,
    threshold_ns: series[0]?.stalls.threshold_ns ?? 0,
    jvm,
    holder,
    isIdle: control === 'idle',
    issued,
    memory,
    quantile: quantileOf(jvm?.log ?? [], holder),
  };
  const runs = (jvm?.perRun ?? [])
    .filter(({ status }) => status === 'complete')
    .map(({ log }): ArmRun => ({
      ...pooled,
      jvm: { log, logProblems: jvm?.logProblems ?? [] },
      holder: null,
      issued: null,
      quantile: quantileOf(log, null),
    }));
  return { pooled, runs, seen: [] };
}

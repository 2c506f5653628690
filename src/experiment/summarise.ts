/**
 * Makes summary.json from the runs so far. Figures pool the samples of undisturbed runs; findings rest on single runs
 * (verdict/).
 */
import { grouped } from '../base/group.js';
import { commonCollector } from '../catalogue/collectors.js';
import type { RefusedArm } from '../facts/refused-arm-facts.js';
import { loadCodes } from '../facts/run-facts.js';
import { distinct, sentencesOf } from '../facts/stated.js';
import type { FailedRuns } from '../facts/verdict-facts.js';
import {
  schemaVersion,
  type ArmSummary,
  type HolderFigures,
  type KernelRecord,
  type RunFile,
  type SeriesFigures,
  type SeriesRunFigures,
  type SummaryFile,
} from '../bundle/bundle-schema.js';
import { hasFailed, hasFigures, isEvidence } from '../bundle/stored.js';
import {
  isApp,
  isInJvm,
  jdkLabelOf,
  type JvmArm,
  type ResolvedArm,
  type ResolvedProfile,
} from '../profile/resolved/resolved.js';
import { responseFigures, serviceFigures } from '../record/histogram/figures.js';
import { addDistributions } from '../record/histogram/histogram.js';
import { offeredLoad } from '../record/board/owed.js';
import { median } from '../stats/median.js';
import { mean } from '../stats/sample.js';
import { givesOffHeap, logsReturns } from '../verdict/evidence/heap-kept.js';
import { holderCallsOf } from '../verdict/evidence/nothing-given.js';
import { judge } from '../verdict/run/judge.js';
import { resumedNotes, type ResumedBundle } from '../verdict/run/resumed-notes.js';
import { startNotes } from '../verdict/run/start-notes.js';
import { traceNotes } from '../verdict/run/trace-notes.js';
import { listed } from '../words/text.js';
import type { FlagRead } from '../host/jdk-flags.js';
import type { PooledRun, PooledSeries } from './run/analyse.js';
import { logFigures, logSeriesNames, type LogRun } from './run/analyse-log.js';

export interface FinishedRun {
  readonly file: RunFile;
  readonly analysis: PooledRun;
  /** Events of a JVM's log; empty for a native arm. */
  readonly log: readonly LogRun[];
}

export interface SummaryInput {
  readonly profile: ResolvedProfile;
  readonly arms: readonly ResolvedArm[];
  readonly kernels: readonly KernelRecord[];
  readonly status: SummaryFile['status'];
  readonly runs: readonly FinishedRun[];
  /** Arms that their JDK cannot run. */
  readonly refused: readonly RefusedArm[];
  /** Of each bundle that the runs are from: how it was interrupted and resumed. */
  readonly resumed: readonly ResumedBundle[];
}

export function summarise({ profile, arms, kernels, status, runs, refused, resumed }: SummaryInput): SummaryFile {
  const summaries = kernels.flatMap(({ name }) =>
    arms.map((arm) =>
      summariseArm(
        arm,
        arms,
        name,
        profile.threshold_ns,
        runs.filter(({ file }) => file.arm === arm.name && file.kernel === name),
      ),
    ),
  );
  const files = runs.map(({ file }) => file);
  const degraded = distinct(files.flatMap((file) => file.degraded));
  const judgement = judge({
    arms: summaries,
    kernels,
    status,
    degraded,
    refused,
    failed: failedRuns(files),
    ofAll: [...resumedNotes(resumed), ...startNotes(files), ...traceNotes(files)],
  });
  return {
    schemaVersion,
    profile: profile.name,
    kernel: listed(kernels.map(({ name }) => name)),
    status,
    threshold_ns: profile.threshold_ns,
    ...judgement,
    degraded,
    arms: summaries,
  };
}

/** Runs that failed for the same reason are one fact. */
function failedRuns(files: readonly RunFile[]): FailedRuns[] {
  const failed = files.filter(hasFailed);
  return [...grouped(failed, ({ failures }) => JSON.stringify(failures)).values()].map((alike): FailedRuns => {
    const failures = alike[0]?.failures ?? [];
    return {
      code: 'runs-failed',
      runs: alike.map(({ name }) => name),
      arms: [...new Set(alike.map(({ arm }) => arm))],
      kernels: [...new Set(alike.flatMap(({ kernel }) => kernel ?? []))],
      why: sentencesOf(failures),
      failures: failures.map(({ code }) => code),
    };
  });
}

function summariseArm(
  arm: ResolvedArm,
  arms: readonly ResolvedArm[],
  kernel: string,
  threshold_ns: number,
  all: readonly FinishedRun[],
): ArmSummary {
  const undisturbed = all.filter(({ file }) => file.disturbances.length === 0);
  const counted = undisturbed.filter(({ file }) => hasFigures(file));
  const failed_n = counted.filter(({ file }) => hasFailed(file)).length;
  return {
    name: arm.name,
    title: arm.title,
    control: arm.control,
    kernel,
    jdk: jdkLabelOf(arm),
    runs: counted.length,
    cutShortRuns: counted.filter(({ file }) => file.status !== 'complete').length - failed_n,
    failedRuns: failed_n,
    runsWithoutFigures: undisturbed.length - counted.length,
    spoiledRuns: all.length - undisturbed.length,
    regionBytes: arm.kind === 'native' ? (counted[0]?.file.regionBytes ?? null) : null,
    asked_hold_ns: arm.kind === 'native' && arm.holder.region.kind === 'hold' ? arm.holder.region.hold_ns : null,
    window_ns: sum(counted, ({ analysis }) => analysis.window_ns),
    memoryUse: poolMemory(counted),
    holder: poolHolder(counted),
    issued: poolIssued(counted),
    jvm: isInJvm(arm) ? poolJvm(arm, { counted, all, alone: withoutProbes(arm, arms) }) : null,
    churn: arm.kind === 'churn' ? poolChurn(counted) : null,
    agent: poolAgent(counted),
    unproven: unprovenIn(counted),
    series: arm.victims.map(({ series }) => poolSeries(arm, series, threshold_ns, counted)),
    underLoad: poolUnderLoad(
      arm,
      threshold_ns,
      all.filter(({ file }) => isUnderLoad(file)),
    ),
    blockedRuns: all.filter(({ file }) => isEvidence(file) || isUnderLoad(file)).flatMap((run) => blockedRun(arm, run)),
  };
}

/** Complete, and disturbed by nothing but other load. */
function isUnderLoad({ status, disturbances }: RunFile): boolean {
  return status === 'complete' && disturbances.length > 0 && disturbances.every(({ code }) => loadCodes.includes(code));
}

function poolUnderLoad(arm: ResolvedArm, threshold_ns: number, runs: readonly FinishedRun[]): ArmSummary['underLoad'] {
  if (runs.length === 0) return null;
  return {
    runs: runs.length,
    foreignLoad_share: mean(runs.flatMap(({ file }) => takenByOthers(file) ?? [])),
    series: arm.victims.map(({ series }) => poolSeries(arm, series, threshold_ns, runs)),
  };
}

/** Share of the CPU time that other programs and the hypervisor had; for a guest also its host. Null: unknown. */
function takenByOthers({ machine: { foreignLoad_share, steal_share, guest } }: RunFile): number | null {
  return foreignLoad_share === null ? null : foreignLoad_share + steal_share + (guest?.runDelay_share ?? 0);
}

/**
 * Share of the CPU time that the workload left. A share of all CPU time would depend on the workload: a busy program
 * has half of a CPU beside a hog, and all of it beside threads that are stalled.
 */
function loadOf(file: RunFile): number | null {
  const taken_share = takenByOthers(file);
  return taken_share === null ? null : Math.min(1, taken_share / Math.max(0.01, 1 - (file.machine.ownLoad_share ?? 0)));
}

function blockedRun(arm: ResolvedArm, { file, analysis }: FinishedRun): ArmSummary['blockedRuns'] {
  const { name, blocked } = file;
  const load_share = loadOf(file);
  return blocked === null || load_share === null
    ? []
    : [
        {
          ...blocked,
          run: name,
          window_ns: analysis.window_ns,
          load_share,
          holder_calls: holderCallsOf(file, arm),
        },
      ];
}

/** The arm that differs from this arm only in that the user's program has no probes. */
function withoutProbes(arm: ResolvedArm, arms: readonly ResolvedArm[]): string | null {
  if (!isApp(arm) || !arm.jvm.app.probes) return null;
  const ofProbes = { name: '', title: '', victims: [], series: [] };
  const alone = JSON.stringify({ ...arm, ...ofProbes, jvm: { ...arm.jvm, app: { ...arm.jvm.app, probes: false } } });
  return (
    arms.find((other) => other.victims.length === 0 && JSON.stringify({ ...other, ...ofProbes }) === alone)?.name ??
    null
  );
}

function poolAgent(runs: readonly FinishedRun[]): ArmSummary['agent'] {
  const uses = runs.flatMap(({ file }) => file.agent ?? []);
  const [first] = uses;
  if (first === undefined) return null;
  return {
    name: first.name,
    starts_n: sum(uses, ({ starts_n }) => starts_n),
    ends: addUp(uses.map(({ ends }) => ends)),
    window_n: sum(uses, ({ window_n }) => window_n),
    cpu_ns: sum(uses, ({ cpu_ns }) => cpu_ns),
    longest_ns: Math.max(...uses.map(({ longest_ns }) => longest_ns)),
    lastComplaint: uses.findLast(({ lastComplaint }) => lastComplaint !== null)?.lastComplaint ?? null,
  };
}

interface JvmRuns {
  readonly counted: readonly FinishedRun[];
  readonly all: readonly FinishedRun[];
  /** The arm without probes. */
  readonly alone: string | null;
}

function poolJvm(arm: JvmArm, { counted: runs, all, alone }: JvmRuns): ArmSummary['jvm'] {
  const logs = runs.flatMap(({ log }) => log);
  return {
    log: logSeriesNames(logs).map((name) => logFigures(name, logs)),
    cpu_ns: sum(runs, ({ file }) => file.jvm?.cpu_ns ?? 0),
    withoutProbes: alone,
    perRun: runs.flatMap(({ file: { name, status, jvm }, analysis: { window_ns } }) =>
      jvm === null
        ? []
        : [
            {
              run: name,
              status,
              cpu_ns: jvm.cpu_ns,
              over_ns: jvm.cpuOver_ns,
              window_ns,
              log: jvm.log,
              logProblems: jvm.logProblems,
              heapReturns_n: jvm.heapReturns_n,
            },
          ],
    ),
    logProblems: distinct(runs.flatMap(({ file }) => file.jvm?.logProblems ?? [])),
    removedFromEnvironment: [
      ...new Set(
        runs.flatMap(({ file }) =>
          (file.jvm?.processes ?? []).flatMap(({ removedFromEnvironment: names }) =>
            Array.isArray(names) ? names.map(String) : [],
          ),
        ),
      ),
    ],
    // A disturbed run has the same flags.
    changedFlags: changedFlags(all),
    gives: givesIn(arm),
    collector: commonCollector(runs.map(({ file }) => file.jvm?.collector ?? null)),
    paces: poolPaces(runs),
    isMeantToShrink: logsReturns(arm),
    givesOffHeap: givesOffHeap(arm),
  };
}

function poolPaces(runs: readonly FinishedRun[]): NonNullable<NonNullable<ArmSummary['jvm']>['paces']> {
  const tallies = runs.flatMap(({ file }) => file.jvm?.tallies ?? []);
  return [...grouped(tallies, ({ thread }) => thread)].map(([thread, own]) => ({
    thread,
    ticks: sum(own, ({ ticks }) => ticks),
    droppedTicks: sum(own, ({ droppedTicks }) => droppedTicks),
  }));
}

/** A user's program chooses these by its arguments. */
function givesIn(arm: JvmArm): NonNullable<ArmSummary['jvm']>['gives'] {
  if (isApp(arm)) return null;
  const { collector, allocator, loads } = arm.jvm;
  const { name, settings } = allocator;
  return { collector, allocator: { name, settings: { ...settings } }, loads: loads.map(({ load }) => load) };
}

/** Each once. A run's process has what src/host/jdk-flags.ts read; a run that failed to start has no process. */
function changedFlags(runs: readonly FinishedRun[]): NonNullable<ArmSummary['jvm']>['changedFlags'] {
  const read = runs.flatMap(({ file }) => (file.jvm?.processes ?? []).map(({ flags }) => flags));
  if (read.some((flags) => flags === null)) return null;
  const all = read.flatMap((flags) => (flags as readonly FlagRead[] | undefined) ?? []);
  const changed = all.filter(({ differs }) => differs).map(({ flag, asked, actual }) => ({ flag, asked, actual }));
  return [...new Map(changed.map((one) => [JSON.stringify(one), one])).values()];
}

function poolChurn(runs: readonly FinishedRun[]): ArmSummary['churn'] {
  const tallies = runs.flatMap(({ file }) => file.churn?.tallies ?? []);
  const of = (key: 'blocks' | 'allocatedBytes' | 'refused' | 'ticks' | 'droppedTicks'): number =>
    sum(tallies, (tally) => tally[key]);
  return {
    blocks: of('blocks'),
    allocatedBytes: of('allocatedBytes'),
    refused: of('refused'),
    ticks: of('ticks'),
    droppedTicks: of('droppedTicks'),
  };
}

/** Each setting appears once. */
function unprovenIn(runs: readonly FinishedRun[]): ArmSummary['unproven'] {
  const all = new Map(
    runs
      .flatMap(({ file }) => file.unproven)
      .map(({ allocator, key, asked }) => [`${allocator} ${key} ${asked}`, { allocator, key, asked }]),
  );
  return [...all.values()];
}

function poolHolder(runs: readonly FinishedRun[]): HolderFigures | null {
  const holders = runs.flatMap(({ analysis }) => analysis.holder ?? []);
  const [first] = holders;
  if (first === undefined) return null;
  return {
    name: first.figures.name,
    service: serviceFigures(addDistributions(...holders.map(({ service }) => service))),
    // The unit is the run, so a merged bundle, which lacks single calls, gives the same notes as a measured bundle.
    hold_ns: median(holders.flatMap(({ figures }) => figures.hold_ns ?? [])),
    calls_cpu_ns: sumOrNull(holders, 'calls_cpu_ns'),
    window_calls: sum(holders, ({ figures }) => figures.window_calls),
    crossed_calls: sumOrNull(holders, 'crossed_calls'),
    releasedBytes: sumOrNull(holders, 'releasedBytes'),
    lost_records: sum(holders, ({ figures }) => figures.lost_records),
  };
}

/** Null if a run lacks the figure: unknown is never zero. */
function sumOrNull(
  holders: readonly { readonly figures: HolderFigures }[],
  key: 'calls_cpu_ns' | 'crossed_calls' | 'releasedBytes',
): number | null {
  const known = holders.flatMap(({ figures }) => figures[key] ?? []);
  return known.length < holders.length ? null : sum(known, (value) => value);
}

function poolIssued(runs: readonly FinishedRun[]): ArmSummary['issued'] {
  const all = runs.map(({ file }) => file.issued);
  const [first] = all;
  if (first === undefined || first === null || all.includes(null)) return null;
  const each = all.flatMap((issued) => issued ?? []);
  return first.map(({ call, by }) => {
    const own = each.filter((one) => one.call === call && one.by === by);
    return { call, by, n: sum(own, ({ n }) => n), bytes: sum(own, ({ bytes }) => bytes) };
  });
}

/** A run without the figure may be the run that used most. */
function poolMemory(runs: readonly FinishedRun[]): ArmSummary['memoryUse'] {
  const all = runs.flatMap(({ file }) => file.memoryUse ?? []);
  if (all.length === 0 || all.length < runs.length) return null;
  const known = <T>(values: readonly (T | null)[]): T[] | null =>
    values.some((value) => value === null) ? null : values.flatMap((value) => (value === null ? [] : [value]));
  const average = (values: readonly number[]): number => Math.round(mean(values));
  const shares = known(all.map(({ pssBytes }) => pssBytes));
  const groups = known(all.map(({ cgroup }) => cgroup));
  return {
    rssMeanBytes: average(all.map(({ rssMeanBytes }) => rssMeanBytes)),
    rssPeakBytes: Math.max(...all.map(({ rssPeakBytes }) => rssPeakBytes)),
    pssBytes: shares === null ? null : average(shares),
    cgroup:
      groups === null
        ? null
        : {
            meanBytes: average(groups.map(({ meanBytes }) => meanBytes)),
            peakBytes: Math.max(...groups.map(({ peakBytes }) => peakBytes)),
          },
  };
}

function poolSeries(
  arm: ResolvedArm,
  name: string,
  threshold_ns: number,
  runs: readonly FinishedRun[],
): ArmSummary['series'][number] {
  const parts = runs.flatMap(({ file, analysis }) => {
    const one = analysis.series.find((series) => series.name === name);
    return one === undefined
      ? []
      : [{ file, holder_calls: holderCallsOf(file, arm), window_ns: analysis.window_ns, ...one }];
  });
  const service = addDistributions(...parts.map((part) => part.service));
  const responses = parts.flatMap(({ response }) => response ?? []);
  const saturated = parts.some(({ figures }) => figures.saturated) || isSaturated(parts, service.n, service.sum_ns);
  const window_ns = sum(parts, (part) => part.window_ns);
  const stalls = (of: (stalls: SeriesFigures['stalls']) => number): number =>
    sum(parts, ({ figures }) => of(figures.stalls));
  const longest = (of: (stalls: SeriesFigures['stalls']) => number): number =>
    Math.max(0, ...parts.map(({ figures }) => of(figures.stalls)));
  const share = (of: (stalls: SeriesFigures['stalls']) => number): number =>
    window_ns === 0 ? 0 : sum(parts, (part) => of(part.figures.stalls) * part.window_ns) / window_ns;
  const inflight = parts.flatMap(({ figures }) => figures.inflight_ns ?? []);
  return {
    name,
    service: serviceFigures(service),
    response:
      responses.length === 0
        ? null
        : responseFigures(addDistributions(...responses), { service_n: service.n, saturated }),
    stalls: {
      threshold_ns,
      count: stalls(({ count }) => count),
      blocked_count: stalls(({ blocked_count }) => blocked_count),
      unseen_count: stalls(({ unseen_count }) => unseen_count),
      longest_ns: longest(({ longest_ns }) => longest_ns),
      longest_blocked_ns: longest(({ longest_blocked_ns }) => longest_blocked_ns),
      total_ns: stalls(({ total_ns }) => total_ns),
      stalled_share: share(({ stalled_share }) => stalled_share),
      blocked_share: share(({ blocked_share }) => blocked_share),
      mutex_count: stalls(({ mutex_count }) => mutex_count),
      longest_mutex_ns: longest(({ longest_mutex_ns }) => longest_mutex_ns),
      mutex_share: share(({ mutex_share }) => mutex_share),
    },
    unserved: sum(parts, ({ figures }) => figures.unserved),
    inflight_ns: inflight.length === 0 ? null : Math.max(...inflight),
    saturated,
    refused: addUp(parts.map(({ figures }) => figures.refused)),
    exhausted: sum(parts, ({ figures }) => figures.exhausted),
    gaveUp: sum(parts, ({ figures }) => figures.gaveUp ?? 0),
    lost_records: sum(parts, ({ figures }) => figures.lost_records),
    perRun: parts.map(perRunOf),
  };
}

function perRunOf({
  file,
  holder_calls,
  figures,
}: {
  file: RunFile;
  holder_calls: number | null;
  figures: SeriesFigures;
}): SeriesRunFigures {
  const { service, response, stalls, saturated, exhausted, gaveUp, lost_records } = figures;
  const {
    count,
    blocked_count,
    unseen_count,
    longest_ns,
    longest_blocked_ns,
    stalled_share,
    blocked_share,
    mutex_count,
    longest_mutex_ns,
    mutex_share,
  } = stalls;
  return {
    run: file.name,
    status: file.status,
    n: service.n,
    count,
    blocked_count,
    unseen_count,
    longest_ns,
    longest_blocked_ns,
    stalled_share,
    blocked_share,
    mutex_count,
    longest_mutex_ns,
    mutex_share,
    exhausted,
    ...(gaveUp === undefined ? {} : { gaveUp }),
    lost_records,
    saturated,
    service,
    response,
    holder_calls,
  };
}

function isSaturated(parts: readonly PooledSeries[], service_n: number, serviceSum_ns: number): boolean {
  const interval_ns = parts[0]?.interval_ns ?? 0;
  const unserved = sum(parts, ({ figures }) => figures.unserved);
  return offeredLoad({ service_n, serviceSum_ns, interval_ns, owed: { unserved, inflight_ns: null } }).saturated;
}

function addUp(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const one of all) for (const [name, count] of Object.entries(one)) total[name] = (total[name] ?? 0) + count;
  return total;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

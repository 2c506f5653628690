/** One run of one arm: a fresh workload process, its window, its figures, its files. */
import { release } from 'node:os';
import type { Degradation } from '../../facts/run-facts.js';
import { sentencesOf, type Stated } from '../../facts/stated.js';
import { sayFailure, type StatedFailure } from '../../words/failure-words.js';
import { stated } from '../../words/run-words.js';
import { statedMissing } from '../../words/stall-words.js';
import { cleanUp } from '../../base/clean-up.js';
import { unfit } from '../../base/failure.js';
import type { RunFile } from '../../bundle/bundle-schema.js';
import type { StallsFile, TraceFigures } from '../../bundle/stalls-schema.js';
import { schemaVersion } from '../../bundle/version.js';
import { unprovenOf } from '../../host/allocators/allocator-proof.js';
import type { CpuTopology } from '../../host/cpus.js';
import {
  cpuTimeOf,
  loadBetween,
  readLoad,
  stealBetween,
  type LoadReading,
  type MachineLoad,
} from '../../host/machine-load.js';
import type { Board } from '../../record/board/board.js';
import { hlogLine } from '../../record/histogram/hlog.js';
import type { StackReading } from '../../record/stacks.js';
import type { Trace } from '../../record/trace/trace.js';
import { prepareWorkload } from '../../workload/prepare.js';
import {
  FailedStart,
  orEndOf,
  withFiles,
  type Afterwards,
  type ChurnAfterwards,
  type JvmAfterwards,
  type PreparedWorkload,
} from '../../workload/prepared.js';
import { memoryMeter, type MemoryMeter } from '../../workload/watch/memory-meter.js';
import type { WatchedThread } from '../../workload/threads/thread-watch.js';
import { startSampler, type Sampled } from '../../workload/watch/sampler.js';
import { startTracer } from '../../workload/watch/tracer.js';
import { runWindow, type WindowResult } from '../../workload/window.js';
import { analyseRun, type RunAnalysis } from './analyse.js';
import { analyseLog, eventsInWindow, logFigures, type LogRun } from './analyse-log.js';
import { failedStart } from './failed-start.js';
import type { ExecutedRun, RunInput } from './run-request.js';
import { runEvidence } from './run-evidence.js';
import { runLog, type RunLog } from './run-log.js';
import { spoiledBy, spoiledByStop } from './spoiled.js';

export type { ExecutedRun, RunInput, RunOutput, RunRequest } from './run-request.js';

export async function executeRun(input: RunInput, topology: CpuTopology): Promise<ExecutedRun> {
  const { profile, arm, regionBytes, onPhase } = input;
  onPhase('preparing', []);
  const startedAt = new Date().toISOString();
  const failedBefore = (failure: FailedStart): ExecutedRun =>
    failedStart({ request: input, startedAt, failure, cpuCount: topology.allowed.length, files: failure.files });
  let workload: PreparedWorkload;
  try {
    workload = await prepareWorkload({ ...profile, arm, regionBytes, topology, interrupted: input.interrupted });
  } catch (error) {
    if (error instanceof FailedStart) return failedBefore(error);
    throw error;
  }
  let hasBegun = false;
  const started: { abandon(): Promise<void> }[] = [];
  try {
    if (workload.degraded.length > 0 && !input.allowDegraded) {
      throw unfit(
        `${sentencesOf(workload.degraded).join('; ')} (--allow-degraded runs all the same and marks the result)`,
      );
    }
    const sampler = await startSampler(workload, { withStacks: input.trace });
    started.push(sampler);
    const tracer = input.trace ? await startTracer(workload, topology.allowed.length, input.interrupted) : null;
    if (tracer !== null) started.push(tracer);
    const pids = [...workload.pids, sampler.pid, ...(tracer === null ? [] : [tracer.pid])];
    onPhase('measuring', workload.pids);
    hasBegun = true;
    const log = runLog(workload.board);
    let before = readLoad(pids);
    const cpu = cpuMeter(workload);
    const memory = memoryMeter(workload.pids, workload.victimsPid);
    let after: LoadReading | undefined;
    const loads: LoadReading[] = [];
    const result = await runWindow(workload, profile, {
      interrupted: input.interrupted,
      onSnapshot: (snapshot, window) => {
        log.add(snapshot, window);
        loads.push(readLoad([]));
        memory.look();
        input.onSnapshot(snapshot, window);
      },
      onWindowStart: () => {
        before = readLoad(pids);
        cpu.start();
        memory.look();
      },
      onWindowEnd: () => {
        after = readLoad(pids);
        cpu.stop();
        memory.look();
      },
      onWorkEnd: () => {
        tracer?.stop();
      },
    });
    onPhase('analysing', workload.pids);
    const sampled = await sampler.finish(result.go_ns, input.interrupted);
    const traced = tracer === null ? null : await tracer.finish(result.go_ns, input.interrupted);
    const measuredTrace = traced?.trace ?? null;
    const trace = measuredTrace === null ? null : { ...measuredTrace, stacks: sampler.stacks(result.go_ns) };
    const machine = loadBetween(before, after ?? readLoad(pids), topology.allowed.length);
    return await assemble(input, topology.allowed.length, {
      startedAt,
      workload,
      result,
      sampled,
      machine,
      loads: [before, ...loads, ...(after === undefined ? [] : [after])],
      log,
      used: cpu.used(),
      memory,
      trace,
      untraced: traced?.problem ?? null,
    });
  } catch (error) {
    const failure = hasBegun
      ? error
      : withFiles(orEndOf([...workload.pids, ...workload.board.threadIds().map(({ tid }) => tid)], error), () =>
          workload.logs(),
        );
    if (failure instanceof FailedStart) return failedBefore(failure);
    throw failure;
  } finally {
    await cleanUp(...started.map((helper) => () => helper.abandon()), () => workload.dispose());
  }
}

interface Measured {
  readonly startedAt: string;
  readonly workload: PreparedWorkload;
  readonly result: WindowResult;
  readonly sampled: Sampled;
  readonly machine: MachineLoad;
  /** Readings of the machine, about one a second. */
  readonly loads: readonly LoadReading[];
  readonly log: RunLog;
  /** CPU time of the process with the victims. */
  readonly used: CpuUsed;
  readonly memory: MemoryMeter;
  readonly trace: (Trace & { readonly stacks: readonly StackReading[] }) | null;
  /** Why there is no trace although one was asked for. */
  readonly untraced: Stated<Degradation> | null;
}

async function assemble(
  { name, profile, arm, kernel, repetition, regionBytes }: RunInput,
  cpuCount: number,
  { startedAt, workload, result, sampled, machine, loads, log, used, memory, trace, untraced }: Measured,
): Promise<ExecutedRun> {
  // Only now: what a guest loads before its first run is a part of its boot.
  const [{ listed }, { traceModel }, { attributeRun }] = await Promise.all([
    import('../../attribution/attribute.js'),
    import('../../attribution/trace-model.js'),
    import('./attribute-run.js'),
  ]);
  const { board } = workload;
  const { samples } = sampled;
  const after = workload.afterwards();
  const events =
    after.jvm === null ? [] : analyseLog(after.jvm.log, result.go_ns, result.window, board.stallThreshold_ns);
  const threadIds = board.threadIds();
  const measured = analyseRun(
    {
      threads: board.threads,
      series: board.series,
      stallThreshold_ns: board.stallThreshold_ns,
      tids: threadIds.map(({ tid }) => tid),
    },
    result,
    samples,
  );
  const evidence = runEvidence({
    arm,
    kernelRelease: release(),
    analysis: measured,
    threadIds,
    samples,
    // A stall of the window may begin in the warm-up or end in the drain.
    events:
      after.jvm === null
        ? []
        : eventsInWindow(after.jvm.log, result.go_ns, {
            ...result.window,
            windowStart_ns: -Infinity,
            windowEnd_ns: Infinity,
          }),
    steal: stealBetween(loads, result.go_ns, cpuCount),
    cpuCount,
    watched: new Map(
      after.jvm?.threads.flatMap(({ tid, actual }) => (actual === null ? [] : [[tid, actual.nice] as const])),
    ),
    missing: [
      ...(after.jvm?.log.problems ?? []),
      ...(trace?.missingEvents ?? []).map((event) => statedMissing({ code: 'trace-event-missing', event })),
      ...[trace?.outside.problem ?? []].flat().map(statedMissing),
    ],
    trace:
      trace === null
        ? null
        : {
            ...trace,
            model: traceModel(
              trace.events,
              { start_ns: trace.coveredFrom_ns, end_ns: trace.coveredTo_ns },
              trace.outside.from_ns,
            ),
          },
  });
  const { analysis, stalls, blocked } = attributeRun(measured, evidence, result.window);
  const refusals = analysis.series.flatMap(({ name: series, figures }) =>
    Object.entries(figures.refused).map(([errno, count]) =>
      stated({ code: 'operations-refused', series, errno, count }),
    ),
  );
  const failures = [
    ...(result.failure === null ? [] : [sayFailure(result.failure)]),
    ...refusals,
    ...holderRefusals(board, result),
    ...churnRefusals(board, result),
    ...after.failures,
  ];
  const status = failures.length > 0 ? 'failed' : result.interrupted ? 'partial' : 'complete';
  // A run whose states are unknown is repeated, as one is that the machine has spoiled.
  const unseen = sampled.problem === null ? [] : [sampled.problem];
  // A machine's load over a window that was cut short says little, and such a run is not repeated.
  const disturbances =
    status === 'complete'
      ? [...spoiledBy(machine, profile.spoiled), ...spoiledByStop(samples, result.window, unseen), ...unseen]
      : [];
  const file: RunFile = {
    schemaVersion,
    name,
    arm: arm.name,
    kernel,
    repetition,
    status,
    failures,
    disturbances: disturbances.map(stated),
    degraded: [
      ...workload.degraded,
      ...(status === 'complete' ? [] : unseen),
      ...(untraced === null ? [] : [untraced]),
    ],
    startedAt,
    trace:
      trace === null ? null : { events_n: trace.events.length, lost_n: trace.lost_n, call_ns: { ...trace.call_ns } },
    window: result.window,
    regionBytes,
    machine: { ...machine, guest: null },
    autogroup: workload.autogroup,
    memoryLocked: board.memoryLocked(),
    layout: workload.layout,
    priorities: workload.priorities.map((one) => ({
      ...one,
      cpus: [...one.cpus],
      problems: [...one.problems],
      actual: one.actual === null ? null : { ...one.actual, cpus: [...one.actual.cpus] },
    })),
    holder: analysis.holder?.figures ?? null,
    cpuMax: after.cpuMax ?? null,
    memoryUse: memoryOf(memory, after),
    jvm: after.jvm === null ? null : jvmOf(after.jvm, events, used),
    churn: after.churn === null ? null : churnOf(after.churn),
    unproven: unprovenIn(after),
    series: analysis.series.map(({ figures }) => figures),
    blocked,
  };
  const slow = analysis.series.flatMap((series) => series.slow);
  const listing: StallsFile = {
    schemaVersion,
    trace: trace === null ? null : traceFigures(trace),
    stalls: stalls.map(listed),
    slow,
  };
  return {
    file,
    analysis,
    log: events,
    files: {
      ...workload.logs(),
      'histograms.hlog': log.finish(result) + owedLines(analysis, result) + eventLines(events, result),
      'stalls.json': `${JSON.stringify(listing)}\n`,
    },
  };
}

function traceFigures({
  events,
  lost_n,
  coveredFrom_ns,
  coveredTo_ns,
  missingEvents,
  call_ns,
  stacks,
}: NonNullable<Measured['trace']>): TraceFigures {
  return {
    events_n: events.length,
    call_ns: { ...call_ns },
    lost_n,
    coveredFrom_ns,
    coveredTo_ns,
    missingEvents: [...missingEvents],
    stacks_n: stacks.length,
  };
}

interface CpuUsed {
  readonly cpu_ns: number;
  readonly over_ns: number;
}

/** CPU time of the process with the victims; what a JVM's probes cost is seen in it. */
function cpuMeter({ victimsPid }: PreparedWorkload) {
  const now_ns = (): number => cpuTimeOf(victimsPid);
  const reading = (): CpuUsed => ({ cpu_ns: now_ns(), over_ns: Number(process.hrtime.bigint()) });
  let begin: CpuUsed = { cpu_ns: 0, over_ns: 0 };
  let end = begin;
  return {
    start: () => {
      begin = end = reading();
    },
    stop: () => {
      end = reading();
    },
    used: (): CpuUsed => ({ cpu_ns: Math.max(0, end.cpu_ns - begin.cpu_ns), over_ns: end.over_ns - begin.over_ns }),
  };
}

function memoryOf(meter: MemoryMeter, { pssBytes }: Afterwards): RunFile['memoryUse'] {
  const use = meter.use(pssBytes);
  return use === null ? null : { ...use, processes: use.processes.map((one) => ({ ...one })) };
}

function jvmOf(
  { processes, threads, log }: JvmAfterwards,
  events: readonly LogRun[],
  { cpu_ns, over_ns }: CpuUsed,
): RunFile['jvm'] {
  return {
    processes: processes.map((process) => ({ ...process })),
    threads: threads.map(watchedOf),
    log: events.map(({ name }) => logFigures(name, events)),
    logProblems: [...log.problems],
    cpu_ns,
    cpuOver_ns: over_ns,
  };
}

function churnOf({ processes, threads, tallies }: ChurnAfterwards): RunFile['churn'] {
  return {
    processes: processes.map((process) => ({ ...process })),
    threads: threads.map(watchedOf),
    tallies: tallies === null ? null : tallies.map((tally) => ({ ...tally })),
  };
}

function watchedOf({
  pattern,
  pid,
  tid,
  name,
  seenAfter_ns,
  delay_ns,
  actual,
  problems,
}: WatchedThread): NonNullable<RunFile['jvm']>['threads'][number] {
  return {
    pattern,
    pid,
    tid,
    name,
    seenAfter_ns,
    delay_ns,
    actual: actual === null ? null : { ...actual, cpus: [...actual.cpus] },
    problems: [...problems],
  };
}

function unprovenIn({ jvm, churn }: Afterwards): RunFile['unproven'] {
  return [...(jvm?.processes ?? []), ...(churn?.processes ?? [])].flatMap(({ name, allocator }) =>
    allocator === null ? [] : unprovenOf(name, allocator),
  );
}

/** Of a JVM's log each series is one interval, the window. */
function eventLines(events: readonly LogRun[], { window }: WindowResult): string {
  return events
    .filter(({ counts }) => counts.n > 0)
    .map(({ name, counts }) => hlogLine(name, window.windowStart_ns, window.windowEnd_ns, counts))
    .join('');
}

function holderRefusals(board: Board, { last }: WindowResult): StatedFailure[] {
  return board.threads
    .filter(({ role }) => role === 'holder')
    .flatMap(({ index, name }) => {
      const state = last.threads[index];
      return state === undefined || state.refused_n === 0
        ? []
        : [
            stated({
              code: 'holder-refused',
              thread: name,
              errno: String(state.refused_errno),
              count: state.refused_n,
            }),
          ];
    });
}

/** Without these blocks the churn was another one. */
function churnRefusals(board: Board, { last }: WindowResult): StatedFailure[] {
  return board.threads
    .filter(({ role }) => role === 'load')
    .flatMap(({ index, name }) => {
      const refused_n = last.threads[index]?.refused_n ?? 0;
      return refused_n === 0 ? [] : [stated({ code: 'malloc-refused', thread: name, count: refused_n })];
    });
}

/** Response times of operations that were never served, censored; with them the log sums to the figures. */
function owedLines({ series }: RunAnalysis, { window }: WindowResult): string {
  return series
    .filter(({ owed }) => owed.n > 0)
    .map(({ name, owed }) => hlogLine(`${name}.owed`, window.windowStart_ns, window.windowEnd_ns, owed))
    .join('');
}

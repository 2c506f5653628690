/** One run of one arm: a fresh workload process, its window, its figures, its files. */
import { unfit } from '../base/failure.js';
import { schemaVersion, type RunFile } from '../bundle/schema.js';
import type { CpuTopology } from '../host/cpus.js';
import { loadBetween, readLoad, type LoadReading } from '../host/load.js';
import type { ResolvedArm, ResolvedProfile } from '../profile/resolved.js';
import type { Board, RelativeWindow } from '../record/board.js';
import { hlogLine } from '../record/hlog.js';
import type { SampleStream } from '../record/samples.js';
import type { BoardSnapshot } from '../record/snapshot.js';
import { prepareWorkload } from '../workload/prepare.js';
import type { PreparedWorkload } from '../workload/prepared.js';
import { startSampler } from '../workload/sampler.js';
import { runWindow, type WindowResult } from '../workload/window.js';
import { analyseRun } from './analyse.js';
import { runLog, type RunLog } from './run-log.js';
import { spoiledBy } from './spoiled.js';
import type { FinishedRun } from './summarise.js';

export interface RunInput {
  /** Folder name in the bundle. */
  readonly name: string;
  readonly profile: ResolvedProfile;
  readonly arm: ResolvedArm;
  readonly repetition: number;
  readonly regionBytes: number;
  readonly topology: CpuTopology;
  readonly allowDegraded: boolean;
  readonly interrupted: Promise<unknown>;
  readonly onPhase: (phase: 'preparing' | 'measuring' | 'analysing', pids: readonly number[]) => void;
  readonly onSnapshot: (snapshot: BoardSnapshot, window: RelativeWindow) => void;
}

export interface RunOutput extends FinishedRun {
  /** The run's other files, by name. */
  readonly files: Readonly<Record<string, string>>;
}

export async function executeRun(input: RunInput): Promise<RunOutput> {
  const { profile, arm, regionBytes, topology, onPhase } = input;
  onPhase('preparing', []);
  const startedAt = new Date().toISOString();
  const workload = await prepareWorkload({ ...profile, arm, regionBytes, topology });
  try {
    if (workload.degraded.length > 0 && !input.allowDegraded) {
      throw unfit(`${workload.degraded.join('; ')} (--allow-degraded runs all the same and marks the result)`);
    }
    const sampler = await startSampler(workload);
    const pids = [...workload.pids, sampler.pid];
    onPhase('measuring', workload.pids);
    const log = runLog(workload.board);
    let before = readLoad(pids);
    let after: LoadReading | undefined;
    const result = await runWindow(workload, profile, {
      interrupted: input.interrupted,
      onSnapshot: (snapshot, window) => {
        log.add(snapshot, window);
        input.onSnapshot(snapshot, window);
      },
      onWindowStart: () => { before = readLoad(pids); },
      onWindowEnd: () => { after = readLoad(pids); },
    });
    onPhase('analysing', workload.pids);
    const samples = await sampler.finish(result.go_ns);
    const machine = loadBetween(before, after ?? readLoad(pids), topology.allowed.length);
    return assemble(input, { startedAt, workload, result, samples, machine, log });
  } finally {
    await workload.dispose();
  }
}

interface Measured {
  readonly startedAt: string;
  readonly workload: PreparedWorkload;
  readonly result: WindowResult;
  readonly samples: SampleStream;
  readonly machine: RunFile['machine'];
  readonly log: RunLog;
}

function assemble({ name, profile, arm, repetition, regionBytes }: RunInput, { startedAt, workload, result, samples, machine, log }: Measured): RunOutput {
  const { board } = workload;
  const tids = board.threadIds().map(({ tid }) => tid);
  const analysis = analyseRun({ threads: board.threads, series: board.series, stallThreshold_ns: board.stallThreshold_ns, tids }, result, samples);
  const refusals = analysis.series.flatMap(({ name: series, figures }) => Object.entries(figures.refused).map(([errno, count]) => `the kernel refused ${count} operations of ${series} with ${errno}`));
  const failures = [...(result.failure === null ? [] : [result.failure.message]), ...refusals, ...holderRefusals(board, result)];
  const status = failures.length > 0 ? 'failed' : result.interrupted ? 'partial' : 'complete';
  const file: RunFile = {
    schemaVersion,
    name,
    arm: arm.name,
    repetition,
    status,
    failure: failures.length === 0 ? null : failures.join('; '),
    // A machine's load over a window that was cut short says little, and such a run is not repeated.
    spoiled: status === 'complete' ? spoiledBy(machine, profile.spoiled) : [],
    degraded: [...workload.degraded],
    startedAt,
    window: result.window,
    regionBytes,
    machine,
    autogroup: workload.autogroup,
    memoryLocked: board.memoryLocked(),
    layout: workload.layout,
    priorities: workload.priorities.map((one) => ({ ...one, cpus: [...one.cpus], problems: [...one.problems], actual: one.actual === null ? null : { ...one.actual, cpus: [...one.actual.cpus] } })),
    holder: analysis.holder?.figures ?? null,
    series: analysis.series.map(({ figures }) => figures),
  };
  const stalls = analysis.series.flatMap((series) => series.stalls);
  const slow = analysis.series.flatMap((series) => series.slow);
  return {
    file,
    analysis,
    files: { ...workload.logs(), 'histograms.hlog': log.finish(result) + owedLines(analysis, result), 'stalls.json': `${JSON.stringify({ schemaVersion, stalls, slow }, null, 1)}\n` },
  };
}

function holderRefusals(board: Board, { last }: WindowResult): string[] {
  return board.threads
    .filter(({ role }) => role === 'holder')
    .flatMap(({ index, name }) => {
      const state = last.threads[index];
      return state === undefined || state.refused_n === 0 ? [] : [`the kernel refused ${state.refused_n} calls of the ${name} with ${String(state.refused_errno)}`];
    });
}

/** Response times of operations that were never served, censored; with them the log sums to the figures. */
function owedLines({ series }: FinishedRun['analysis'], { window }: WindowResult): string {
  return series
    .filter(({ owed }) => owed.n > 0)
    .map(({ name, owed }) => hlogLine(`${name}.owed`, window.windowStart_ns, window.windowEnd_ns, owed))
    .join('');
}

/** A trial: a holder that is preempted inside its calls, and victims that may have to wait for it. */
import { cleanUp } from '../base/clean-up.js';
import { unfit, workloadFailed } from '../base/failure.js';
import { nativeAddon } from '../base/native.js';
import type { NativeArm, ResolvedVictim } from '../profile/resolved/resolved.js';
import {
  operationNamed,
  type HolderOperation,
  type VictimLayout,
  type VictimOperation,
} from '../catalogue/operations.js';
import type { CpuTopology } from '../host/cpus.js';
import type { Board } from '../record/board/board.js';
import { takeSnapshot } from '../record/board/snapshot.js';
import { analyseRun, type SeriesRun } from '../experiment/run/analyse.js';
import { prepareWorkload } from '../workload/prepare.js';
import { startSampler } from '../workload/watch/sampler.js';
import { runWindow } from '../workload/window.js';
import { blockedFrom_ns, heldFrom_ns, type Seen, type OperationTime } from './lock-verdict.js';
import type { Means } from './means.js';

/** A call whose lock is tested. */
export interface Probe {
  readonly operation: VictimOperation;
  readonly layout: VictimLayout;
}

export interface TrialHolder {
  readonly operation: HolderOperation;
  readonly regionBytes: number;
  /** Its range spans two VMAs, so that even calls with per-VMA locks take mmap_lock. */
  readonly crossing: boolean;
}

export interface TrialInput {
  readonly holder: TrialHolder;
  readonly probes: readonly Probe[];
  readonly means: Means;
  readonly topology: CpuTopology;
  /** The trial may end once each of these was blocked. */
  readonly enough?: readonly Probe[];
  /** These take turns, with an operation each, far enough apart that a wait rarely reaches into the next turn. */
  readonly inTurn?: readonly Probe[];
  /**
   * 1, 2, …: lengthens the trial, because a loaded machine may show in twice the time what it did not show before;
   * turns come at other moments.
   */
  readonly patience?: number;
  /** Resolves when the trial should be cut short, and its result is not needed. */
  readonly interrupted?: Promise<unknown>;
}

export interface TrialResult {
  seen(probe: Probe): Seen;
  /** Its operations of at least 50 ms that it spent waiting. */
  waits(probe: Probe): readonly OperationTime[];
  /** The holder's calls inside which it was off its CPU for long. */
  readonly held_n: number;
}

const warmup_ns = 20_000_000;
const duration_ns = 800_000_000;
const drain_ns = 1_500_000_000;
/**
 * Fifty operations a second for each: about fifty victims share a CPU, and must not wait for it. A walk of all page
 * tables takes milliseconds.
 */
const interval_ns = 20_000_000;
const walkInterval_ns = 60_000_000;
const schedFifo = 1;

/**
 * Later at each attempt, so that a call that came at a bad moment, just before the hog left, comes at another moment.
 */
const laterEachTime_ns = 37_000_000;
const turnOf = ({ turn_ns }: Means, patience: number): number => turn_ns + (patience - 1) * laterEachTime_ns;

export const seriesOf = ({ operation, layout }: Probe): string => `${layout}.${operation}`;

export function trialArm({
  holder,
  probes,
  means,
  inTurn = [],
  patience = 1,
}: Pick<TrialInput, 'probes' | 'means' | 'inTurn' | 'patience'> & {
  holder: Omit<TrialHolder, 'regionBytes'>;
}): NativeArm {
  const cpus = { kind: 'first' } as const;
  const victims = probes.map((probe): ResolvedVictim => ({
    series: seriesOf(probe),
    role: probe.layout,
    operation: probe.operation,
    layout: probe.layout,
    // The plan spreads first operations over an interval, which gives calls their turns.
    interval_ns: inTurn.includes(probe)
      ? probes.length * turnOf(means, patience)
      : operationNamed(probe.operation).family === 'proc'
        ? walkInterval_ns
        : interval_ns,
    ...means.victim,
    cpus: { kind: 'second' },
  }));
  return {
    kind: 'native',
    name: 'lock-table',
    title: 'the lock of a call',
    control: null,
    stall: { aim_ns: 0, leastHold_ns: 0 },
    layout: holder.crossing ? 'split' : 'isolated',
    holder: {
      operation: holder.operation,
      ...means.holder,
      cpus,
      pause_ns: 0,
      region: { kind: 'calibrated' },
      pages: 'small',
      toucher: null,
      process: 'same',
      active: true,
    },
    hogs: { count: 1, ...means.hog, cpus },
    victims,
    series: victims.map(({ series }) => series),
  };
}

export async function runTrial(input: TrialInput): Promise<TrialResult> {
  const { holder, probes, means, topology, inTurn, patience = 1 } = input;
  const arm = trialArm(input);
  const times = {
    warmup_ns,
    drain_ns,
    duration_ns: inTurn === undefined ? duration_ns * patience : probes.length * turnOf(means, patience),
  };
  const workload = await prepareWorkload({
    arm,
    ...times,
    regionBytes: holder.regionBytes,
    threshold_ns: blockedFrom_ns,
    topology,
    interrupted: input.interrupted,
  });
  try {
    const [problem] = workload.degraded;
    if (problem !== undefined) throw unfit(`locks cannot be found here: ${problem.sentence}`);
    const sampler = await startSampler(workload);
    if (means.watcherPriority !== null)
      for (const pid of [...workload.pids, sampler.pid]) nativeAddon().setPolicy(pid, schedFifo, means.watcherPriority);
    const watch = watchFor(workload.board, (input.enough ?? []).map(seriesOf));
    const result = await runWindow(workload, times, {
      interrupted: Promise.race([watch.allBlocked, ...(input.interrupted === undefined ? [] : [input.interrupted])]),
    }).finally(watch.stop);
    const { samples, problem: unseen } = await sampler.finish(result.go_ns, input.interrupted);
    if (result.failure !== null) throw result.failure;
    if (unseen !== null) throw workloadFailed(`this trial cannot find a lock: ${unseen.sentence}; run it again`);
    const { board } = workload;
    const { series } = analyseRun({ ...board, tids: board.threadIds().map(({ tid }) => tid) }, result, samples);
    const thread = board.threads.findIndex(({ role }) => role === 'holder');
    const runOf = (probe: Probe): SeriesRun | undefined => series.find(({ name }) => name === seriesOf(probe));
    return {
      seen: (probe) => seenOf(runOf(probe), probe),
      waits: (probe) => waitsOf(runOf(probe), probe),
      held_n: result.records.filter(
        (call) => call.thread === thread && Math.min(call.runDelay_ns, call.end_ns - call.start_ns) >= heldFrom_ns,
      ).length,
    };
  } finally {
    await cleanUp(() => workload.dispose());
  }
}

const watch_ms = 50;

/** Resolves when each of these series has had an operation above the threshold; never if there are none. */
function watchFor(board: Board, names: readonly string[]): { allBlocked: Promise<void>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(timer);
  };
  const allBlocked = new Promise<void>((resolve) => {
    if (names.length === 0) return;
    timer = setInterval(() => {
      const { series } = takeSnapshot(board);
      if (
        board.series.filter(({ name }) => names.includes(name)).every(({ index }) => (series[index]?.stall_n ?? 0) > 0)
      )
        resolve();
    }, watch_ms);
  });
  return { allBlocked, stop };
}

function seenOf(series: SeriesRun | undefined, probe: Probe): Seen {
  const waits = waitsOf(series, probe);
  return {
    n: series?.service.n ?? 0,
    latest_ns: series?.response?.max_ns ?? Infinity,
    waited_n: waits.length,
    longestWait_ns: Math.max(0, ...waits.map((wait) => wait.duration_ns)),
    unclear_n: (series?.stalls.length ?? 0) - waits.length,
  };
}

/** A thread that starts and joins another sleeps (S) while that thread waits for the lock. */
function waitsOf(series: SeriesRun | undefined, { operation }: Probe): readonly OperationTime[] {
  const sleepsForAnother = operationNamed(operation).sleeps === 'for a thread';
  return (series?.stalls ?? []).filter(({ dominant }) => dominant === 'D' || (dominant === 'S' && sleepsForAnother));
}

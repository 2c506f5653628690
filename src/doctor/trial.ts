/** One trial: a holder that is preempted inside its calls, and victims that may have to wait for it. */
import type { NativeArm, ResolvedVictim } from '../profile/resolved.js';
import type { HolderOperation, VictimLayout, VictimOperation } from '../profile/operations.js';
import type { CpuTopology } from '../host/cpus.js';
import type { Board } from '../record/board.js';
import { takeSnapshot } from '../record/snapshot.js';
import { analyseRun, type SeriesRun } from '../experiment/analyse.js';
import { prepareWorkload } from '../workload/prepare.js';
import { startSampler } from '../workload/sampler.js';
import { runWindow } from '../workload/window.js';
import { blockedFrom_ns, type Seen, type Span } from './lock-verdict.js';

/** A call whose lock is asked for. */
export interface Probe {
  readonly operation: VictimOperation;
  readonly layout: VictimLayout;
}

export interface TrialInput {
  readonly holder: HolderOperation;
  readonly regionBytes: number;
  /** The holder's range spans two VMAs, so that even per-VMA calls take mmap_lock. */
  readonly crossing: boolean;
  readonly probes: readonly Probe[];
  readonly topology: CpuTopology;
  /** The trial may end as soon as each of these was blocked once. */
  readonly enough?: readonly Probe[];
  /** These take turns, one operation each, far enough apart that one's wait seldom reaches into the next one's turn. */
  readonly inTurn?: readonly Probe[];
  /** Lengthens the trial: what a loaded machine did not show in the usual time it may show in twice that. */
  readonly patience?: number;
}

export interface TrialResult {
  seen(probe: Probe): Seen;
  /** Its operations of 50 ms and more that it spent waiting. */
  waits(probe: Probe): readonly Span[];
  /** Longest time that the holder was off its CPU inside a call. */
  readonly heldFor_ns: number;
}

const warmup_ns = 20_000_000;
const duration_ns = 800_000_000;
const drain_ns = 1_500_000_000;
/** Fifty operations a second of each: some fifty victims share a CPU, and must not wait for it. */
const interval_ns = 20_000_000;
/** Longer than a preemption of nice 19 beside one hog lasts: 4 ms × 1024 / 15 = 273 ms. */
const turn_ns = 400_000_000;

export const seriesOf = ({ operation, layout }: Probe): string => `${layout}.${operation}`;

export function trialArm({ holder, crossing, probes, inTurn = [] }: Pick<TrialInput, 'holder' | 'crossing' | 'probes' | 'inTurn'>): NativeArm {
  const onFirst = { policy: 'other', cpus: { kind: 'first' } } as const;
  const victims = probes.map((probe): ResolvedVictim => ({
    series: seriesOf(probe),
    role: probe.layout,
    operation: probe.operation,
    layout: probe.layout,
    // The plan spreads first operations over an interval: those that take turns get theirs by that.
    interval_ns: inTurn.includes(probe) ? probes.length * turn_ns : interval_ns,
    nice: 0,
    policy: 'other',
    cpus: { kind: 'second' },
  }));
  return {
    name: 'lock-table',
    title: 'which lock a call takes',
    control: null,
    jvm: null,
    stall: { aim_ns: 0, leastHold_ns: 0 },
    layout: crossing ? 'split' : 'isolated',
    holder: { operation: holder, nice: 19, ...onFirst, pause_ns: 0, region: { kind: 'calibrated' }, pages: 'small', toucher: null, process: 'same', active: true },
    hogs: { count: 1, nice: 0, ...onFirst, burst: null },
    victims,
    series: victims.map(({ series }) => series),
  };
}

export async function runTrial(input: TrialInput): Promise<TrialResult> {
  const arm = trialArm(input);
  const times = { warmup_ns, drain_ns, duration_ns: input.inTurn === undefined ? duration_ns * (input.patience ?? 1) : input.probes.length * turn_ns };
  const workload = await prepareWorkload({ arm, ...times, regionBytes: input.regionBytes, threshold_ns: blockedFrom_ns, topology: input.topology });
  try {
    const sampler = await startSampler(workload);
    const watch = watchFor(workload.board, (input.enough ?? []).map(seriesOf));
    const result = await runWindow(workload, times, { interrupted: watch.allBlocked }).finally(watch.stop);
    const samples = await sampler.finish(result.go_ns);
    if (result.failure !== null) throw result.failure;
    const { board } = workload;
    const { series } = analyseRun({ ...board, tids: board.threadIds().map(({ tid }) => tid) }, result, samples);
    const holder = board.threads.findIndex(({ role }) => role === 'holder');
    const calls = result.records.filter(({ thread }) => thread === holder);
    const runOf = (probe: Probe): SeriesRun | undefined => series.find(({ name }) => name === seriesOf(probe));
    return {
      seen: (probe) => seenOf(runOf(probe), probe),
      waits: (probe) => waitsOf(runOf(probe), probe),
      heldFor_ns: Math.max(0, ...calls.map(({ start_ns, end_ns, runDelay_ns }) => Math.min(runDelay_ns, end_ns - start_ns))),
    };
  } finally {
    await workload.dispose();
  }
}

const watch_ms = 50;

/** Resolves when each of these series has had an operation of the threshold; never, for none. */
function watchFor(board: Board, names: readonly string[]): { allBlocked: Promise<void>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => { clearInterval(timer); };
  const allBlocked = new Promise<void>((resolve) => {
    if (names.length === 0) return;
    timer = setInterval(() => {
      const { series } = takeSnapshot(board);
      if (board.series.filter(({ name }) => names.includes(name)).every(({ index }) => (series[index]?.stall_n ?? 0) > 0)) resolve();
    }, watch_ms);
  });
  return { allBlocked, stop };
}

function seenOf(series: SeriesRun | undefined, probe: Probe): Seen {
  const waits = waitsOf(series, probe);
  return {
    n: series?.service.n ?? 0,
    max_ns: series?.service.max_ns ?? 0,
    blocked_n: waits.length,
    blocked_ns: waits.reduce((sum, { duration_ns: one }) => sum + one, 0),
    unclear_n: (series?.stalls.length ?? 0) - waits.length,
  };
}

/** Who starts and joins a thread sleeps (S) while that thread waits for the lock. */
function waitsOf(series: SeriesRun | undefined, { operation }: Probe): readonly Span[] {
  const sleepsForAnother = operation.startsWith('thread_');
  return (series?.stalls ?? []).filter(({ dominant }) => dominant === 'D' || (dominant === 'S' && sleepsForAnother));
}

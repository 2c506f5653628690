/** Runs an arm once: a new workload process, its window, its figures, its files. */
import { sentencesOf } from '../../facts/stated.js';
import { cleanUp } from '../../base/clean-up.js';
import { unfit } from '../../base/failure.js';
import type { CpuTopology } from '../../host/cpus.js';
import { prepareWorkload } from '../../workload/prepare.js';
import { FailedStart, orEndOf, withFiles, type PreparedWorkload } from '../../workload/prepared.js';
import { startSampler, type Sampler } from '../../workload/watch/sampler.js';
import { startTracer, type Tracer } from '../../workload/watch/tracer.js';
import { runWindow } from '../../workload/window.js';
import { failedStart } from './failed-start.js';
import type { MeasuredRun } from './measured-run.js';
import { runLog } from './run-log.js';
import { runMeters } from './run-meters.js';
import type { ExecutedRun, RunInput } from './run-request.js';

export type { ExecutedRun, RunInput, RunOutput, RunRequest } from './run-request.js';

export async function executeRun(input: RunInput, topology: CpuTopology): Promise<ExecutedRun> {
  const { profile, arm, regionBytes, onPhase, interrupted } = input;
  onPhase('preparing', []);
  const startedAt = new Date().toISOString();
  const cpuCount = topology.allowed.length;
  const failedBefore = (failure: FailedStart): ExecutedRun =>
    failedStart({ request: input, startedAt, failure, files: failure.files });
  let workload: PreparedWorkload;
  try {
    workload = await prepareWorkload({ ...profile, arm, regionBytes, topology, interrupted });
  } catch (error) {
    if (error instanceof FailedStart) return failedBefore(error);
    throw error;
  }
  let hasBegun = false;
  const started: Abandoned[] = [];
  try {
    refuseDegraded(workload, input);
    const observers = await startObservers(workload, { ...input, cpuCount, started });
    onPhase('measuring', workload.pids);
    hasBegun = true;
    const measured = await measure(workload, observers, { ...input, cpus: topology.allowed, startedAt });
    // Loaded only now: modules that a guest loads before its first run prolong its boot.
    const { assembleRun } = await import('./assemble-run.js');
    return assembleRun(input, measured);
  } catch (error) {
    const failure = hasBegun ? error : startFailure(workload, error);
    if (failure instanceof FailedStart) return failedBefore(failure);
    throw failure;
  } finally {
    await cleanUp(...started.map((observer) => () => observer.abandon()), () => workload.dispose());
  }
}

function refuseDegraded({ degraded }: PreparedWorkload, { allowDegraded }: RunInput): void {
  if (degraded.length > 0 && !allowDegraded)
    throw unfit(`${sentencesOf(degraded).join('; ')} (--allow-degraded runs nevertheless and marks the result)`);
}

/** If a process of the workload ended, that is why the start failed. The failure has the files that were written. */
function startFailure(workload: PreparedWorkload, error: unknown): unknown {
  const pids = [...workload.pids, ...workload.board.threadIds().map(({ tid }) => tid)];
  return withFiles(orEndOf(pids, error), () => workload.logs());
}

type Abandoned = Pick<Sampler, 'abandon'>;

interface Observers {
  readonly sampler: Sampler;
  /** Null for a run without --trace. */
  readonly tracer: Tracer | null;
}

/** `started` receives each observer once it runs, because a later observer may fail to start. */
async function startObservers(
  workload: PreparedWorkload,
  {
    trace,
    interrupted,
    cpuCount,
    started,
  }: Pick<RunInput, 'trace' | 'interrupted'> & { readonly cpuCount: number; readonly started: Abandoned[] },
): Promise<Observers> {
  const sampler = await startSampler(workload, { withStacks: trace });
  started.push(sampler);
  if (!trace) return { sampler, tracer: null };
  const tracer = await startTracer(workload, cpuCount, interrupted);
  started.push(tracer);
  return { sampler, tracer };
}

async function measure(
  workload: PreparedWorkload,
  { sampler, tracer }: Observers,
  input: RunInput & Pick<MeasuredRun, 'startedAt'> & { readonly cpus: readonly number[] },
): Promise<MeasuredRun> {
  const { profile, interrupted, cpus, startedAt, onPhase, onSnapshot } = input;
  const log = runLog(workload.board);
  const pids = [...workload.pids, sampler.pid, ...(tracer === null ? [] : [tracer.pid])];
  const meters = runMeters(workload, pids, cpus);
  const result = await runWindow(workload, profile, {
    interrupted,
    onSnapshot: (snapshot, window) => {
      log.add(snapshot, window);
      meters.onSnapshot();
      onSnapshot(snapshot, window);
    },
    onWindowStart: () => {
      meters.onWindowStart();
    },
    onWindowEnd: () => {
      meters.onWindowEnd();
    },
    onWorkEnd: () => {
      meters.onWorkEnd();
      tracer?.stop();
    },
  });
  onPhase('analysing', workload.pids);
  const sampled = await sampler.finish(result.go_ns, interrupted);
  const traced = tracer === null ? null : await tracer.finish(result.go_ns, interrupted);
  const trace = traced?.trace ?? null;
  return {
    startedAt,
    workload,
    result,
    sampled,
    log,
    trace: trace === null ? null : { ...trace, stacks: sampler.stacks(result.go_ns) },
    untraced: traced?.problem ?? null,
    ...meters.readings(),
  };
}

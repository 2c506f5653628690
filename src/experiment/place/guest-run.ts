/** A run in a guest, with what only the host sees of it. */
import { listen } from '../../base/clock.js';
import { Failure, workloadFailed } from '../../base/failure.js';
import { MachineLost, runDelayOf, type Machine } from '../../kernel/guest/guest-machine.js';
import type { StatedFailure } from '../../words/failure-words.js';
import { stated } from '../../words/run-words.js';
import { failedStart } from '../run/failed-start.js';
import type { RunInput, RunOutput, RunRequest } from '../run/one-run.js';
import { spoiledByHost } from '../run/spoiled.js';
import { ask } from './guest-ask.js';
import type { Request } from './said.js';
import { mostStarts, startedAgain } from './started-again.js';

/** Time beyond warm-up, window and drain, to map and touch the region and to read the board on an emulated CPU. */
const runGrace_ms = 240_000;
/** Time to end an interrupted run and to send its results. */
const end_ms = 20_000;
const emulatedEnd_ms = 45_000;

/**
 * A JVM changes its code, so faults of the emulation may crash it, as they may crash a kernel. A crash inside the
 * window is a failure nevertheless.
 */
export function runInGuest(
  machine: Machine,
  input: RunInput,
  { emulated, note }: { readonly emulated: boolean; readonly note: (text: string) => void },
): Promise<RunOutput> {
  const attempt = async (failures: readonly StatedFailure[]): Promise<RunOutput> => {
    const output = await runOnce(machine, input, { failedStarts: failures, emulated });
    const {
      series,
      failures: [failure],
    } = output.file;
    // After the last attempt the run is kept, with its report.
    if (emulated && failures.length < mostStarts - 1 && failure?.code === 'jvm-crashed' && series.length === 0)
      throw new Failure('jvm-crashed', `in the guest: ${failure.sentence}`);
    return output;
  };
  return startedAgain(attempt, {
    emulated,
    mayBeEmulation: 'jvm-crashed',
    verb: 'started',
    note,
  });
}

async function runOnce(
  machine: Machine,
  input: RunInput,
  { failedStarts, emulated }: { readonly failedStarts: readonly StatedFailure[]; readonly emulated: boolean },
): Promise<RunOutput> {
  const { name, profile, arm, kernel, repetition, regionBytes, allowDegraded, trace, interrupted, onPhase } = input;
  const run: RunRequest = { name, profile, arm, kernel, repetition, regionBytes, allowDegraded, trace };
  const { warmup_ns, duration_ns, drain_ns } = run.profile;
  const readings: ClockReading[] = [];
  const startedAt = new Date().toISOString();
  const ending = { wasInterrupted: false };
  const stopListening = listen(interrupted, () => {
    ending.wasInterrupted = true;
    machine.send({ type: 'interrupt' } satisfies Request);
  });
  try {
    const ran = await ask(
      machine,
      { type: 'run', run },
      {
        deadline_ms: (warmup_ns + duration_ns + drain_ns) / 1e6 + runGrace_ms,
        interrupted,
        grace_ms: emulated ? emulatedEnd_ms : end_ms,
      },
      (answer) => {
        if (answer.type === 'phase') {
          if (answer.phase !== 'preparing')
            readings.push({
              host_ns: Number(process.hrtime.bigint()),
              guest_ns: answer.clock_ns,
              delay_ns: runDelayOf(machine),
            });
          onPhase(answer.phase, []);
        }
        return answer.type === 'ran' ? answer : undefined;
      },
    );
    return seenFromHost(ran, run, { readings, failedStarts, vcpus_n: machine.vcpus.length });
  } catch (error) {
    if (!(error instanceof MachineLost)) throw error;
    return lostRun(machine, run, {
      error,
      startedAt,
      failedStarts,
      wasInterrupted: ending.wasInterrupted,
    });
  } finally {
    stopListening();
  }
}

interface Lost {
  readonly error: MachineLost;
  readonly startedAt?: string;
  readonly failedStarts?: readonly StatedFailure[];
  /** The user had ended the run, and its results did not arrive. */
  readonly wasInterrupted?: boolean;
}

/** The record of a run whose guest is gone, in the run or before it. */
export function lostRun(
  machine: Pick<Machine, 'vcpus' | 'console'>,
  request: RunRequest,
  { error, startedAt = new Date().toISOString(), failedStarts = [], wasInterrupted = false }: Lost,
): RunOutput {
  // A guest sends a run after its end: during the window its CPUs serve the measurement only.
  const failure = {
    code: error.code,
    message: `${error.message}; the guest had sent no part of this run, so the run has no figures`,
  };
  const lost = failedStart({
    request,
    startedAt,
    failure,
    files: { 'console.log': machine.console() },
  });
  const file = withoutReadings(lost.file, failedStarts);
  return { ...lost, file: wasInterrupted ? { ...file, status: 'partial', interrupted: true } : file };
}

/** Both clocks at the same instant, and how long the guest's CPUs had waited for a CPU of the host until then. */
interface ClockReading {
  readonly host_ns: number;
  readonly guest_ns: number;
  readonly delay_ns: number;
}

interface HostView {
  /** At the beginning of the run and at its end. */
  readonly readings: readonly ClockReading[];
  readonly failedStarts: readonly StatedFailure[];
  readonly vcpus_n: number;
}

/** A guest's run, with the disturbances by the host. */
function seenFromHost(ran: RunOutput, run: RunRequest, { readings, failedStarts, vcpus_n }: HostView): RunOutput {
  const { file } = ran;
  if (file.name !== run.name || file.arm !== run.arm.name || file.repetition !== run.repetition)
    throw workloadFailed(`the guest sent the run ${file.name} instead of ${run.name}`);
  // A run that failed before its window has no readings.
  if (file.status === 'failed' && file.series.length === 0)
    return { ...ran, file: { ...withoutReadings(file, failedStarts), kernel: run.kernel } };
  const [before, after] = readings;
  if (before === undefined || after === undefined || after.host_ns <= before.host_ns)
    throw workloadFailed('the guest did not report when its run began and ended');
  const passed_ns = after.host_ns - before.host_ns;
  const measured = {
    runDelay_share: (after.delay_ns - before.delay_ns) / (passed_ns * vcpus_n),
    clock_ratio: (after.guest_ns - before.guest_ns) / passed_ns,
  };
  const guest = { ...measured, failedStarts: [...failedStarts] };
  const isComplete = file.status === 'complete';
  const byHost = isComplete ? spoiledByHost(measured, passed_ns, run.profile.spoiled) : [];
  const disturbances = isComplete ? [...file.disturbances, ...byHost.map(stated)] : [];
  return { ...ran, file: { ...file, kernel: run.kernel, disturbances, machine: { ...file.machine, guest } } };
}

/** Of a run that has no window. */
function withoutReadings(file: RunOutput['file'], failedStarts: readonly StatedFailure[]): RunOutput['file'] {
  const guest = { runDelay_share: null, clock_ratio: null, failedStarts: [...failedStarts] };
  return { ...file, machine: { ...file.machine, guest } };
}

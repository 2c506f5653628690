/**
 * A guest as a place. The host boots it with KVM if that works, else with TCG, and sends requests to the agent in it.
 */
import { createHash } from 'node:crypto';
import { sayFailure, type StatedFailure } from '../../words/failure-words.js';
import { stated } from '../../words/run-words.js';
import { cleanUp } from '../../base/clean-up.js';
import { listen, unlessInterrupted } from '../../base/clock.js';
import { Failure, unfit, usage, workloadFailed, type FailureCode } from '../../base/failure.js';
import type { KernelRecord } from '../../bundle/bundle-schema.js';
import { formatSize } from '../../base/text/units.js';
import { cpuTopology } from '../../host/cpus.js';
import { availableMemoryBytes } from '../../host/memory.js';
import { readConfig } from '../../kernel/image/config-file.js';
import type { GuestImage } from '../../kernel/guest/guest-image.js';
import type { KernelImage } from '../../kernel/image/kernel.js';
import {
  bootMachine,
  MachineLost,
  pinVcpus,
  runDelayOf,
  type BootInput,
  type Machine,
  type RequestDeadline,
} from '../../kernel/guest/guest-machine.js';
import { withoutKvm, type Accelerator, type GuestSettings, type Qemu } from '../../kernel/guest/qemu.js';
import { failedStart } from '../run/failed-start.js';
import type { RunInput, RunOutput, RunRequest } from '../run/one-run.js';
import type { Place } from './place.js';
import { spoiledByHost } from '../run/spoiled.js';
import type { Request } from './said.js';
import { kvmDeadline_ms, tryKvm } from './try-kvm.js';
import { answerSchema, type Answer } from './wire.js';

export interface GuestInput {
  /** The name in the summary: unique among the places of the experiment. */
  readonly name: string;
  readonly label: string | null;
  readonly kernel: KernelImage;
  readonly qemu: Qemu;
  readonly image: GuestImage;
  readonly settings: GuestSettings;
  readonly bootDeadline_ms: number;
  /** Differences from the first kernel of the experiment. */
  readonly differences: KernelRecord['differences'];
  readonly oneTree: KernelRecord['oneTree'];
}

/** State that the guests of an experiment share. */
export interface GuestSession {
  readonly interrupted: Promise<unknown>;
  readonly progress: (text: string) => void;
  /** Why KVM does not work; null: it works; undefined: not tried yet. */
  withoutKvm: string | null | undefined;
}

const setUpDeadline_ms = 60_000;
const sizeDeadline_ms = 900_000;
/** A lock table takes a minute on real CPUs. */
const timesUnderTcg = 2;
/** Most starts of a kernel or a JVM under TCG. */
const mostStarts = 3;
/** Time beyond warm-up, window and drain, to map and touch the region and to read the board on an emulated CPU. */
const runGrace_ms = 240_000;
/** Time to end an interrupted run and to send its results. */
const end_ms = 20_000;
const emulatedEnd_ms = 45_000;

export async function openGuest(input: GuestInput, session: GuestSession): Promise<Place> {
  const { name, kernel, settings } = input;
  refuseTooSmall(input);
  session.progress(`booting ${name}`);
  const { machine, accelerator, failures } = await bootAtAll(input, session);
  try {
    const hello = answerSchema.safeParse(machine.hello);
    if (!hello.success || hello.data.type !== 'hello')
      throw workloadFailed(`the guest with ${kernel.release} sent no valid greeting of this pauselab`);
    refuseWrongClock(hello.data.uptime_s, machine);
    const allowed = cpuTopology().allowed;
    const pinnedTo = pinVcpus(machine.vcpus, allowed) ? allowed.slice(0, machine.vcpus.length) : null;
    const config = kernel.config === null ? null : readConfig(kernel.config);
    const { facts, mitigations } = await ask(
      machine,
      { type: 'set-up', release: kernel.release, config, feature: settings.feature },
      { deadline_ms: setUpDeadline_ms, interrupted: session.interrupted },
      (answer) => (answer.type === 'facts' ? answer : undefined),
    );
    if (facts.kernel !== kernel.release)
      throw workloadFailed(`the guest runs ${facts.kernel}; ${kernel.asked} should be ${kernel.release}`);
    if (settings.preempt !== null && facts.preemption !== settings.preempt)
      throw unfit(
        `${name} was booted with preempt=${settings.preempt} and runs ${facts.preemption ?? 'an unknown model'}; choose a model of this kernel (\`pauselab kernels show ${kernel.asked}\`)`,
      );
    if (settings.feature !== null && facts.schedFeatures?.includes(settings.feature) !== true)
      throw workloadFailed(
        `${name} was to have the scheduler feature ${settings.feature}, and its kernel does not list it; repeat the run, and report it if it fails again`,
      );
    return {
      kernel: kernelRecord(input, machine, {
        facts: { ...facts, mitigations },
        config,
        accelerator,
        withoutKvm: session.withoutKvm ?? null,
        pinnedTo,
        bootFailures: [...failures],
      }),
      async size(profile, arms, progress, interrupted) {
        const asked = ask(machine, { type: 'size', profile, arms }, { deadline_ms: sizeDeadline_ms }, (answer) => {
          if (answer.type === 'progress') progress(`${answer.text} on ${name}`);
          return answer.type === 'sized' ? answer : undefined;
        });
        const sized = await unlessInterrupted(asked, interrupted, 'the regions were sized');
        return new Map(sized.regions);
      },
      examine: (progress, only) =>
        ask(
          machine,
          { type: 'examine', times: accelerator === 'tcg' ? timesUnderTcg : 1, only },
          { deadline_ms: sizeDeadline_ms },
          (answer) => {
            if (answer.type === 'progress') progress(`${answer.text} on ${name}`);
            return answer.type === 'examined' ? answer : undefined;
          },
        ),
      run: (run) => runInGuest(machine, run, { emulated: accelerator === 'tcg', progress: session.progress }),
      pause: () => machine.pause(),
      resume: () => machine.resume(),
      close: () => machine.close(),
      console: () => machine.console(),
    };
  } catch (error) {
    await cleanUp(() => machine.close());
    throw error;
  }
}

type GuestRecord = NonNullable<KernelRecord['guest']>;

/** Facts that are known once the guest runs. */
interface Found extends Pick<GuestRecord, 'accelerator' | 'withoutKvm' | 'pinnedTo' | 'bootFailures'> {
  readonly facts: KernelRecord['facts'];
  readonly config: string | null;
}

function kernelRecord(
  { name, label, kernel, qemu, image, settings, differences, oneTree }: GuestInput,
  machine: Machine,
  { facts, config, ...found }: Found,
): KernelRecord {
  return {
    name,
    label,
    asked: kernel.asked,
    release: kernel.release,
    facts,
    differences,
    oneTree,
    ...(settings.feature === null ? {} : { feature: settings.feature }),
    guest: {
      origin: { ...kernel.origin },
      sha256: kernel.sha256,
      configSha256: config === null ? null : createHash('sha256').update(config).digest('hex'),
      commandLine: machine.commandLine,
      preempt: settings.preempt,
      qemu: qemu.version,
      cpus: settings.cpus,
      memoryBytes: settings.memoryBytes,
      channel: machine.channel,
      image: { bytes: image.bytes, sha256: image.sha256, built_ms: image.built_ms },
      boot_ms: machine.boot_ms,
      command: [...machine.command],
      ...found,
    },
  };
}

interface Booted {
  readonly machine: Machine;
  readonly accelerator: Accelerator;
  /** Why earlier boots failed. */
  readonly failures: readonly StatedFailure[];
}

async function bootAtAll(
  { kernel, qemu, image, settings, bootDeadline_ms }: GuestInput,
  session: GuestSession,
): Promise<Booted> {
  const boot = (accelerator: Accelerator, deadline_ms: number): Promise<Machine> => {
    const input: BootInput = {
      qemu,
      accelerator,
      settings,
      kernel: kernel.image,
      initramfs: image.path,
      deadline_ms,
      interrupted: session.interrupted,
    };
    return bootMachine(input);
  };
  const works = session.withoutKvm === null;
  session.withoutKvm ??= works ? null : (withoutKvm(qemu) ?? undefined);
  if (session.withoutKvm === undefined) {
    const machine = await tryKvm(() => boot('kvm', Math.min(kvmDeadline_ms, bootDeadline_ms)));
    if (typeof machine !== 'string') {
      session.withoutKvm = null;
      return { machine, accelerator: 'kvm', failures: [] };
    }
    session.withoutKvm = machine;
    session.progress(`${kernel.release}: KVM does not work here, so QEMU emulates the CPUs (TCG)`);
  }
  const accelerator: Accelerator = works ? 'kvm' : 'tcg';
  // QEMU's translation of code that patches itself has faults: the same kernel boots the next time.
  const machineAfter = async (failures: readonly StatedFailure[]): Promise<Booted> => ({
    machine: await boot(accelerator, bootDeadline_ms),
    accelerator,
    failures,
  });
  return startedAgain(machineAfter, {
    emulated: accelerator === 'tcg',
    mayBeEmulation: 'guest-kernel-crashed',
    verb: 'booted',
    progress: session.progress,
  });
}

/**
 * A JVM changes its code, so faults of the emulation may crash it, as they may crash a kernel. A crash inside the
 * window is a failure nevertheless.
 */
function runInGuest(
  machine: Machine,
  input: RunInput,
  { emulated, progress }: { readonly emulated: boolean; readonly progress: (text: string) => void },
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
    progress,
  });
}

interface StartingAgain {
  /** On real CPUs every failure counts. */
  readonly emulated: boolean;
  readonly mayBeEmulation: FailureCode;
  readonly verb: 'booted' | 'started';
  readonly progress: (text: string) => void;
}

/** `attempt` receives the failures of earlier attempts, because its result contains them. */
async function startedAgain<T>(
  attempt: (failures: readonly StatedFailure[]) => Promise<T>,
  { emulated, mayBeEmulation, verb, progress }: StartingAgain,
): Promise<T> {
  const failures: StatedFailure[] = [];
  for (;;) {
    try {
      return await attempt(failures);
    } catch (error) {
      if (
        !emulated ||
        failures.length === mostStarts - 1 ||
        !(error instanceof Failure) ||
        error.code !== mayBeEmulation
      )
        throw error;
      const failure = sayFailure({ code: error.code, message: error.message.slice(0, 2000) });
      failures.push(failure);
      progress(`${failure.sentence}. It is ${verb} again, because this may be a fault of the emulation`);
    }
  }
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
  const stopListening = listen(interrupted, () => {
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
    // A guest sends a run after its end: during the window its CPUs serve the measurement only.
    const failure = {
      code: error.code,
      message: `${error.message}; the guest had sent no part of this run, so the run has no figures`,
    };
    return failedStart({
      request: run,
      startedAt,
      failure,
      status: 'partial',
      files: { 'console.log': machine.console() },
    });
  } finally {
    stopListening();
  }
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
  if (file.status === 'failed' && file.series.length === 0) return { ...ran, file: { ...file, kernel: run.kernel } };
  const [before, after] = readings;
  if (before === undefined || after === undefined || after.host_ns <= before.host_ns)
    throw workloadFailed('the guest did not report when its run began and ended');
  const passed_ns = after.host_ns - before.host_ns;
  const guest = {
    runDelay_share: (after.delay_ns - before.delay_ns) / (passed_ns * vcpus_n),
    clock_ratio: (after.guest_ns - before.guest_ns) / passed_ns,
    failedStarts: [...failedStarts],
  };
  const isComplete = file.status === 'complete';
  const byHost = isComplete ? spoiledByHost(guest, passed_ns, run.profile.spoiled) : [];
  const disturbances = isComplete ? [...file.disturbances, ...byHost.map(stated)] : [];
  return { ...ran, file: { ...file, kernel: run.kernel, disturbances, machine: { ...file.machine, guest } } };
}

/** Sends a request. A failure in the guest becomes a failure here. */
function ask<T>(
  machine: Machine,
  request: Request,
  deadline: RequestDeadline,
  take: (answer: Answer) => T | undefined,
): Promise<T> {
  return machine.request(request, deadline, (said) => {
    const checked = answerSchema.safeParse(said);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      throw workloadFailed(
        `the guest sent an invalid answer (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}); nothing was kept`,
      );
    }
    const answer = checked.data;
    if (answer.type === 'failed') throw new Failure(answer.code, `in the guest: ${answer.sentence}`);
    if (answer.type === 'broken') throw new Error(`in the guest: ${answer.text}`);
    return take(answer);
  });
}

/**
 * An uptime that exceeds the time since the start shows a clock that runs too fast. All deadlines and windows would be
 * wrong.
 */
function refuseWrongClock(uptime_s: number, { boot_ms }: Machine): void {
  const most_s = 1 + (1.2 * boot_ms) / 1000;
  if (uptime_s > most_s)
    throw workloadFailed(
      `the guest's clock is wrong: it counted ${uptime_s.toFixed(0)} s in the ${(boot_ms / 1000).toFixed(0)} s since its start, because its kernel assumed a wrong frequency of its counter; remove tsc_early_khz from --append, or try again when this machine is less busy`,
    );
}

/**
 * The guest unpacks the archive into memory while the archive is still there. The file system for it takes half of the
 * rest at most (shmem_default_max_blocks in mm/shmem.c: the archive's pages do not count as memory yet).
 */
function refuseTooSmall({ image, settings: { memoryBytes } }: GuestInput): void {
  const least = 3 * image.bytes + 256 * 2 ** 20;
  if (memoryBytes < least)
    throw usage(
      `a guest of ${formatSize(memoryBytes)} has too little memory: its file system alone needs ${formatSize(image.bytes)}; give it ${formatSize(Math.ceil(least / 2 ** 28) * 2 ** 28)} or more (--guest-memory)`,
    );
  const available = availableMemoryBytes();
  if (memoryBytes + 256 * 2 ** 20 > available)
    throw unfit(
      `a guest of ${formatSize(memoryBytes)} does not fit: ${formatSize(available)} of memory are available here; lower --guest-memory, or use fewer kernels at a time`,
    );
}

/**
 * A guest as a place. The host boots it with KVM if that works, else with TCG, and sends requests to the agent in it.
 */
import { createHash } from 'node:crypto';
import type { StatedFailure } from '../../words/failure-words.js';
import { cleanUp } from '../../base/clean-up.js';
import { unlessInterrupted } from '../../base/clock.js';
import { unfit, usage, workloadFailed } from '../../base/failure.js';
import type { KernelRecord } from '../../bundle/bundle-schema.js';
import { formatSize } from '../../base/text/units.js';
import { cpuTopology } from '../../host/cpus.js';
import { readConfig } from '../../kernel/image/config-file.js';
import type { GuestImage } from '../../kernel/guest/guest-image.js';
import type { KernelImage } from '../../kernel/image/kernel.js';
import { bootMachine, pinVcpus, type BootInput, type Machine } from '../../kernel/guest/guest-machine.js';
import { withoutKvm, type Accelerator, type GuestSettings, type Qemu } from '../../kernel/guest/qemu.js';
import { ask } from './guest-ask.js';
import { guestMemoryProblem, leastGuestMemoryBytes } from './guest-memory.js';
import { runInGuest } from './guest-run.js';
import { lastingGuest } from './lasting-guest.js';
import type { Place } from './place.js';
import { kvmDeadline_ms, tryKvm } from './try-kvm.js';
import { startedAgain } from './started-again.js';
import { answerSchema } from './wire.js';

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
  /** The current step, such as a boot: it is shown until the next. */
  readonly progress: (text: string) => void;
  /** What happened in a step. It is said once. */
  readonly note: (text: string) => void;
  /** Why KVM does not work; null: it works; undefined: not tried yet. */
  withoutKvm: string | null | undefined;
}

const setUpDeadline_ms = 60_000;
const sizeDeadline_ms = 900_000;
/** A lock table takes a minute on real CPUs. */
const timesUnderTcg = 2;

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
      ...lastingGuest(machine, (run) =>
        runInGuest(machine, run, { emulated: accelerator === 'tcg', note: session.note }),
      ),
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
    session.note(`${kernel.release}: KVM does not work here, so QEMU emulates the CPUs (TCG)`);
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
    note: session.note,
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

function refuseTooSmall({ image, settings: { memoryBytes } }: GuestInput): void {
  const least = leastGuestMemoryBytes(image.bytes);
  if (memoryBytes < least)
    throw usage(
      `a guest of ${formatSize(memoryBytes)} has too little memory: its file system alone needs ${formatSize(image.bytes)}; give it ${formatSize(Math.ceil(least / 2 ** 28) * 2 ** 28)} or more (--guest-memory)`,
    );
  const problem = guestMemoryProblem([{ memoryBytes, imageBytes: () => image.bytes }]);
  if (problem !== null && problem.refusal !== null) throw problem.refusal;
}

/** Finds QEMU and what it can do, and builds the command that boots a guest. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { kept } from '../../base/child.js';
import { unfit } from '../../base/failure.js';
import { onPath } from '../../base/on-path.mjs';
import { howToInstall } from '../../base/system-packages.mjs';
import { missing } from '../../host/missing.js';
import type { PreemptionModel } from '../../profile/check/preemption.js';

export type Accelerator = 'kvm' | 'tcg';

export interface Qemu {
  readonly path: string;
  /** Such as 7.2.22. */
  readonly version: string;
  readonly accelerators: readonly string[];
}

const program = 'qemu-system-x86_64';

/** PAUSELAB_QEMU names another QEMU. */
export function findQemu(): Qemu {
  if (process.arch !== 'x64') throw unfit(`guests are x86-64, but this machine is ${process.arch}; use --kernel host`);
  const named = process.env.PAUSELAB_QEMU;
  const path = named ?? onPath(program);
  if (path === null)
    throw missing(`${program} is not installed, and a guest kernel needs it`, ['qemu'], {
      otherwise: 'use --kernel host',
    });
  const ask = (argument: string[]): string => {
    try {
      return execFileSync(...kept(path, argument), {
        encoding: 'utf8',
        timeout: 20_000,
        killSignal: 'SIGKILL',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    } catch (cause) {
      throw unfit(
        `${path} ${argument.join(' ')} failed (${firstLine((cause as Error).message)}); ` +
          `install a QEMU that works (${howToInstall(['qemu'])})`,
        { cause },
      );
    }
  };
  const version = /version (\S+)/.exec(ask(['-version']))?.[1];
  if (version === undefined)
    throw unfit(`${path} reports no version, so it is not QEMU; install QEMU (${howToInstall(['qemu'])})`);
  return {
    path,
    version,
    accelerators: ask(['-accel', 'help'])
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => /^\w+$/.test(line)),
  };
}

/** Why KVM is not even tried; null to try it. That it exists does not prove that it works: the boot decides. */
export function withoutKvm({ accelerators }: Qemu): string | null {
  if (!accelerators.includes('kvm')) return 'this QEMU was built without KVM';
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? '/dev/kvm does not exist'
      : 'this user has no permission for /dev/kvm';
  }
}

export interface GuestSettings {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** `preempt=` of the kernel's command line; null: the kernel's own choice. */
  readonly preempt: PreemptionModel | null;
  /** Feature of the scheduler that the agent sets through debugfs, in the kernel's word; null: as the kernel has it. */
  readonly feature: string | null;
  /** Words that are appended to the kernel's command line. */
  readonly append: readonly string[];
}

/**
 * A kernel measures the frequency of its time-stamp counter and tests its timer by counting while it waits. An emulated
 * CPU that is delayed at that moment gets a wrong result: of 32 boots on a host with sixteen guests at a time, three
 * had clocks that ran 3, 8 and 31 times too fast, and eight considered their timer dead and tried others. QEMU passes
 * on the host's counter, so the host provides its frequency, and states that the timer is connected. With KVM, kernels
 * know both.
 */
function emulated(tsc_kHz: number | null): string[] {
  return ['no_timer_check', ...(tsc_kHz === null ? [] : [`tsc_early_khz=${tsc_kHz}`])];
}

/**
 * A fault in the kernel ends the guest instead of being hidden (`oops=panic`), and a panic ends QEMU (`panic=-1`,
 * -no-reboot). `tsc=reliable`: an emulated TSC is the host's single clock, but a kernel that is delayed considers it
 * broken and switches to a clock that is forty times slower to read.
 */
export function kernelCommandLine(
  { preempt, append }: GuestSettings,
  accelerator: Accelerator,
  tsc_kHz: number | null,
): string {
  return [
    'console=ttyS0',
    'loglevel=4',
    'panic=-1',
    'oops=panic',
    'tsc=reliable',
    ...(accelerator === 'tcg' ? emulated(tsc_kHz) : []),
    ...(preempt === null ? [] : [`preempt=${preempt}`]),
    ...append,
  ].join(' ');
}

export interface BootFiles {
  readonly kernel: string;
  readonly initramfs: string;
  /** The kernel's command line, from `kernelCommandLine`. */
  readonly commandLine: string;
  readonly console: string;
  /** Sockets on which we listen: for messages over virtio, for the second serial port, for QEMU's control channel. */
  readonly channel: string;
  readonly serial: string;
  readonly control: string;
}

export function qemuArguments(settings: GuestSettings, accelerator: Accelerator, files: BootFiles): string[] {
  const { cpus, memoryBytes } = settings;
  return [
    ...['-name', 'pauselab', '-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-nic', 'none'],
    ...['-machine', 'pc'],
    ...(accelerator === 'kvm' ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi', '-cpu', 'max']),
    ...['-smp', String(cpus), '-m', `${Math.floor(memoryBytes / 2 ** 20)}M`],
    ...['-kernel', files.kernel, '-initrd', files.initramfs, '-append', files.commandLine],
    ...['-chardev', `file,id=console,path=${files.console}`, '-serial', 'chardev:console'],
    ...['-chardev', `socket,id=serial,path=${files.serial}`, '-serial', 'chardev:serial'],
    ...[
      '-chardev',
      `socket,id=channel,path=${files.channel}`,
      '-device',
      'virtio-serial-pci',
      '-device',
      'virtserialport,chardev=channel,name=pauselab',
    ],
    ...['-chardev', `socket,id=control,path=${files.control}`, '-mon', 'chardev=control,mode=control'],
  ];
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

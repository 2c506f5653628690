/** Whether guests can run on this machine's CPUs: a kernel that is here already is booted with KVM. */
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { cleanUp } from '../base/clean-up.js';
import { Failure } from '../base/failure.js';
import type { Interruption } from '../experiment/interruption.js';
import { kvmDeadline_ms, tryKvm } from '../experiment/place/try-kvm.js';
import { cacheFolder } from '../debian/cache-folder.js';
import { cachedKernels, isUndamaged } from '../kernel/debian/cache.js';
import { guestImage } from '../kernel/guest/guest-image.js';
import { bootMachine, type BootInput, type Machine } from '../kernel/guest/guest-machine.js';
import { availableMemoryBytes } from '../host/memory.js';
import { findQemu, withoutKvm, type Qemu } from '../kernel/guest/qemu.js';
import { examineImage } from '../kernel/image/image-file.js';
import type { MachineCheck } from './machine.js';
import { stopIfInterrupted } from './interrupted.js';

/** What the check asks of the machine. */
export interface KvmSeams {
  /** Throws a failure without QEMU. */
  readonly qemu: () => Qemu;
  /** Why KVM is not even tried; null to try it. */
  readonly refusal: (qemu: Qemu) => string | null;
  /** What to boot, or why nothing can be booted. */
  readonly guest: () => Promise<BootableGuest | string>;
  readonly boot: (qemu: Qemu, guest: BootableGuest) => Promise<Machine>;
}

type BootableGuest = Pick<BootInput, 'kernel' | 'initramfs'>;

const emulated = 'guests run under emulation';

export async function checkKvm(
  interruption: Interruption,
  progress: (text: string) => void,
  seams: KvmSeams = ofMachine(interruption),
): Promise<MachineCheck> {
  const check = (status: MachineCheck['status'], found: string, advice: string | null = null): MachineCheck => ({
    name: 'KVM',
    found,
    status,
    advice,
  });
  let qemu: Qemu;
  try {
    qemu = seams.qemu();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return check('info', 'not tried, because QEMU is not installed');
  }
  const refusal = seams.refusal(qemu);
  if (refusal !== null) return check('info', `${refusal}: ${emulated}`);
  const guest = await seams.guest();
  if (typeof guest === 'string')
    return check('info', `/dev/kvm can be opened; whether KVM works is not known, because ${guest}`);
  progress('booting a guest to see whether KVM works');
  const machine = await tryKvm(() => seams.boot(qemu, guest));
  stopIfInterrupted(interruption);
  if (typeof machine === 'string')
    return check(
      'advice',
      'does not work',
      `${emulated}. ${machine}; enable virtualisation in the firmware or for this virtual machine`,
    );
  await cleanUp(() => machine.close());
  return check('ok', `works: a guest booted in ${(machine.boot_ms / 1000).toFixed(1)} s`);
}

function ofMachine({ signalled }: Interruption): KvmSeams {
  return {
    qemu: findQemu,
    refusal: withoutKvm,
    guest: guestToBoot,
    boot: (qemu, guest) =>
      bootMachine({
        qemu,
        accelerator: 'kvm',
        settings: { cpus: 1, memoryBytes: guestBytes, preempt: null, feature: null, append: [] },
        ...guest,
        deadline_ms: kvmDeadline_ms,
        interrupted: signalled,
      }),
  };
}

const guestBytes = 2 ** 30;

async function guestToBoot(): Promise<BootableGuest | string> {
  try {
    if (availableMemoryBytes() < 1.25 * guestBytes) return 'there is too little memory for a guest';
    const kernel = await kernelToBoot();
    return kernel === null
      ? 'there is no kernel to boot: `pauselab kernels fetch deb:6.12` brings one'
      : { kernel, initramfs: guestImage().path };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return `no guest can be made ready: ${error.message}`;
  }
}

/** A cached kernel, else the one that this machine runs. Nothing is fetched. */
async function kernelToBoot(): Promise<string | null> {
  try {
    for (const kernel of cachedKernels(cacheFolder({}))) if (await isUndamaged(kernel)) return kernel.image;
    const own = `/boot/vmlinuz-${release()}`;
    if (!existsSync(own)) return null;
    await examineImage(own);
    return own;
  } catch (error) {
    // There is no cache folder, or this user may not read the image.
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** Whether KVM works: only a boot shows it, because /dev/kvm can be opened where the CPU or the hypervisor refuses it. */
import { Failure, isInterruption } from '../../base/failure.js';
import type { Machine } from '../../kernel/guest/guest-machine.js';

/** A guest boots fast with KVM, or KVM does not work. */
export const kvmDeadline_ms = 30_000;

/** The booted guest, or why there is none. An interruption is no reason. */
export async function tryKvm(boot: () => Promise<Machine>): Promise<Machine | string> {
  try {
    return await boot();
  } catch (error) {
    if (isInterruption(error) || !(error instanceof Failure)) throw error;
    return `KVM is present but does not work: ${error.message.slice(0, 300)}`;
  }
}

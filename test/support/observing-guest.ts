/** Guests in which pauselab-observer runs beside threads that wait for their process's mmap_lock. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { guestImage, type GuestImage } from '../../src/kernel/guest/guest-image.js';
import { bootMachine, type Machine } from '../../src/kernel/guest/guest-machine.js';
import { findQemu } from '../../src/kernel/guest/qemu.js';
import type { KernelImage } from '../../src/kernel/image/kernel.js';
import { parseObserved, type ObservedRecord } from '../../src/observe/observed.js';
import { kernelProgram } from '../../src/observe/ebpf/observer.js';
import { nativeProgram } from '../native/programs.js';

const inGuest = '/pauselab';
const agent = fileURLToPath(new URL('../fixtures/observing-agent.mjs', import.meta.url));

/** Kernel, Node and libraries of every guest; its agent is replaced. */
function observingImage(): GuestImage {
  const programs = ['pauselab-observer', 'pauselab-lock-waits'];
  return guestImage([
    ...programs.map((name) => ({ from: nativeProgram(name), to: `${inGuest}/native/build/Release/${name}` })),
    { from: kernelProgram(), to: `${inGuest}/native/observer/observer.x64.bpf.o` },
    // What comes later in an archive replaces what has the same path.
    { from: agent, to: `${inGuest}/dist/guest/main.js` },
  ]);
}

/** An emulated CPU is some ten times slower, and the verifier of its kernel with it. */
const deadline_ms = 90_000;

export function bootObserving(kernel: KernelImage): Promise<Machine> {
  return bootMachine({
    qemu: findQemu(),
    // Works everywhere. What is looked for exists at any speed.
    accelerator: 'tcg',
    settings: { cpus: 2, memoryBytes: 2 ** 31, preempt: null, feature: null, append: [] },
    kernel: kernel.image,
    initramfs: observingImage().path,
    deadline_ms,
    interrupted: new Promise(() => undefined),
  });
}

const answerSchema = z.object({
  kernel: z.string(),
  code: z.number(),
  written: z.string(),
  complaints: z.string(),
});

export interface ObservedInGuest {
  readonly kernel: string;
  readonly code: number;
  readonly complaints: string;
  readonly records: readonly ObservedRecord[];
}

export const observedThreshold_ns = 5_000_000;

export async function observedIn(machine: Machine, window_ms: number): Promise<ObservedInGuest> {
  const request = { detail_ns: 1_000_000, threshold_ns: observedThreshold_ns, window_ms };
  const { written, ...rest } = await machine.request(request, { deadline_ms }, (answer) => answerSchema.parse(answer));
  const lines = written.split('\n').filter((line) => line !== '');
  return { ...rest, records: lines.map(parseObserved) };
}

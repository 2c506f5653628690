/** Examines this machine, or finds the lock table of each of several kernels in a guest of that kernel. */
import { cleanUp } from '../base/clean-up.js';
import { Failure } from '../base/failure.js';
import { examine, kernelPart, type Examination } from '../doctor/examine.js';
import { interruptionOf } from '../doctor/interrupted.js';
import { softwareNeeds } from '../doctor/software.js';
import { listenForInterruption, type Interruption } from '../experiment/interruption.js';
import type { Place } from '../experiment/place/place.js';
import type { GuestOptions, PlannedPlace } from '../experiment/place/places.js';
import type { Examined } from '../experiment/place/wire.js';
import { isHost } from '../profile/check/asked-kernel.js';
import type { PreemptionModel } from '../profile/check/preemption.js';
import { installNeeds, makeReady } from './make-ready.js';
import { placesOf } from './resolve-places.js';

export interface KernelLocks extends Examined {
  /** Its label, or its release with what distinguishes it from the others. */
  readonly kernel: string;
}

export interface Examining {
  /** Whether system packages that are missing may be installed. */
  readonly install: boolean;
  readonly note: (text: string) => void;
}

/** Finds the lock of each call on this machine's kernel, and whether the machine is fit to measure on. */
export function examineMachine({ install, note }: Examining): Promise<Examination> {
  return interruptible(note, async (interruption) => {
    if (install) await installNeeds(softwareNeeds(), { note });
    return examine(note, interruption);
  });
}

export function examineKernels(
  kernels: readonly string[],
  { model, guest }: { readonly model: PreemptionModel; readonly guest: GuestOptions },
  { install, note }: Examining,
): Promise<KernelLocks[]> {
  return interruptible(note, async (interruption) => {
    await makeReady({ arms: [], kernels }, { install, note });
    const preempt = kernels.every(isHost) ? [] : [model];
    const planned = await placesOf(
      { kernels, preempt, guest },
      { interrupted: interruption.signalled, progress: note },
    );
    return tablesOf(planned, note, interruption);
  });
}

/** A signal makes a fetch or a boot fail; the signal is the reason to report. */
async function interruptible<T>(
  note: (text: string) => void,
  work: (interruption: Interruption) => Promise<T>,
): Promise<T> {
  const interruption = listenForInterruption((signal) => {
    note(`${signal}: ending the trial; a second signal ends at once`);
  });
  try {
    return await work(interruption);
  } catch (error) {
    if (interruption.signal() !== null && error instanceof Failure) throw interruptionOf(interruption);
    throw error;
  } finally {
    interruption.dispose();
  }
}

async function tablesOf(
  planned: readonly PlannedPlace[],
  progress: (text: string) => void,
  interruption: Interruption,
): Promise<KernelLocks[]> {
  const tables: KernelLocks[] = [];
  // Kernels take turns, because a trial needs the CPUs alone.
  for (const { name, open } of planned) {
    const place = await open();
    try {
      tables.push({ kernel: place.kernel.name, ...(await examined(place, progress, interruption)) });
    } finally {
      progress(`${name} is done`);
      await cleanUp(() => place.close());
    }
  }
  return tables;
}

async function examined(place: Place, progress: (text: string) => void, interruption: Interruption): Promise<Examined> {
  if (place.examine !== undefined) {
    const interrupted = interruption.signalled.then((): never => {
      throw interruptionOf(interruption);
    });
    return Promise.race([place.examine(progress), interrupted]);
  }
  return kernelPart(await examine(progress, interruption));
}

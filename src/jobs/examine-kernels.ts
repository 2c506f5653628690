/** The lock table of each kernel, found in a guest of its own. */
import { cleanUp } from '../base/clean-up.js';
import { Failure } from '../base/failure.js';
import { examine, kernelPart } from '../doctor/examine.js';
import { interruptionOf } from '../doctor/interrupted.js';
import type { Interruption } from '../experiment/interruption.js';
import type { Place } from '../experiment/place/place.js';
import type { GuestOptions, PlannedPlace } from '../experiment/place/places.js';
import type { Examined } from '../experiment/place/wire.js';
import { isHost } from '../profile/check/asked-kernel.js';
import type { PreemptionModel } from '../profile/check/preemption.js';
import { placesOf } from './resolve-places.js';

export interface KernelLocks extends Examined {
  /** Its label, or its release with what tells it from others. */
  readonly kernel: string;
}

export async function examineKernels(
  kernels: readonly string[],
  { model, guest }: { readonly model: PreemptionModel; readonly guest: GuestOptions },
  progress: (text: string) => void,
  interruption: Interruption,
): Promise<KernelLocks[]> {
  const isGuest = kernels.some((kernel) => !isHost(kernel));
  try {
    const planned = await placesOf(
      { kernels, preempt: isGuest ? [model] : [], guest },
      { interrupted: interruption.signalled, progress },
    );
    return await tablesOf(planned, progress, interruption);
  } catch (error) {
    // While kernels were fetched or guests booted: that it was not finished is no failure of theirs.
    if (interruption.signal() !== null && error instanceof Failure) throw interruptionOf(interruption);
    throw error;
  }
}

async function tablesOf(
  planned: readonly PlannedPlace[],
  progress: (text: string) => void,
  interruption: Interruption,
): Promise<KernelLocks[]> {
  const tables: KernelLocks[] = [];
  // One after the other: trials need the CPUs for themselves.
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

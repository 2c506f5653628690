/** Examines this machine, or finds the lock table of each of several kernels in a guest of that kernel. */
import { cleanUp } from '../base/clean-up.js';
import { Failure } from '../base/failure.js';
import { withDeclarations, type LockRow } from '../catalogue/lock-row.js';
import { examine, kernelPart, type Examination } from '../doctor/examine.js';
import { interruptionOf } from '../doctor/interrupted.js';
import { softwareNeeds } from '../doctor/software.js';
import { listenForInterruption, type Interruption } from '../experiment/interruption.js';
import { guestMemoryProblem } from '../experiment/place/guest-memory.js';
import type { Place } from '../experiment/place/place.js';
import type { GuestOptions, PlannedPlace } from '../experiment/place/places.js';
import type { Examined } from '../experiment/place/wire.js';
import { isHost } from '../profile/check/asked-kernel.js';
import type { PreemptionModel } from '../profile/check/preemption.js';
import { installNeeds, makeReady } from './make-ready.js';
import { placesOf } from './resolve-places.js';

/** The lock table of a kernel; the same shape as a file of an atlas. */
export interface KernelLocks extends Omit<Examined, 'locks'> {
  /** Its label, or its release with what distinguishes it from the others. */
  readonly kernel: string;
  readonly release: string;
  readonly locks: readonly LockRow[];
}

export interface GuestsToExamine {
  readonly model: PreemptionModel;
  readonly guest: GuestOptions;
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
  guests: GuestsToExamine,
  examining: Examining,
): Promise<KernelLocks[]> {
  return interruptible(examining.note, async (interruption) =>
    tablesOf(await placesToExamine(kernels, guests, examining, interruption), examining.note, interruption),
  );
}

/** Where huge pages are set to "always", a collapse cannot be tested. No other call depends on it. */
const hugePagesOnRequest = 'transparent_hugepage=madvise';

export async function placesToExamine(
  kernels: readonly string[],
  { model, guest }: GuestsToExamine,
  { install, note }: Examining,
  interruption: Interruption,
): Promise<readonly PlannedPlace[]> {
  await makeReady({ arms: [], kernels }, { install, note });
  const inGuests = !kernels.every(isHost);
  const places = await placesOf(
    {
      kernels,
      preempt: inGuests ? [model] : [],
      guest: inGuests ? { ...guest, append: [...guest.append, hugePagesOnRequest] } : guest,
    },
    { interrupted: interruption.signalled, progress: note, note },
  );
  // A guest at a time, and all are alike.
  const [planned] = places.flatMap(({ guest: one }) => one ?? []);
  if (planned !== undefined) {
    const { settings, image } = planned;
    const problem = guestMemoryProblem([{ memoryBytes: settings.memoryBytes, imageBytes: () => image().bytes }]);
    if (problem !== null && problem.warning !== null) note(problem.warning);
  }
  return places;
}

/** A signal makes a fetch or a boot fail; the signal is the reason to report. */
export async function interruptible<T>(
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
      const { release } = place.kernel;
      const { locks, ...found } = await examined(place, progress, interruption);
      tables.push({ kernel: place.kernel.name, release, ...found, locks: withDeclarations(locks, release) });
    } finally {
      progress(`${name} is done`);
      await cleanUp(() => place.close());
    }
  }
  return tables;
}

/** `only`: rows to find; null: all. */
export async function examined(
  place: Place,
  progress: (text: string) => void,
  interruption: Interruption,
  only: readonly string[] | null = null,
): Promise<Examined> {
  if (place.examine !== undefined) {
    const interrupted = interruption.signalled.then((): never => {
      throw interruptionOf(interruption);
    });
    return Promise.race([place.examine(progress, only), interrupted]);
  }
  return kernelPart(await examine(progress, interruption));
}

/**
 * Whether the guests fit into memory. A guest takes its memory only as it uses it, and keeps what it took, so QEMU starts
 * in any case. What arms use is known only in part: a heap may stay small, and a region may be sized later.
 */
import { unfit, type Failure } from '../../base/failure.js';
import { formatSize } from '../../base/text/units.js';
import { availableMemoryBytes } from '../../host/memory.js';
import type { ResolvedArm } from '../../profile/resolved/resolved.js';
import { liveBytes } from '../../workload/memory-need.js';

/** For QEMU itself and for pauselab. */
const besideGuests = 256 * 2 ** 20;
const proposedIn = 64 * 2 ** 20;

export interface GuestMemory {
  /** The most that it can take. */
  readonly memoryBytes: number;
  /** Of its file system, which it unpacks from an archive of this size. Asked for only where memory is short. */
  readonly imageBytes: () => number;
}

/**
 * The guest unpacks the archive into memory while the archive is still there. The file system for it takes half of the
 * rest at most (shmem_default_max_blocks in mm/shmem.c: the archive's pages do not count as memory yet).
 */
export function leastGuestMemoryBytes(imageBytes: number): number {
  return 3 * imageBytes + 256 * 2 ** 20;
}

/** What an arm certainly uses in a guest: the largest region of a given size, or the blocks that a churn keeps. */
export function certainBytes(arms: readonly ResolvedArm[]): number {
  return Math.max(
    0,
    ...arms.map((arm) => {
      if (arm.kind === 'churn') return liveBytes(arm.churn.loads);
      return arm.kind === 'native' && arm.holder.active && arm.holder.region.kind === 'bytes'
        ? arm.holder.region.bytes
        : 0;
    }),
  );
}

export type MemoryProblem =
  { readonly refusal: Failure; readonly warning: null } | { readonly refusal: null; readonly warning: string };

/**
 * `guests`: open at the same time. `certain`: what the arms certainly use in each. Null: they fit, whatever they use.
 */
export function guestMemoryProblem(
  guests: readonly GuestMemory[],
  certain = 0,
  available = availableMemoryBytes(),
): MemoryProblem | null {
  const most = guests.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  if (guests.length === 0 || most + besideGuests <= available) return null;
  const images = guests.map(({ imageBytes }) => imageBytes());
  const here = `${formatSize(available)} of memory are available here`;
  // The archive's memory is used again, by the arms.
  const least = images.reduce((sum, bytes) => sum + bytes + Math.max(bytes, certain), 0);
  const fewer = guests.length === 1 ? '' : 'measure fewer kernels at a time';
  if (least + besideGuests > available) {
    const remedies = ['free memory', ...(fewer === '' ? [] : [fewer])].join(', or ');
    return {
      warning: null,
      refusal: unfit(
        guests.length === 1
          ? `a guest does not fit: it uses at least ${formatSize(least)}, and ${here}; ${remedies}`
          : `${guests.length} guests do not fit: all of them are open until the experiment ends, they use at least ${formatSize(least)}, and ${here}; ${remedies}`,
      ),
    };
  }
  const fitting = Math.floor((available - besideGuests) / guests.length / proposedIn) * proposedIn;
  const needed = Math.max(...images.map(leastGuestMemoryBytes)) + certain;
  const advice = [
    ...(fitting < needed ? [] : [`--guest-memory ${Math.floor(fitting / 2 ** 20)}MiB fits`]),
    ...(fewer === '' ? [] : [fewer]),
  ];
  return {
    refusal: null,
    warning:
      `${guests.length === 1 ? 'a guest' : `${guests.length} guests`} of up to ${formatSize(most)}${guests.length === 1 ? '' : ' in total'} may not fit: ` +
      `${guests.length === 1 ? 'it takes' : 'all of them are open until the experiment ends, each takes'} memory as it uses it, and ${here}. ` +
      'If memory runs out, the kernel ends a guest, and the runs on its kernel are lost' +
      (advice.length === 0 ? '' : `; ${advice.join(', or ')}`),
  };
}

/**
 * The words of a chain of blame. Apart from their schema, which takes an emulated CPU longer to load than a run to
 * prepare.
 */
export const causes = [
  'mmap-lock-reader',
  'mmap-lock-writer',
  // For reading or for writing: it was not seen.
  'mmap-lock-holder',
  'vma-lock',
  'allocator-mutex',
  // A mutex of the program or of a library: which one is not known.
  'mutex',
  'safepoint',
  'gc-pause',
  'block-io',
  'swap-in',
  'memory-reclaim',
  'cpu-limit',
  'freezer',
  'not-scheduled',
  'stopped',
  'steal',
  'running',
  'unknown',
] as const;
export type Cause = (typeof causes)[number];

/** Of these: a lock of the address space, held by a thread. */
export const lockCauses: readonly Cause[] = ['mmap-lock-reader', 'mmap-lock-writer', 'mmap-lock-holder', 'vma-lock'];

/** A lock that a thread held, in the kernel or in the process. */
export const heldCauses: readonly Cause[] = [...lockCauses, 'allocator-mutex', 'mutex'];

/** Whether the thread that held the lock may have been in another call than was seen, or in none. */
export function isHeldUnseen(cause: Cause): boolean {
  return cause === 'mmap-lock-holder' || cause === 'mutex' || cause === 'allocator-mutex';
}

/** From strong to weak. */
export const grades = ['proven', 'likely', 'possible'] as const;
export type Grade = (typeof grades)[number];

export const locks = ['mmap_lock read', 'mmap_lock write', 'mmap_lock', 'vma', 'futex'] as const;
export type BlamedLock = (typeof locks)[number];

/** Scheduling policies of sched(7). */
export const blamedPolicies = ['other', 'batch', 'idle', 'fifo', 'rr', 'deadline'] as const;
export type BlamedPolicy = (typeof blamedPolicies)[number];

/** Of a chain, between the victim and the cause. */
export const steps = [
  'gc-pause',
  'safepoint',
  'time-to-safepoint',
  'vm-operation',
  'late-thread',
  'page-fault',
  'mutex',
] as const;

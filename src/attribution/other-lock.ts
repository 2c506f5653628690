/** Whether an expected root can come back at all: a later kernel may take another lock for the same call. Pure. */
import { locksOfCall } from '../catalogue/calls.js';
import { lockOn, type LockClass, type Locks } from '../catalogue/locks.js';
import { operations, type Operation } from '../catalogue/operations.js';
import type { Cause } from '../facts/blame.js';
import type { OtherLock } from '../facts/repetition-facts.js';
import type { ExpectedRoot, ResolvedArm } from '../profile/resolved/resolved.js';

/** What a stall of this cause says about the lock that was taken. */
const locksBehind: Partial<Readonly<Record<Cause, readonly LockClass[]>>> = {
  'mmap-lock-reader': ['mmap_lock read'],
  'mmap-lock-writer': ['mmap_lock write'],
  'mmap-lock-holder': ['mmap_lock read', 'mmap_lock write'],
  'vma-lock': ['VMA lock'],
};

/**
 * `kernels`: the releases on which the arm was measured. Null: on one of them the call may take the lock that it took
 * where it was observed, or nothing is known.
 */
export function otherLockOf(
  { call, cause, kernel: observedKernel }: ExpectedRoot,
  arm: ResolvedArm,
  kernels: readonly string[],
): OtherLock | null {
  const locks = call === undefined ? null : locksOfArm(arm, call);
  const [kernel] = kernels;
  if (call === undefined || observedKernel === undefined || locks === null || kernel === undefined) return null;
  const lock = (release: string, crossing: boolean): LockClass => lockOn({ locks }, release, { crossing });
  const isObserved = (one: LockClass): boolean => locksBehind[cause]?.includes(one) === true;
  // A call takes other locks than its strongest, too: munmap goes on with mmap_lock for reading.
  const observedLock = [false, true].map((crossing) => lock(observedKernel, crossing)).find(isObserved);
  if (observedLock === undefined) return null;
  const crossings = crossingsOf(arm);
  if (kernels.some((release) => crossings.some((crossing) => isObserved(lock(release, crossing))))) return null;
  return {
    call,
    kernel,
    lock: lock(kernel, crossings[0]),
    observedKernel,
    observedLock,
    isOfOneVma: !crossings.includes(true) && canBeSplit(arm) && isObserved(lock(kernel, true)),
  };
}

function locksOfArm(arm: ResolvedArm, call: string): Locks | null {
  return arm.kind === 'native' ? (operationOf(arm)?.locks ?? null) : locksOfCall(call);
}

/** Undefined: it is no native arm, or its bundle is of a version with other operations. */
function operationOf(arm: ResolvedArm): Operation | undefined {
  return arm.kind === 'native' ? operations.find(({ name }) => name === arm.holder.operation) : undefined;
}

/**
 * Whether ranges cross VMAs. A JVM or an allocator chooses its ranges. In a VMA that victims change, a call takes the
 * lock of a crossing range while one of them has it.
 */
function crossingsOf(arm: ResolvedArm): readonly [boolean, ...boolean[]] {
  if (arm.kind !== 'native') return [false, true];
  if (arm.layout === 'split') return [true];
  return arm.layout === 'isolated' ? [false] : [false, true];
}

function canBeSplit(arm: ResolvedArm): boolean {
  return operationOf(arm)?.layouts.includes('split') === true;
}

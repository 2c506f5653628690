/** Whether an expected root can come back at all: a later kernel may take another lock for the same call. Pure. */
import { locksOfCall } from '../catalogue/calls.js';
import { lockOn } from '../catalogue/locks.js';
import { operationNamed } from '../catalogue/operations.js';
import type { OtherLock } from '../facts/repetition-facts.js';
import type { ExpectedRoot, ResolvedArm } from '../profile/resolved/resolved.js';

/**
 * `kernels`: the releases on which the arm was measured. Null: on one of them the call takes the lock that it took where
 * it was observed, or nothing is known.
 */
export function otherLockOf(
  { call, kernel: observedKernel }: ExpectedRoot,
  arm: ResolvedArm,
  kernels: readonly string[],
): OtherLock | null {
  const locks = call === undefined ? null : locksOfCall(call);
  const [kernel] = kernels;
  if (call === undefined || observedKernel === undefined || locks === null || kernel === undefined) return null;
  const lock = (release: string, crossing: boolean): string => lockOn({ locks }, release, { crossing });
  const differs = (release: string, crossing: boolean): boolean =>
    lock(release, crossing) !== lock(observedKernel, crossing);
  const crossing = arm.kind === 'native' && arm.layout === 'split';
  if (!kernels.every((release) => differs(release, crossing))) return null;
  return {
    call,
    kernel,
    lock: lock(kernel, crossing),
    observedKernel,
    observedLock: lock(observedKernel, crossing),
    isOfOneVma: !crossing && canBeSplit(arm) && lock(kernel, true) === lock(observedKernel, crossing),
  };
}

function canBeSplit(arm: ResolvedArm): boolean {
  return arm.kind === 'native' && operationNamed(arm.holder.operation).layouts.includes('split');
}

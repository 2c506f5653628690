/**
 * Compares the locks that the catalogue declares for this kernel with the locks that were found. A victim's operation
 * has its rows in the table. A holder's lock is not found while it holds (a short call is not preempted inside, and the
 * conditions for a preemption vary from walk to walk), but in the row of the victim that makes the same call.
 */
import { agrees, type Lock, type LockRow } from '../catalogue/lock-row.js';
import { canCross, lockOn, type LockClass } from '../catalogue/locks.js';
import {
  callOfHolder,
  holderOperations,
  operationNamed,
  type HolderOperation,
  type VictimOperation,
} from '../catalogue/operations.js';

export interface HolderRow {
  readonly operation: HolderOperation;
  readonly layout: 'isolated' | 'crossing';
  /** The call in the lock table that it makes. */
  readonly call: VictimOperation;
  readonly lock: Lock;
  readonly declared: LockClass;
  /** Null if the lock could not be found. */
  readonly asDeclared: boolean | null;
}

/** `kernelRelease`: the kernel on which the locks were found. */
export function holderRows(locks: readonly LockRow[], kernelRelease: string): HolderRow[] {
  return holderOperations.flatMap((operation) => {
    const facts = operationNamed(operation);
    const call = callOfHolder[operation];
    const row = (layout: HolderRow['layout']): HolderRow => {
      const declared = lockOn(facts, kernelRelease, { crossing: layout === 'crossing' });
      const rows = locks.filter((row) => row.operation === call);
      const inCall = facts.noRangeCrosses === true ? 'isolated' : layout;
      // A read of a file in /proc covers the whole process, whatever the region spans: there is a single row.
      const lock = (rows.find((one) => one.layout === inCall) ?? rows[0])?.lock ?? 'undecided';
      return { operation, layout, call, lock, declared, asDeclared: agrees(lock, declared) };
    };
    return canCross(facts) ? [row('isolated'), row('crossing')] : [row('isolated')];
  });
}

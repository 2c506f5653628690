/**
 * What the table of operations declares for this kernel against what was found here. A victim's operation has rows of its own. A
 * holder's is not found by holding (a short call is not preempted inside, and what lets it be preempted differs from
 * one walk to the next), but by the row of the victim that makes the same call.
 */
import { canCross, lockOn, type LockClass } from '../catalogue/locks.js';
import {
  callOfHolder,
  holderOperations,
  operationNamed,
  type HolderOperation,
  type VictimOperation,
} from '../catalogue/operations.js';
import type { LockRow } from './lock-row.js';
import { agrees, type Lock } from './lock-verdict.js';

export interface HolderRow {
  readonly operation: HolderOperation;
  readonly layout: 'isolated' | 'crossing';
  /** The call of the lock table that it makes. */
  readonly call: VictimOperation;
  readonly lock: Lock;
  readonly declared: LockClass;
  /** Null where the lock could not be found. */
  readonly asDeclared: boolean | null;
}

/** `kernelRelease`: of the kernel on which the locks were found. */
export function holderRows(locks: readonly LockRow[], kernelRelease: string): HolderRow[] {
  return holderOperations.flatMap((operation) => {
    const facts = operationNamed(operation);
    const call = callOfHolder[operation];
    const row = (layout: HolderRow['layout']): HolderRow => {
      const declared = lockOn(facts, kernelRelease, { crossing: layout === 'crossing' });
      const rows = locks.filter((one) => one.operation === call);
      // Who reads a file of /proc reads about the whole process, whatever the region spans: there is one row.
      const lock = (rows.find((one) => one.layout === layout) ?? rows[0])?.lock ?? 'undecided';
      return { operation, layout, call, lock, declared, asDeclared: agrees(lock, declared) };
    };
    return canCross(facts) ? [row('isolated'), row('crossing')] : [row('isolated')];
  });
}

/** A sentence for each operation that is not as declared. */
export function notAsDeclared(
  rows: readonly (Pick<LockRow, 'operation' | 'layout' | 'lock' | 'declared' | 'asDeclared'> & {
    readonly call?: string;
  })[],
): string[] {
  return rows
    .filter(({ asDeclared }) => asDeclared === false)
    .map(
      ({ operation, layout, lock, declared, call }) =>
        `${operation} ${inWords(layout)} takes ${lock}${call === undefined ? '' : ` (found of ${call})`}, declared is ${declared}`,
    );
}

export const inWords = (layout: LockRow['layout']): string =>
  layout === 'crossing' ? 'across VMAs' : 'inside one VMA';

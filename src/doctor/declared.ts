/**
 * What the table of operations declares against what was found here. A victim's operation has rows of its own. A
 * holder's is not found by holding (a short call is not preempted inside, and what lets it be preempted differs from
 * one walk to the next), but by the row of the victim that makes the same call.
 */
import {
  operationNamed,
  holderOperations,
  type HolderOperation,
  type LockClass,
  type VictimOperation,
} from '../profile/operations.js';
import type { LockRow } from './lock-row.js';
import { agrees, type Lock } from './lock-verdict.js';

/** Typed so that a holder without one is an error; a test sees by strace that it is the same call. */
export const callOfHolder: Readonly<Record<HolderOperation, VictimOperation>> = {
  madvise_dontneed: 'madvise_dontneed_page',
  madvise_dontneed_locked: 'madvise_dontneed_locked_page',
  madvise_free: 'madvise_free_page',
  process_madvise: 'process_madvise_page',
  malloc_trim: 'madvise_dontneed_page',
  madvise_dontneed_chunks: 'madvise_dontneed_page',
  parallel_dontneed: 'madvise_dontneed_page',
  parallel_free: 'madvise_free_page',
  madvise_cold: 'madvise_cold_page',
  madvise_pageout: 'madvise_pageout_page',
  madvise_willneed: 'madvise_willneed_page',
  madvise_populate_write: 'madvise_populate_write_page',
  madvise_guard: 'madvise_guard_page',
  read_smaps: 'proc_smaps',
  read_smaps_rollup: 'proc_smaps_rollup',
  read_numa_maps: 'proc_numa_maps',
  read_maps: 'proc_maps',
  read_own_smaps: 'proc_smaps',
  mprotect_region: 'mprotect',
  mmap_none: 'mmap_munmap',
  munmap_mmap: 'mmap_munmap',
};

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

export function holderRows(locks: readonly LockRow[]): HolderRow[] {
  return holderOperations.flatMap((operation) => {
    const { lockClass, crossingLockClass } = operationNamed(operation);
    const call = callOfHolder[operation];
    const row = (layout: HolderRow['layout'], declared: LockClass): HolderRow => {
      const rows = locks.filter((one) => one.operation === call);
      // Who reads a file of /proc reads about the whole process, whatever the region spans: there is one row.
      const lock = (rows.find((one) => one.layout === layout) ?? rows[0])?.lock ?? 'undecided';
      return { operation, layout, call, lock, declared, asDeclared: agrees(lock, declared) };
    };
    return [
      row('isolated', lockClass),
      ...(crossingLockClass === undefined ? [] : [row('crossing', crossingLockClass)]),
    ];
  });
}

/** A sentence for each operation that is not as declared. */
export function differences(
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

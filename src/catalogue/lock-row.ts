/** A line of a lock table: what `pauselab doctor` found of a call's lock, beside what the catalogue declares. */
import { lockOn, strongestFirst, type LockClass } from './locks.js';
import { operations } from './operations.js';

/** `no mmap_lock`: the call takes the lock of a VMA or none. */
export const foundLocks = [...strongestFirst, 'no mmap_lock', 'refused', 'undecided'] as const;
export type Lock = (typeof foundLocks)[number];

export const lockRanges = ['isolated', 'crossing'] as const;
export type LockRangeName = (typeof lockRanges)[number];

/** What was found, without a declaration. */
export interface FoundRow {
  readonly operation: string;
  readonly layout: LockRangeName;
  readonly lock: Lock;
  /** Of a refused call. */
  readonly errno: string | null;
  /** For an undecided call: what was seen, or why it was not tested. */
  readonly figures: string | null;
}

export interface LockRow extends FoundRow {
  /** The catalogue's declaration for this kernel. */
  readonly declared: LockClass;
  /** Null if the lock could not be found. */
  readonly asDeclared: boolean | null;
}

/** Null if no lock was found. "No mmap_lock" is compatible with a VMA's lock and with none. */
export function agrees(lock: Lock, declared: LockClass): boolean | null {
  if (lock === 'undecided' || lock === 'refused') return null;
  return lock === 'no mmap_lock' ? declared === 'VMA lock' || declared === 'none' : lock === declared;
}

/**
 * The rows with the declarations for this kernel. A row of an operation that the catalogue lacks (another pauselab
 * wrote the table) is left out.
 */
export function withDeclarations(rows: readonly FoundRow[], kernelRelease: string): LockRow[] {
  return rows.flatMap((row): LockRow[] => {
    const operation = operations.find(({ name }) => name === row.operation);
    if (operation === undefined) return [];
    const declared = lockOn(operation, kernelRelease, { crossing: row.layout === 'crossing' });
    return [{ ...row, declared, asDeclared: agrees(row.lock, declared) }];
  });
}

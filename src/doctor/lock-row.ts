/** A line of the lock table. */
import type { LockClass } from '../catalogue/locks.js';
import type { Lock } from './lock-verdict.js';

export interface LockRow {
  readonly operation: string;
  readonly layout: 'isolated' | 'crossing';
  readonly lock: Lock;
  /** What the table of operations says for this kernel. */
  readonly declared: LockClass;
  /** Null where the lock could not be found. */
  readonly asDeclared: boolean | null;
  /** Of a refused call. */
  readonly errno: string | null;
  /** Of an undecided one: what was seen, or why it was not asked. */
  readonly figures: string | null;
}

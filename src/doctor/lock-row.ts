/** A line of the lock table. */
import type { LockClass } from '../catalogue/locks.js';
import type { Lock } from './lock-verdict.js';

export interface LockRow {
  readonly operation: string;
  readonly layout: 'isolated' | 'crossing';
  readonly lock: Lock;
  /** The catalogue's declaration for this kernel. */
  readonly declared: LockClass;
  /** Null if the lock could not be found. */
  readonly asDeclared: boolean | null;
  /** Of a refused call. */
  readonly errno: string | null;
  /** For an undecided call: what was seen, or why it was not tested. */
  readonly figures: string | null;
}

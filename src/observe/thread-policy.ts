/** The scheduling policy of a thread of any process, which the observer's records do not have. */
import { readIfThere } from '../host/files.js';
import { statOf } from '../workload/process-identity.js';
import type { ThreadPolicy } from './held.js';

/** By the numbers of sched.h. */
const policies: Readonly<Record<string, ThreadPolicy>> = {
  0: 'other',
  1: 'fifo',
  2: 'rr',
  3: 'batch',
  5: 'idle',
  6: 'deadline',
};

/** Null where the thread has ended, or another one has its id now. */
export function threadPolicyOf({ tid, name }: { readonly tid: number; readonly name: string }): ThreadPolicy {
  if ((readIfThere(`/proc/${tid}/comm`) ?? '').trimEnd() !== name) return null;
  // Field 41 of proc_pid_stat(5).
  return policies[statOf(tid)?.[41 - 3] ?? ''] ?? null;
}

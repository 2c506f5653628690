/** The scheduling policy of a thread of any process, which the observer's records do not have. */
import type { BlamedPolicy } from '../facts/blame.js';
import { readIfThere } from '../host/files.js';
import { threadStatOf } from '../host/process-stat.js';

/** By the numbers of sched.h. */
const policies: Readonly<Record<string, BlamedPolicy>> = {
  0: 'other',
  1: 'fifo',
  2: 'rr',
  3: 'batch',
  5: 'idle',
  6: 'deadline',
};

/** Null where the thread has ended and was not read before, or another one has its id now. */
export type PolicyOf = (thread: { readonly tid: number; readonly name: string }) => BlamedPolicy | null;

/** Remembers what it read, so a thread that has ended keeps its policy, until another one has its id. */
export function policyReader(): PolicyOf {
  // By id alone: a program may give a thread a new name for each of its jobs.
  const known = new Map<number, { readonly name: string; readonly policy: BlamedPolicy }>();
  return ({ tid, name }) => {
    const now = threadPolicyOf({ tid, name });
    if (now !== null) known.set(tid, { name, policy: now });
    const last = known.get(tid);
    return last?.name === name ? last.policy : null;
  };
}

export const threadPolicyOf: PolicyOf = ({ tid, name }) => {
  if ((readIfThere(`/proc/${tid}/comm`) ?? '').trimEnd() !== name) return null;
  return policyIn(threadStatOf(tid) ?? []);
};

/** `fields`: of proc_pid_stat(5), from field 3 on. */
export function policyIn(fields: readonly string[]): BlamedPolicy | null {
  return policies[fields[41 - 3] ?? ''] ?? null;
}

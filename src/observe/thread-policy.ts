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

/** Remembers what it read, so a thread that has ended keeps its policy. */
export function policyReader(): PolicyOf {
  const known = new Map<string, BlamedPolicy>();
  return (thread) => {
    const key = `${thread.tid} ${thread.name}`;
    const now = threadPolicyOf(thread);
    if (now !== null) known.set(key, now);
    return now ?? known.get(key) ?? null;
  };
}

export const threadPolicyOf: PolicyOf = ({ tid, name }) => {
  if ((readIfThere(`/proc/${tid}/comm`) ?? '').trimEnd() !== name) return null;
  // Field 41 of proc_pid_stat(5).
  return policies[threadStatOf(tid)?.[41 - 3] ?? ''] ?? null;
};

/** What no way of observing has in its records, and /proc says: policies of threads, and locks that are not seen. */
import type { RunEvidence } from '../attribution/evidence.js';
import type { BlamedThread } from '../facts/chain-facts.js';
import type { ObservationGap } from '../facts/observation-facts.js';
import { readIfThere } from '../host/files.js';
import { tidsNow, type Target } from './target.js';
import { unseenLocks } from './unseen-locks.js';
import { policyReader, type PolicyOf } from './thread-policy.js';

export interface ProcFacts {
  readonly policyOf: PolicyOf;
  /** The evidence, with the policies that /proc says by now. */
  addTo(evidence: RunEvidence): RunEvidence;
  readonly gaps: readonly ObservationGap[];
}

/** Made when the observation begins: a thread that ends meanwhile keeps the policy that it has now. */
export function procFacts(targets: readonly Target[]): ProcFacts {
  const policyOf = policyReader();
  for (const { pid } of targets)
    for (const tid of tidsNow(pid))
      policyOf({ tid, name: (readIfThere(`/proc/${pid}/task/${tid}/comm`) ?? '').trimEnd() });
  return {
    policyOf,
    addTo: (evidence) => ({
      ...evidence,
      threads: new Map([...evidence.threads].map(([tid, thread]) => [tid, withPolicy(thread, policyOf)] as const)),
    }),
    gaps: unseenLocks(targets),
  };
}

/** The usual policy is not named. A way of observing may have read it with the thread. */
function withPolicy({ policy: seen, ...thread }: BlamedThread, policyOf: PolicyOf): BlamedThread {
  const policy = seen ?? policyOf(thread);
  return policy === null || policy === 'other' ? thread : { ...thread, policy };
}

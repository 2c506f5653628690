/**
 * What no way of observing has in its records, and /proc says: policies of threads, whether a cgroup kept a process back
 * by its limit of CPU time, and locks that are not seen.
 */
import { release } from 'node:os';
import type { RunEvidence } from '../attribution/evidence.js';
import { showsThrottling } from '../catalogue/kernel-waits.js';
import type { BlamedThread } from '../facts/chain-facts.js';
import type { ObservationGap } from '../facts/observation-facts.js';
import { throttled_ns } from '../host/cpu-throttling.js';
import { readIfThere } from '../host/files.js';
import { tidsNow, type Target } from './target.js';
import { unseenLocks } from './unseen-locks.js';
import { policyReader, type PolicyOf } from './thread-policy.js';

export interface ProcFacts {
  readonly policyOf: PolicyOf;
  /** The evidence, with what /proc says by now. */
  addTo(evidence: RunEvidence): RunEvidence;
  gaps(): ObservationGap[];
}

/** Made when the observation begins: a thread that ends meanwhile keeps the policy that it has now. */
export function procFacts(targets: readonly Target[]): ProcFacts {
  const policyOf = policyReader();
  for (const { pid } of targets)
    for (const tid of tidsNow(pid))
      policyOf({ tid, name: (readIfThere(`/proc/${pid}/task/${tid}/comm`) ?? '').trimEnd() });
  const locks = unseenLocks(targets);
  const before = new Map(targets.map(({ pid }) => [pid, throttled_ns(pid)]));
  const grown = (): (readonly [pid: number, grown_ns: number | null])[] =>
    [...before].map(([pid, before_ns]) => {
      const now_ns = throttled_ns(pid);
      return [pid, before_ns === null || now_ns === null ? null : now_ns - before_ns];
    });
  return {
    policyOf,
    addTo: (evidence) => ({
      ...evidence,
      threads: new Map([...evidence.threads].map(([tid, thread]) => [tid, withPolicy(thread, policyOf)] as const)),
      showsThrottling: showsThrottling(release()),
      // In another cgroup than before it may have less.
      throttled: new Map(grown().map(([pid, grown_ns]) => [pid, grown_ns === null ? null : grown_ns !== 0])),
    }),
    gaps: () => [
      ...grown().flatMap(([pid, grown_ns]) =>
        grown_ns === null || grown_ns <= 0 ? [] : [{ code: 'cgroup-throttled', pid, throttled_ns: grown_ns } as const],
      ),
      ...locks,
    ],
  };
}

/** The usual policy is not named. A way of observing may have read it with the thread. */
function withPolicy({ policy: seen, ...thread }: BlamedThread, policyOf: PolicyOf): BlamedThread {
  const policy = seen ?? policyOf(thread);
  return policy === null || policy === 'other' ? thread : { ...thread, policy };
}

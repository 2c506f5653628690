/** The scheduling of a thread, from the settings of a profile. */
import { defaults } from './defaults.js';
import type { Cpus, SchedulingPolicy, ResolvedThread, Scheduling } from './resolved.js';

export interface ThreadWords {
  readonly nice: number;
  readonly policy: 'other' | 'batch' | 'idle' | 'fifo' | 'rr';
  readonly rtPriority: number;
  readonly cpus: 'first' | 'second' | readonly number[];
}

export function expandThread({ nice, policy, rtPriority, cpus }: ThreadWords): ResolvedThread {
  return { nice, policy: policyOf(policy, rtPriority), cpus: expandedCpus(cpus) };
}

/** Null where nothing is written: the scheduling stays unchanged. */
export function scheduling({ nice, policy, rtPriority, cpus }: Partial<ThreadWords>): Scheduling {
  return {
    nice: nice ?? null,
    policy: policy === undefined ? null : policyOf(policy, rtPriority ?? defaults.victim.rtPriority),
    cpus: cpus === undefined ? null : expandedCpus(cpus),
  };
}

export function policyOf(policy: ThreadWords['policy'], rtPriority: number): SchedulingPolicy {
  return policy === 'fifo' || policy === 'rr' ? `${policy} ${rtPriority}` : policy;
}

export function expandedCpus(cpus: ThreadWords['cpus']): Cpus {
  return typeof cpus === 'string' ? { kind: cpus } : { kind: 'list', cpus: [...new Set(cpus)].sort((a, b) => a - b) };
}

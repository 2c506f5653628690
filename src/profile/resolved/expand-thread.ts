/** The scheduling of a thread, from the settings of a profile. */
import { defaults } from './defaults.js';
import type { Cpus, SchedulingPolicy, ResolvedThread, Scheduling } from './resolved.js';

export interface ThreadWords {
  readonly nice: number;
  readonly policy: 'other' | 'batch' | 'idle' | 'fifo' | 'rr';
  readonly rtPriority: number;
  /** In nanoseconds. */
  readonly slice?: number;
  readonly cpus: 'first' | 'second' | readonly number[];
}

export function expandThread({ nice, policy, rtPriority, slice, cpus }: ThreadWords): ResolvedThread {
  return { nice, policy: policyOf(policy, rtPriority), ...sliced(slice), cpus: expandedCpus(cpus) };
}

/** Null where nothing is written: the scheduling stays unchanged. */
export function scheduling({ nice, policy, rtPriority, slice, cpus }: Partial<ThreadWords>): Scheduling {
  return {
    nice: nice ?? null,
    policy: policy === undefined ? null : policyOf(policy, rtPriority ?? defaults.victim.rtPriority),
    ...sliced(slice),
    cpus: cpus === undefined ? null : expandedCpus(cpus),
  };
}

function sliced(slice_ns: number | undefined): Pick<ResolvedThread, 'slice_ns'> {
  return slice_ns === undefined ? {} : { slice_ns };
}

export function policyOf(policy: ThreadWords['policy'], rtPriority: number): SchedulingPolicy {
  return policy === 'fifo' || policy === 'rr' ? `${policy} ${rtPriority}` : policy;
}

export function expandedCpus(cpus: ThreadWords['cpus']): Cpus {
  return typeof cpus === 'string' ? { kind: cpus } : { kind: 'list', cpus: [...new Set(cpus)].sort((a, b) => a - b) };
}

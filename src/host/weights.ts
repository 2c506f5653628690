/**
 * How long a preempted call takes: the scheduler divides a CPU by weight, so a thread of weight w that needs `hold_ns`
 * of CPU beside competitors of weights c gets a share w / (w + Σc), and its call takes hold × (1 + Σc / w).
 */
import type { NativeArm, ResolvedHogs, SchedulingPolicy, ResolvedThread } from '../profile/resolved/resolved.js';
import type { CpuTopology } from './cpus.js';
import { resolveCpus } from './cpus.js';

// kernel/sched/core.c, sched_prio_to_weight: nice −20 … 19, each step is a factor of 1.25.
const weightOfNice = [
  88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991,
  1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
];
const weightOfIdle = 3;

/** `fifo 50`, `rr 1`: scheduled by static priority, not by weight. */
const isRealTime = ({ policy }: { policy: SchedulingPolicy }): boolean => /^(?:fifo|rr)\b/.test(policy);

export function weightOf({ nice, policy }: { nice: number; policy: SchedulingPolicy }): number {
  return policy === 'idle' ? weightOfIdle : (weightOfNice[nice + 20] ?? 1024);
}

/**
 * 1 + Σ(weights of hogs on the holder's CPUs) / holder's weight: the factor from a call's CPU time to its duration.
 * Null if a real-time hog shares a CPU with the holder: weights do not decide the duration then.
 */
export function preemptionFactor(arm: Pick<NativeArm, 'holder' | 'hogs'>, topology: CpuTopology): number | null {
  if (arm.hogs.count === 0) return 1;
  const cpusOf = (thread: ResolvedThread): readonly number[] => resolveCpus(thread.cpus, topology);
  const holderCpus = cpusOf(arm.holder);
  const competes = cpusOf(arm.hogs).some((cpu) => holderCpus.includes(cpu));
  if (!competes) return 1;
  if (isRealTime(arm.hogs)) return null;
  // If only the holder is real time, weights do not preempt it.
  if (isRealTime(arm.holder)) return 1;
  // If hogs are spread over several CPUs, the holder can move to a less busy one.
  const crowding = Math.floor(arm.hogs.count / holderCpus.length);
  return 1 + hogsWeight(arm.hogs, crowding) / (weightOfGroup(arm.holder.cpuWeight) ?? weightOf(arm.holder));
}

function hogsWeight(hogs: ResolvedHogs, crowding: number): number {
  // All of them share the weight of their cgroup.
  return crowding === 0 ? 0 : (weightOfGroup(hogs.cpuWeight) ?? crowding * weightOf(hogs));
}

/**
 * cpu.weight 100 is the weight of nice 0 (kernel/sched/sched.h, sched_weight_from_cgroup). A cgroup competes with the
 * threads beside it. With autogroups all of these count as one thread of nice 0, so that a niced holder there waits less
 * than this says.
 */
function weightOfGroup(cpuWeight: number | undefined): number | null {
  return cpuWeight === undefined ? null : Math.round((cpuWeight * 1024) / 100);
}

/** What `run` would do: arms, order, CPUs, and how long it takes. Nothing is measured, so calibrated sizes are not known yet. */
import { formatDuration, formatSize } from '../base/units.js';
import { targetHold_ns } from '../experiment/calibrate.js';
import { runOrder, type PlannedRun } from '../experiment/order.js';
import { cpuTopology, resolveCpus } from '../host/cpus.js';
import { preemptionFactor } from '../host/weights.js';
import { operationNamed } from '../profile/operations.js';
import type { ResolvedArm, ResolvedProfile } from '../profile/resolved.js';

interface PlannedArm {
  readonly name: string;
  readonly title: string;
  readonly control: string | null;
  readonly holder: string;
  readonly region: string;
  readonly layout: string;
  readonly hogs: string;
  readonly victims: readonly string[];
}

export interface Plan {
  readonly profile: string;
  readonly arms: readonly PlannedArm[];
  readonly order: readonly PlannedRun[];
  readonly leastDuration_ns: number;
}

export function planOf(profile: ResolvedProfile, arms: readonly ResolvedArm[]): Plan {
  const topology = cpuTopology();
  const cpusOf = (cpus: Parameters<typeof resolveCpus>[0]): string => `CPU ${resolveCpus(cpus, topology).join(',')}`;
  const order = runOrder(arms.map(({ name }) => name), profile.runs, profile.seed);
  return {
    profile: profile.name,
    order,
    leastDuration_ns: order.length * (profile.warmup_ns + profile.duration_ns),
    arms: arms.map((arm) => {
      const { holder, hogs, victims, layout } = arm;
      const { threads } = operationNamed(holder.operation);
      const factor = preemptionFactor(arm, topology);
      const region =
        holder.region.kind === 'bytes'
          ? formatSize(holder.region.bytes)
          : (threads ?? 1) > 1
            ? `${String(threads)} at once, sized so that they fit into a quarter of the memory`
            : `sized so that a call holds the lock for ${formatDuration(targetHold_ns(arm, topology))} of CPU time, which preemption stretches ${factor.toFixed(1)} times`;
      return {
        name: arm.name,
        title: arm.title,
        control: arm.control,
        holder: `${holder.active ? holder.operation : 'does nothing'}, nice ${holder.nice}, ${cpusOf(holder.cpus)}${holder.process === 'foreign' ? ', in another process' : ''}`,
        region,
        layout,
        hogs: hogs.count === 0 ? 'none' : `${hogs.count}, nice ${hogs.nice}, ${cpusOf(hogs.cpus)}`,
        victims: victims.map(({ series, interval_ns, cpus }) => `${series}, ${interval_ns === 0 ? 'back to back' : `every ${formatDuration(interval_ns)}`}, ${cpusOf(cpus)}`),
      };
    }),
  };
}

export function describePlan({ profile, arms, order, leastDuration_ns }: Plan): string {
  const lines = arms.flatMap(({ name, title, holder, region, layout, hogs, victims }) => [
    `${name}: ${title}`,
    `  holder   ${holder}`,
    `  region   ${region}`,
    `  layout   ${layout}`,
    `  hogs     ${hogs}`,
    ...victims.map((victim) => `  victim   ${victim}`),
  ]);
  const sequence = order.map(({ arm, repetition }) => `${arm} (${repetition})`).join(', ');
  return `${profile}: ${order.length} runs, at least ${formatDuration(leastDuration_ns)} in all\n\n${lines.join('\n')}\n\nOrder: ${sequence}\n`;
}

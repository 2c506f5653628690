/**
 * What the probes in a user's program cost: its CPU time with probes against the same arm without. The unit is the run.
 */
import type { ArmSummary } from '../../bundle/bundle-schema.js';
import { hodgesLehmann } from '../../stats/hodges-lehmann.js';
import { mean } from '../../stats/sample.js';
import type { KernelConclusion } from '../../facts/verdict-facts.js';

/** For each arm with such a partner, if both have whole runs. */
export function probeCosts(arms: readonly ArmSummary[]): KernelConclusion[] {
  return arms.flatMap((arm) => {
    const alone = arms.find(({ name }) => name === arm.jvm?.withoutProbes);
    const [withProbes, without] = [cpuShares(arm), alone === undefined ? [] : cpuShares(alone)];
    return alone === undefined || withProbes.length === 0 || without.length === 0
      ? []
      : [costOf({ arm: arm.name, alone: alone.name, withProbes, without })];
  });
}

/** Of a CPU, a share for each run. */
function cpuShares({ jvm }: ArmSummary): number[] {
  return (jvm?.perRun ?? []).flatMap(({ status, cpu_ns, over_ns }) =>
    status === 'complete' && over_ns > 0 ? [cpu_ns / over_ns] : [],
  );
}

interface Cost {
  readonly arm: string;
  readonly alone: string;
  readonly withProbes: readonly number[];
  readonly without: readonly number[];
}

function costOf({ arm, alone, withProbes, without }: Cost): KernelConclusion {
  const { estimate, low, high } = hodgesLehmann(without, withProbes);
  return {
    code: 'probe-cost',
    arm,
    withoutProbes: alone,
    with_share: mean(withProbes),
    without_share: mean(without),
    difference_share: estimate,
    low_share: low,
    high_share: high,
    runs_n: Math.min(withProbes.length, without.length),
  };
}

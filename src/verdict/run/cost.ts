/**
 * What the probes in a program of the user's own cost: its CPU time with them against the same arm without. The unit is
 * the run.
 */
import type { ArmSummary } from '../../bundle/bundle-schema.js';
import { hodgesLehmann } from '../../stats/hodges-lehmann.js';
import { mean } from '../../stats/sample.js';
import { counted } from '../../words/text.js';

/** A clause for the verdict per arm that has such a partner, and whole runs of both. */
export function probeCosts(arms: readonly ArmSummary[]): string[] {
  return arms.flatMap((arm) => {
    const alone = arms.find(({ name }) => name === arm.jvm?.withoutProbes);
    const [withProbes, without] = [cpuShares(arm), alone === undefined ? [] : cpuShares(alone)];
    return alone === undefined || withProbes.length === 0 || without.length === 0
      ? []
      : [costText({ arm: arm.name, alone: alone.name, withProbes, without })];
  });
}

/** Of one CPU, a run each. */
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

function costText({ arm, alone, withProbes, without }: Cost): string {
  const { estimate, low, high } = hodgesLehmann(without, withProbes);
  const fewest = Math.min(withProbes.length, without.length);
  const base = `the program used ${percent(mean(without))} of a CPU in ${alone} and ${percent(mean(withProbes))} in ${arm}`;
  if (low === null || high === null)
    return `${base}, a difference of ${signed(estimate)} that may be chance: what the probes cost has an interval from 4 runs an arm on (--runs 4), and this is ${counted(fewest, 'run')}`;
  const clear = low > 0 || high < 0 ? '' : ', which may be nothing';
  return `${base}: the probes cost ${signed(estimate)} of a CPU (95 % interval ${signed(low)} to ${signed(high)}, ${counted(fewest, 'run')} an arm)${clear}`;
}

/** To 0.1 %: the kernel counts a process's CPU time in ticks of 10 ms. */
function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function signed(share: number): string {
  return `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;
}

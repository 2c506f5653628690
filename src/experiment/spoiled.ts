/** Whether a run is evidence: judged by what the machine did in it, by limits fixed in the profile, never by its latencies. */
import { formatShare } from '../base/units.js';
import type { GuestMachine } from '../bundle/schema.js';
import type { MachineLoad } from '../host/load.js';
import type { ResolvedProfile } from '../profile/resolved.js';

export function spoiledBy(load: MachineLoad, limits: ResolvedProfile['spoiled']): string[] {
  const reasons: string[] = [];
  if (load.steal_share > limits.steal_share) reasons.push(`the hypervisor took ${formatShare(load.steal_share)} of the CPU time (limit ${formatShare(limits.steal_share)})`);
  if (load.foreignLoad_share > limits.foreignLoad_share) {
    reasons.push(`other programs used ${formatShare(load.foreignLoad_share)} of the CPU time (limit ${formatShare(limits.foreignLoad_share)})`);
  }
  if (load.clockSourceChanged) reasons.push(`the kernel changed its clock source to ${load.clockSource ?? 'one that cannot be read'}`);
  return reasons;
}

/** Further than this from the host's, a guest's clock measures something else than time. */
const mostClockDrift = 0.05;
/** A guest says what its clock is in a message, which a busy host may read so much later. */
const readLate_ns = 300_000_000;

/**
 * What the host did to a guest: a virtual CPU that waits for a real one is stolen time, which an emulated CPU does not report.
 * `passed_ns`: by the host's clock, between the readings.
 */
export function spoiledByHost({ runDelay_share, clock_ratio }: Pick<GuestMachine, 'runDelay_share' | 'clock_ratio'>, passed_ns: number, limits: ResolvedProfile['spoiled']): string[] {
  const drift = Math.abs(clock_ratio - 1);
  return [
    ...(runDelay_share > limits.steal_share ? [`the host kept the guest's CPUs waiting for ${formatShare(runDelay_share)} of the time (limit ${formatShare(limits.steal_share)})`] : []),
    ...(drift > mostClockDrift && drift * passed_ns > readLate_ns ? [`the guest's clock went ${clock_ratio.toFixed(2)} times as fast as the host's`] : []),
  ];
}

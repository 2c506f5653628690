/** Whether a run is evidence: judged by what the machine did in it, by limits fixed in the profile, never by its latencies. */
import { formatShare } from '../base/units.js';
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

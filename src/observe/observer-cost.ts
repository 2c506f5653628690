/** What observing takes of this machine: pauselab itself, which reads and explains what its helper writes, and the helper. */
import type { WatchResult } from './tier.js';

/** Started before the watch. The result adds to what the helper took. */
export function costMeter(): (ofHelper: WatchResult['cost']) => WatchResult['cost'] {
  const before = process.cpuUsage();
  return ({ cpu_ns, memoryBytes }) => {
    const { user, system } = process.cpuUsage(before);
    const { maxRSS: ownKib } = process.resourceUsage();
    return { cpu_ns: cpu_ns + (user + system) * 1000, memoryBytes: memoryBytes + ownKib * 1024 };
  };
}

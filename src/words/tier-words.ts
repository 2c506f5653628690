/** How an observation was made, in the words of its result. */
import type { TierName } from '../facts/observation-facts.js';

export const tierNames: Readonly<Record<TierName, string>> = {
  ebpf: 'programs in the kernel (eBPF)',
  tracefs: 'events of the kernel (tracefs)',
  sampling: 'looks at its threads (sampling)',
};

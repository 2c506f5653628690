import { cpuTopology } from '../../dist/host/cpus.js';

/** The CPU that measured programs are kept on, as taskset takes it: the last one, since the first serves interrupts. */
export function lastCpu() {
  return String(cpuTopology().allowed.at(-1));
}

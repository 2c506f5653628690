import { cpuTopology } from '../../dist/host/cpus.js';

/** The CPU for measured programs, in taskset's form: the last CPU, because the first serves interrupts. */
export function lastCpu() {
  return String(cpuTopology().allowed.at(-1));
}

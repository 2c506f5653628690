/** The whole examination: the machine first, since on an unfit one a lock table means nothing. */
import { cpuTopology } from '../host/cpus.js';
import { hostFacts, type HostFacts } from '../host/facts.js';
import { findLocks, type LockRow } from './lock-table.js';
import { checkCpus, checkKernel, checkLoad, checkMemory, checkPermissions, checkSoftware, type Check } from './machine.js';

export interface Examination {
  readonly fit: boolean;
  readonly conclusion: string;
  readonly host: HostFacts;
  readonly locks: readonly LockRow[];
  readonly checks: readonly Check[];
}

export async function examine(progress: (text: string) => void): Promise<Examination> {
  const host = hostFacts();
  const topology = cpuTopology();
  progress('looking at the machine');
  const checks = [...checkKernel(host), ...checkCpus(topology, host), ...checkMemory(), ...(await checkLoad(topology)), ...(await checkPermissions()), ...(await checkSoftware())];
  const fit = checks.every(({ status }) => status !== 'unfit');
  const locks = fit ? await findLocks(host, topology, progress) : [];
  return { fit, conclusion: conclude(host, fit, locks, checks), host, locks, checks };
}

export function conclude({ kernel }: Pick<HostFacts, 'kernel'>, fit: boolean, locks: readonly LockRow[], checks: readonly Check[]): string {
  if (!fit) return `Unfit: ${checks.filter(({ status }) => status === 'unfit').map(({ name, found, advice }) => `${name}: ${found}; ${String(advice)}`).join('. ')}.`;
  const lockOf = (operation: string, layout: LockRow['layout']): string => locks.find((row) => row.operation === operation && row.layout === layout)?.lock ?? 'undecided';
  const free = { one: lockOf('madvise_free_page', 'isolated'), across: lockOf('madvise_free_page', 'crossing') };
  const undecided = locks.filter(({ lock }) => lock === 'undecided').length;
  const different = locks.filter(({ asDeclared }) => asDeclared === false).length;
  return [
    `Fit. On Linux ${kernel}, MADV_FREE inside one VMA takes ${inWords(free.one)}, across VMAs ${inWords(free.across)}: ${exposure(free)}`,
    ...(undecided > 0 ? [`Undecided: ${undecided}; something else kept the CPUs busy, so run it again on a quieter machine.`] : []),
    ...(different > 0 ? [`Rows that differ from what pauselab expects of Linux 6.17 and later: ${different}.`] : []),
  ].join(' ');
}

function inWords(lock: string): string {
  if (lock === 'VMA lock') return "that VMA's lock";
  return lock === 'undecided' ? 'a lock that could not be found' : lock.replace('mmap_lock', 'mmap_lock for');
}

function exposure({ one, across }: { one: string; across: string }): string {
  if (one === 'mmap_lock read') return 'a preempted thread that gives memory back stalls every writer of the process.';
  if (one === 'VMA lock' && across === 'mmap_lock read') return 'a preempted thread that gives memory back stalls writers only when its range spans VMAs, or when they work on the same VMA.';
  return 'see the table.';
}

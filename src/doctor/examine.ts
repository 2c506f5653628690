/** The whole examination: the machine first, since on an unfit one a lock table means nothing. */
import type { Interruption } from '../experiment/interruption.js';
import type { Examined } from '../experiment/place/wire.js';
import { cpuTopology } from '../host/cpus.js';
import { hostFacts, type HostFacts } from '../host/facts.js';
import { notAsDeclared, holderRows, type HolderRow } from './declared.js';
import { stopIfInterrupted } from './interrupted.js';
import type { LockRow } from './lock-row.js';
import { findLocks } from './lock-table.js';
import {
  checkCpus,
  checkKernel,
  checkMachineLoad,
  checkMemory,
  checkPermissions,
  type MachineCheck,
} from './machine.js';
import { checkSoftware } from './software.js';
import type { MeansKind } from './means.js';

export interface Examination {
  readonly fit: boolean;
  readonly conclusion: string;
  readonly host: HostFacts;
  /** How the trials' threads were scheduled; null without a lock table. */
  readonly means: MeansKind | null;
  readonly locks: readonly LockRow[];
  readonly holders: readonly HolderRow[];
  readonly checks: readonly MachineCheck[];
}

/** What is told of another kernel than this machine's: its lock table, or why there is none. */
export function kernelPart({ fit, checks, locks }: Examination): Examined {
  return {
    fit,
    unfit: checks.filter(({ status }) => status === 'unfit').map(({ name, found }) => `${name}: ${found}`),
    locks: locks.map(({ operation, layout, lock, errno }) => ({ operation, layout, lock, errno })),
  };
}

/** `times`: how much longer than on real CPUs it may take. */
export async function examine(
  progress: (text: string) => void,
  interruption: Interruption,
  times = 1,
): Promise<Examination> {
  const host = hostFacts();
  const topology = cpuTopology();
  progress('looking at the machine');
  const permissions = await checkPermissions();
  const checks = [
    ...checkKernel(host),
    ...checkCpus(topology, host),
    ...checkMemory(),
    ...(await checkMachineLoad(topology)),
    ...permissions,
    ...(await checkSoftware()),
  ];
  stopIfInterrupted(interruption);
  const fit = checks.every(({ status }) => status !== 'unfit');
  const means = permissions.some(({ name, status }) => name === 'SCHED_FIFO' && status === 'ok') ? 'real time' : 'fair';
  const locks = fit ? await findLocks({ host, topology, means }, progress, interruption, times) : [];
  const holders = fit ? holderRows(locks, host.kernel) : [];
  return {
    fit,
    conclusion: conclude(host, checks, locks, holders),
    host,
    means: fit ? means : null,
    locks,
    holders,
    checks,
  };
}

export function conclude(
  { kernel }: Pick<HostFacts, 'kernel'>,
  checks: readonly MachineCheck[],
  locks: readonly LockRow[],
  holders: readonly HolderRow[],
): string {
  const unfit = checks.filter(({ status }) => status === 'unfit');
  if (unfit.length > 0)
    return `Unfit: ${unfit.map(({ name, found, advice }) => `${name}: ${found}; ${String(advice)}`).join('. ')}.`;
  const lockOf = (operation: string, layout: LockRow['layout']): string =>
    locks.find((row) => row.operation === operation && row.layout === layout)?.lock ?? 'undecided';
  const free = { one: lockOf('madvise_free_page', 'isolated'), across: lockOf('madvise_free_page', 'crossing') };
  const undecided = locks.filter(({ lock }) => lock === 'undecided').length;
  const different = [...notAsDeclared(locks), ...notAsDeclared(holders)];
  return [
    `Fit. On Linux ${kernel}, MADV_FREE inside one VMA takes ${inWords(free.one)}, across VMAs ${inWords(free.across)}: ${exposure(free)}`,
    ...(undecided > 0
      ? [`Undecided: ${undecided}. Something else kept the CPUs busy: run it again on a quieter machine.`]
      : []),
    ...(different.length > 0 ? [`Not as pauselab declares for this kernel: ${different.join('; ')}.`] : []),
  ].join(' ');
}

function inWords(lock: string): string {
  if (lock === 'VMA lock') return "that VMA's lock";
  if (lock === 'refused') return 'no lock, since it is refused';
  return lock === 'undecided' ? 'a lock that could not be found' : lock.replace('mmap_lock', 'mmap_lock for');
}

function exposure({ one, across }: { one: string; across: string }): string {
  if (one === 'mmap_lock read') return 'a preempted thread that gives memory back stalls every writer of the process.';
  if (one === 'VMA lock' && across === 'mmap_lock read')
    return 'a preempted thread that gives memory back stalls writers only when its range spans VMAs, or when they work on the same VMA.';
  return 'see the table.';
}

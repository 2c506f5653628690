/** The whole examination: the machine comes first, because on an unfit machine a lock table means nothing. */
import type { LockRow } from '../catalogue/lock-row.js';
import { checkKvm } from './kvm.js';
import type { Interruption } from '../experiment/interruption.js';
import type { Examined } from '../experiment/place/wire.js';
import { cpuTopology } from '../host/cpus.js';
import { hostFacts, type HostFacts } from '../host/facts.js';
import { notAsDeclared } from '../words/lock-words.js';
import { holderRows, type HolderRow } from './declared.js';
import { stopIfInterrupted } from './interrupted.js';
import { collapseNotAsked, findLocks, isNotAsked, wholeTable, type Extent } from './lock-table.js';
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

/** The part that concerns a kernel other than this machine's: its lock table, or why there is none. */
export function kernelPart({ fit, checks, locks }: Examination): Examined {
  return {
    fit,
    unfit: checks.filter(({ status }) => status === 'unfit').map(({ name, found }) => `${name}: ${found}`),
    locks: locks.map(({ operation, layout, lock, errno, figures }) => ({ operation, layout, lock, errno, figures })),
  };
}

export async function examine(
  progress: (text: string) => void,
  interruption: Interruption,
  extent: Extent = wholeTable,
): Promise<Examination> {
  const host = hostFacts();
  const topology = cpuTopology();
  progress('examining the machine');
  const permissions = await checkPermissions();
  const kvm = await checkKvm(interruption, progress);
  const checks = [
    ...checkKernel(host),
    ...checkCpus(topology, host),
    ...checkMemory(),
    ...(await checkMachineLoad(topology)),
    ...permissions,
    kvm,
    ...(await checkSoftware()),
  ];
  stopIfInterrupted(interruption);
  const fit = checks.every(({ status }) => status !== 'unfit');
  const means = permissions.some(({ name, status }) => name === 'SCHED_FIFO' && status === 'ok') ? 'real time' : 'fair';
  const locks = fit ? await findLocks({ host, topology, means }, progress, interruption, extent) : [];
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
  { kernel, transparentHugePages }: Pick<HostFacts, 'kernel' | 'transparentHugePages'>,
  checks: readonly MachineCheck[],
  locks: readonly LockRow[],
  holders: readonly HolderRow[],
): string {
  const unfit = checks.filter(({ status }) => status === 'unfit');
  if (unfit.length > 0)
    return `Unfit: ${unfit.map(({ name, found, advice }) => `${name}: ${found}; ${String(advice)}`).join('. ')}.`;
  const lockOf = (operation: string, layout: LockRow['layout']): string =>
    locks.find((row) => row.operation === operation && row.layout === layout)?.lock ?? 'undecided';
  const free = { inside: lockOf('madvise_free_page', 'isolated'), across: lockOf('madvise_free_page', 'crossing') };
  const undecided = locks.filter(({ lock }) => lock === 'undecided');
  const notAsked_n = undecided.filter((row) => isNotAsked(row, { transparentHugePages })).length;
  const undecided_n = undecided.length - notAsked_n;
  const different = [...notAsDeclared(locks), ...notAsDeclared(holders)];
  return [
    `Fit. On Linux ${kernel}, MADV_FREE inside one VMA takes ${inWords(free.inside)}, ` +
      `across VMAs ${inWords(free.across)}: ${exposure(free)}`,
    ...(notAsked_n > 0 ? [`Not tested: ${notAsked_n}, because ${collapseNotAsked}.`] : []),
    ...(undecided_n > 0
      ? [`Undecided: ${undecided_n}. Other programs kept the CPUs busy: run it again on a quieter machine.`]
      : []),
    ...(different.length > 0
      ? [`Different from pauselab's declarations for this kernel: ${different.join('; ')}.`]
      : []),
  ].join(' ');
}

function inWords(lock: string): string {
  if (lock === 'VMA lock') return "that VMA's lock";
  if (lock === 'refused') return 'no lock, because the kernel refuses it';
  return lock === 'undecided' ? 'an unknown lock' : lock.replace('mmap_lock', 'mmap_lock for');
}

function exposure({ inside, across }: { inside: string; across: string }): string {
  if (inside === 'mmap_lock read')
    return 'a preempted thread that gives memory back stalls every writer of the process.';
  if (inside === 'VMA lock' && across === 'mmap_lock read')
    return (
      'a preempted thread that gives memory back stalls writers only when its range spans VMAs, ' +
      'or when they work on the same VMA.'
    );
  return 'see the table.';
}

/** The calls in the lock table, and which of them can be tested together. */
import type { FoundRow } from '../catalogue/lock-row.js';
import { lockOn, type LockClass } from '../catalogue/locks.js';
import {
  callOfHolder,
  knownHolders,
  knownReaders,
  knownWriters,
  operationNamed,
  operations,
  type HolderOperation,
  type Operation,
  type VictimOperation,
} from '../catalogue/operations.js';
import { seriesOf, type Probe } from './trial.js';

/** Every victim operation, inside one VMA, and across VMAs if it can be; except those with a reason to be left out. */
export function probesOfTable(rows: readonly Operation[] = operations): Probe[] {
  return rows
    .filter(({ kind, notAsked }) => kind === 'victim' && notAsked === undefined)
    .flatMap(({ name, layouts }) => {
      const operation = name as VictimOperation;
      const isolated: Probe = { operation, layout: 'isolated' };
      return layouts.includes('crossing') ? [isolated, { operation, layout: 'crossing' } satisfies Probe] : [isolated];
    });
}

/** On the kernel of this release. */
export function declaredLock({ operation, layout }: Probe, kernelRelease: string): LockClass {
  return lockOn(operationNamed(operation), kernelRelease, { crossing: layout === 'crossing' });
}

/** Whether its page can lie in the holder's VMA. */
export function fitsInRegion({ operation, layout }: Probe): boolean {
  return layout === 'isolated' && operationNamed(operation).layouts.includes('same');
}

export const inRegion = ({ operation }: Probe): Probe => ({ operation, layout: 'same' });

/**
 * Calls of a group share a process. Malloc settings and the end of the heap belong to the whole process. Starting
 * threads and walking page tables take time for which others should not wait. A collapse waits for work on every CPU,
 * which needs a hog that leaves them some time. A fork makes every page of the process one to copy.
 */
type Group = 'break' | 'mapped malloc' | 'heap' | 'proc' | 'collapse' | 'fork' | 'others';

function groupOf({ operation }: Probe): Group {
  const { family, heap } = operationNamed(operation);
  if (family === 'thread' || family === 'malloc') return heap === 'mapsLarge' ? 'mapped malloc' : 'heap';
  const isApart = family === 'break' || family === 'proc' || family === 'collapse' || family === 'fork';
  return isApart ? family : 'others';
}

export const needsIdleTime = ({ operation }: Probe): boolean => operationNamed(operation).family === 'collapse';

export function byFamily(probes: readonly Probe[]): Probe[][] {
  return [...new Set(probes.map(groupOf))].map((group) => probes.filter((probe) => groupOf(probe) === group));
}

/** Calls of small families are tested alone, so that they do not wait for others of their kind. */
export function bySmallFamily(probes: readonly Probe[]): Probe[][] {
  const isSmall = (probe: Probe): boolean => groupOf(probe) !== 'others';
  return [probes.filter((probe) => !isSmall(probe)), ...oneByOne(probes.filter(isSmall))].filter(
    (group) => group.length > 0,
  );
}

export function oneByOne(probes: readonly Probe[]): Probe[][] {
  return probes.map((probe) => [probe]);
}

export interface KnownCalls {
  readonly reader: Probe;
  readonly writer: Probe;
  readonly holder: HolderOperation;
}

/** All calls that `knownCalls` may choose. */
export function comparedWith(): Probe[] {
  return [
    ...[...knownReaders, ...knownWriters].map((operation): Probe => ({ operation, layout: 'isolated' })),
    ...knownHolders.map((holder): Probe => ({ operation: callOfHolder[holder], layout: 'crossing' })),
  ];
}

/** Null, with what is missing, if this kernel refuses all calls of a kind. */
export function knownCalls(isRefused: (probe: Probe) => boolean): KnownCalls | { readonly missing: string } {
  const first = (names: readonly VictimOperation[]): Probe | undefined =>
    names.map((operation): Probe => ({ operation, layout: 'isolated' })).find((probe) => !isRefused(probe));
  const calls = knownHolders.map((holder) => [holder, callOfHolder[holder]] as const);
  const reader = first(knownReaders);
  const writer = first(knownWriters);
  const holder = calls.find(([, call]) => !isRefused({ operation: call, layout: 'crossing' }))?.[0];
  if (reader === undefined) return { missing: knownReaders.join(', ') };
  if (writer === undefined) return { missing: knownWriters.join(', ') };
  return holder === undefined ? { missing: calls.map(([, call]) => call).join(', ') } : { reader, writer, holder };
}

/** A lock that is not found, or not found in full: a call that takes no mmap_lock may take the lock of a VMA. */
export function isOpenRow({ operation, layout, lock }: Pick<FoundRow, 'operation' | 'layout' | 'lock'>): boolean {
  return (
    lock === 'undecided' ||
    (lock === 'no mmap_lock' && fitsInRegion({ operation: operation as VictimOperation, layout }))
  );
}

export function withKnown(probes: readonly Probe[], known: readonly Probe[]): readonly Probe[] {
  return [
    ...probes,
    ...known.filter((knownProbe) => !probes.some((probe) => seriesOf(probe) === seriesOf(knownProbe))),
  ];
}

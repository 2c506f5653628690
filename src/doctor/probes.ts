/** The calls that the lock table asks about, and which of them can be asked together. */
import {
  operationNamed,
  operations,
  type HolderOperation,
  type LockClass,
  type VictimOperation,
} from '../profile/operations.js';
import { seriesOf, type Probe } from './trial.js';

/**
 * Every victim operation, isolated, and across VMAs where it can be; but for one that needs a holder of its own, and
 * makes mmap and munmap, which are asked of.
 */
export function probesOfTable(): Probe[] {
  return operations
    .filter(({ kind, inHeap }) => kind === 'victim' && inHeap !== true)
    .flatMap(({ name, layouts }) => {
      const operation = name as VictimOperation;
      const isolated: Probe = { operation, layout: 'isolated' };
      return layouts.includes('crossing') ? [isolated, { operation, layout: 'crossing' } satisfies Probe] : [isolated];
    });
}

export function declaredLock({ operation, layout }: Probe): LockClass {
  const { lockClass, crossingLockClass } = operationNamed(operation);
  return layout === 'crossing' ? (crossingLockClass ?? lockClass) : lockClass;
}

/** Can its page lie in the holder's VMA? */
export function fitsInRegion({ operation, layout }: Probe): boolean {
  return layout === 'isolated' && operationNamed(operation).layouts.includes('same');
}

export const inRegion = ({ operation }: Probe): Probe => ({ operation, layout: 'same' });

/**
 * Those of one family share a process. Settings of malloc and the end of the heap belong to all of a process; starting
 * threads and walking page tables take time that others should not have to wait for; and a collapse waits for work on
 * every CPU, which needs a hog that leaves it some.
 */
const families: readonly RegExp[] = [
  /^brk$/,
  /^malloc_1m_mmap$/,
  /^(?:thread_|malloc_)/,
  /^proc_/,
  /^madvise_collapse/,
];

function familyOf({ operation }: Probe): number {
  return families.findIndex((family) => family.test(operation));
}

export const needsIdleTime = ({ operation }: Probe): boolean => operation.startsWith('madvise_collapse');

export function byFamily(probes: readonly Probe[]): Probe[][] {
  return [...new Set(probes.map(familyOf))].map((family) => probes.filter((probe) => familyOf(probe) === family));
}

/** Of the small families each call by itself, so that it waits for none of its own kind. */
export function bySmallFamily(probes: readonly Probe[]): Probe[][] {
  const isSmall = (probe: Probe): boolean => familyOf(probe) !== -1;
  return [probes.filter((probe) => !isSmall(probe)), ...oneByOne(probes.filter(isSmall))].filter(
    (group) => group.length > 0,
  );
}

export function oneByOne(probes: readonly Probe[]): Probe[][] {
  return probes.map((probe) => [probe]);
}

/** Calls whose locks are the same on every kernel so far, the best first: some may be refused here. */
const readers: readonly VictimOperation[] = [
  'mincore',
  'madvise_cold_page',
  'madvise_pageout_page',
  'madvise_willneed_page',
];
const writers: readonly VictimOperation[] = ['mprotect', 'madvise_normal_page', 'mmap_munmap'];
/** Across VMAs, so that it takes mmap_lock on every kernel, and needs nobody to touch the memory again. */
const holders: readonly (readonly [HolderOperation, VictimOperation])[] = [
  ['madvise_free', 'madvise_free_page'],
  ['madvise_cold', 'madvise_cold_page'],
];

export interface KnownCalls {
  readonly reader: Probe;
  readonly writer: Probe;
  readonly holder: HolderOperation;
}

/** Null, with what is missing, where this kernel refuses all of a kind. */
export function knownCalls(isRefused: (probe: Probe) => boolean): KnownCalls | { readonly missing: string } {
  const first = (names: readonly VictimOperation[]): Probe | undefined =>
    names.map((operation): Probe => ({ operation, layout: 'isolated' })).find((probe) => !isRefused(probe));
  const reader = first(readers);
  const writer = first(writers);
  const holder = holders.find(([, call]) => !isRefused({ operation: call, layout: 'crossing' }))?.[0];
  if (reader === undefined) return { missing: readers.join(', ') };
  if (writer === undefined) return { missing: writers.join(', ') };
  return holder === undefined ? { missing: holders.map(([, call]) => call).join(', ') } : { reader, writer, holder };
}

export function withKnown(probes: readonly Probe[], known: readonly Probe[]): readonly Probe[] {
  return [...probes, ...known.filter((one) => !probes.some((probe) => seriesOf(probe) === seriesOf(one)))];
}

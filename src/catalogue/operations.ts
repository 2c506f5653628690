/**
 * The operations that a profile can name, a row each, by kind and lock in src/catalogue/operations. The native engine
 * implements them and has the same table (native/engine/operations.cc; `pauselab-engine operations` prints it).
 * test/catalogue lists where the two differ, and what else a new operation needs.
 */
import { holders } from './operations/holders.js';
import type { Operation } from './operations/operation.js';
import { others } from './operations/others.js';
import { readers } from './operations/readers.js';
import { writers } from './operations/writers.js';
import { purgeRows } from './purges.js';

export * from './operations/operation.js';

const table = [...holders, ...writers, ...readers, ...others] as const;

type Entry = (typeof table)[number];
export type HolderOperation = Extract<Entry, { kind: 'holder' }>['name'];
export type VictimOperation = Extract<Entry, { kind: 'victim' }>['name'];

export const operations: readonly Operation[] = table;

export const holderOperations: readonly HolderOperation[] = table
  .filter((row) => row.kind === 'holder')
  .map((row) => row.name);

/**
 * Holders that a JVM can contain: in layout isolated or split, with a region, and never leaving a place where another
 * mapping could land.
 */
export const ridingHolders: readonly HolderOperation[] = holderOperations.filter((name) => {
  const { reads, heap, chunks, threads, leavesHole } = operationNamed(name);
  return reads !== true && heap === undefined && chunks !== true && threads === undefined && leavesHole !== true;
});

export const victimOperations: readonly VictimOperation[] = table
  .filter((row) => row.kind === 'victim')
  .map((row) => row.name);

/** The victim that makes a holder's call; typed so that a holder without a victim is a type error. */
export const callOfHolder = Object.fromEntries(
  table.filter((row) => row.kind === 'holder').map(({ name, foundBy }) => [name, foundBy satisfies VictimOperation]),
) as Readonly<Record<HolderOperation, VictimOperation>>;

/** Whether it calls the allocator. */
export function allocates({ heap, inHeap }: Pick<Operation, 'heap' | 'inHeap'>): boolean {
  return (heap !== undefined && heap !== 'movesBreak') || inHeap === true;
}

export function operationNamed(name: string): Operation {
  const all: readonly Operation[] = [...operations, ...purgeRows];
  const found = all.find((operation) => operation.name === name);
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
}

/**
 * Why two operations cannot share a process, if they cannot: the allocator's settings and the program break belong to
 * the process, so two operations that need them in different states would affect each other.
 */
export function allocatorConflict(first: string, second: string): string | undefined {
  const both = [operationNamed(first), operationNamed(second)];
  const heaps = both.map(({ heap }) => heap);
  if (heaps.includes('mapsLarge') && both.some(({ leavesHole }) => leavesHole === true))
    return 'a block that one of them maps could land where the other has just unmapped';
  if (heaps.includes('mapsLarge') && heaps.includes('keepsLarge'))
    return 'they need different values of the process-wide M_MMAP_THRESHOLD';
  if (heaps.includes('movesBreak') && heaps.some((heap) => heap !== undefined && heap !== 'movesBreak'))
    return 'one of them moves the program break under the other’s allocations';
  return undefined;
}

/**
 * Calls whose locks are the same on every kernel so far, with which doctor compares; the best first, because a system
 * may refuse some.
 */
export const knownReaders = [
  'mincore',
  'madvise_cold_page',
  'madvise_pageout_page',
  'madvise_willneed_page',
] as const satisfies readonly VictimOperation[];
export const knownWriters = [
  'mprotect',
  'madvise_normal_page',
  'mmap_munmap',
] as const satisfies readonly VictimOperation[];
/** Across VMAs they take mmap_lock on every kernel, and they need no toucher. */
export const knownHolders = ['madvise_free', 'madvise_cold'] as const satisfies readonly HolderOperation[];

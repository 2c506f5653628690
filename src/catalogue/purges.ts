/**
 * The call by which a program asks its allocator to give free memory back, a row per allocator. A thread beside a churn
 * makes it (`purge` in a profile). The engine has the same table (native/engine/operations/purge.cc).
 *
 * The allocator decides which system calls it makes, and over which VMAs. So the lock of a purge is that of its usual
 * call inside one VMA, and attribution never says more than `possible` of it unless a trace shows the lock.
 */
import type { Allocator } from './allocators.js';
import { insideOneVma } from './calls.js';

const ofEveryPurge = {
  kind: 'holder',
  does: 'releases',
  family: 'malloc',
  givesBack: true,
  sleeps: null,
  walks: true,
  role: 'holder',
  layouts: ['isolated'],
  toucher: 'useless',
  heap: 'uses',
} as const;

export const purges = {
  glibc: {
    ...ofEveryPurge,
    name: 'glibc_trim',
    // Each arena's mutex is held while that arena is trimmed.
    keepsMutex: true,
    locks: insideOneVma('madvise.DONTNEED'),
    foundBy: 'madvise_dontneed_page',
    explanation: 'malloc_trim(0): MADV_DONTNEED arena by arena with the arena’s mutex held, and brk',
  },
  jemalloc: {
    ...ofEveryPurge,
    name: 'jemalloc_purge',
    keepsMutex: false,
    locks: insideOneVma('madvise.DONTNEED'),
    foundBy: 'madvise_dontneed_page',
    explanation: 'mallctl("arena.<n>.purge"), of all arenas unless one is named: MADV_DONTNEED or MADV_FREE',
  },
  tcmalloc: {
    ...ofEveryPurge,
    name: 'tcmalloc_release',
    // The page heap's lock is held from the first span to the last.
    keepsMutex: true,
    locks: insideOneVma('madvise.DONTNEED'),
    foundBy: 'madvise_dontneed_page',
    explanation: 'MallocExtension_ReleaseFreeMemory(): MADV_DONTNEED span by span under the page heap’s lock',
  },
  mimalloc: {
    ...ofEveryPurge,
    name: 'mimalloc_collect',
    keepsMutex: false,
    locks: insideOneVma('munmap'),
    foundBy: 'mmap_munmap',
    explanation: 'mi_collect(true): MADV_DONTNEED, mprotect and munmap of what is free',
  },
} as const satisfies Readonly<Record<Allocator, { readonly name: string } & Readonly<Record<string, unknown>>>>;

export type PurgeOperation = (typeof purges)[Allocator]['name'];

/** Rows as those of operations.ts, which checks their type. */
export const purgeRows = Object.values(purges);

export function isPurge(name: string): name is PurgeOperation {
  return purgeRows.some((row) => row.name === name);
}

/**
 * Which operation of the laboratory repeats a call that was observed. Calls are named as in calls.ts. A call that is not
 * here has no operation that makes it.
 */
import type { HolderOperation, VictimOperation } from './operations.js';

/** By a thread of the process itself. */
const inside: Readonly<Record<string, HolderOperation>> = {
  'madvise.DONTNEED': 'madvise_dontneed',
  'madvise.DONTNEED_LOCKED': 'madvise_dontneed_locked',
  'madvise.FREE': 'madvise_free',
  'madvise.COLD': 'madvise_cold',
  'madvise.PAGEOUT': 'madvise_pageout',
  'madvise.WILLNEED': 'madvise_willneed',
  'madvise.POPULATE_READ': 'madvise_populate_read',
  'madvise.COLLAPSE': 'madvise_collapse',
  'madvise.POPULATE_WRITE': 'madvise_populate_write',
  'madvise.GUARD_INSTALL': 'madvise_guard',
  'madvise.GUARD_REMOVE': 'madvise_guard_remove',
  'process_madvise.DONTNEED': 'process_madvise',
  mprotect: 'mprotect_region',
  mremap: 'mremap_region',
  fork: 'fork',
  'mmap.NONE': 'mmap_none',
  munmap: 'munmap_mmap',
  '/proc/PID/smaps': 'read_own_smaps',
};

/** By a thread of another process, which reads about this one. */
const outside: Readonly<Record<string, HolderOperation>> = {
  '/proc/PID/smaps': 'read_smaps',
  '/proc/PID/smaps_rollup': 'read_smaps_rollup',
  '/proc/PID/numa_maps': 'read_numa_maps',
  '/proc/PID/maps': 'read_maps',
  '/proc/PID/pagemap': 'read_pagemap',
  '/proc/PID/clear_refs': 'write_clear_refs',
};

/** Null: no operation makes this call. */
export function holderThatMakes(call: string, isOutside: boolean): HolderOperation | null {
  return (isOutside ? outside : inside)[call] ?? null;
}

const victims: Readonly<Record<string, VictimOperation>> = {
  mmap: 'mmap_munmap',
  'mmap.NONE': 'mmap_munmap',
  munmap: 'mmap_munmap',
  mprotect: 'mprotect',
  mremap: 'mremap',
  brk: 'brk',
  fork: 'fork_exit',
  mincore: 'mincore',
  'get_mempolicy.ADDR': 'get_mempolicy_page',
  get_mempolicy: 'get_mempolicy',
  'madvise.COLLAPSE': 'madvise_collapse_small',
  'madvise.DONTNEED': 'madvise_dontneed_page',
  'madvise.FREE': 'madvise_free_page',
  'madvise.COLD': 'madvise_cold_page',
  'madvise.PAGEOUT': 'madvise_pageout_page',
  'madvise.WILLNEED': 'madvise_willneed_page',
  'madvise.GUARD_INSTALL': 'madvise_guard_install_page',
  'madvise.GUARD_REMOVE': 'madvise_guard_remove_page',
};

/** `call`: in which a stalled thread waited. Null: no victim makes it. */
export function victimThatMakes(call: string): VictimOperation | null {
  return victims[call] ?? null;
}

/** The load of a JVM by which it gives memory back with these calls. */
export const loadThatCauses: Readonly<Record<string, 'heap_wave' | 'direct_buffers' | 'malloc_churn'>> = {
  'mmap.NONE': 'heap_wave',
  munmap: 'direct_buffers',
  'madvise.DONTNEED': 'malloc_churn',
};

/** Whether a call of a chain of blame gives memory back to the system: as strace names it, or by the name of a holder's operation. */

/** Of the calls that strace names by kind. */
const systemCalls: readonly string[] = ['mmap.NONE', 'munmap', 'madvise.DONTNEED', 'madvise.DONTNEED_LOCKED', 'madvise.FREE', 'madvise.REMOVE', 'process_madvise.DONTNEED', 'fallocate.PUNCH_HOLE', 'brk'];
const operations: readonly string[] = [
  'madvise_dontneed', 'madvise_dontneed_locked', 'madvise_free', 'process_madvise', 'malloc_trim', 'madvise_dontneed_chunks', 'parallel_dontneed', 'parallel_free', 'mmap_none', 'munmap_mmap',
];

/** `madvise_free across VMAs` and such too. */
export function givesMemoryBack(call: string | null): boolean {
  const [name = ''] = (call ?? '').split(' ');
  return systemCalls.includes(name) || operations.includes(name);
}

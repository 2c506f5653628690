/**
 * Which lock of the address space a blocked thread waits for, by the function in which it waits (/proc/TID/wchan). The
 * kernel leaves out the functions that put a thread to sleep, so it shows who called them. Names: Linux 6.1 to 7.3, seen
 * on 6.18 or taken from the sources.
 */
export type AwaitedLock = 'mmap_lock' | 'vma';

const rows: readonly (readonly [lock: AwaitedLock, function_: RegExp])[] = [
  // A thread that changes a VMA waits for those who read it.
  ['vma', /^(?:__vma_(?:start_write|enter\w*locked|start_exclude_readers)|vma_(?:start_write\w*|mark_detached\w*))$/],
  [
    'mmap_lock',
    /^(?:do_mprotect_pkey|vm_mmap_pgoff|__?vm_munmap|(?:__(?:x64|do|se)_sys_)(?:munmap|brk|mremap|remap_file_pages|mlockall|munlockall|mincore)|do_mremap|vm_brk_flags|do_madvise|madvise_\w+|do_mlock|do_mbind|dup_mmap|exit_mmap)$/,
  ],
  // Page faults, in a program and on its behalf.
  [
    'mmap_lock',
    /^(?:lock_mm_and_find_vma|get_mmap_lock_carefully|upgrade_mmap_lock_carefully|do_user_addr_fault|__get_user_pages_locked|get_user_pages_unlocked|faultin_page|fixup_user_fault|__access_remote_vm|fault_in_\w+)$/,
  ],
];

/** Null: another wait. */
export function lockWaitOf(functionName: string): AwaitedLock | null {
  return rows.find(([, pattern]) => pattern.test(functionName))?.[0] ?? null;
}

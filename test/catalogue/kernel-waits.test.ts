import { expect, test } from 'vitest';
import { mmapLockTakenBy } from '../../src/catalogue/kernel-waits.js';

test.each([
  [['__vm_munmap', '__x64_sys_munmap'], 'write'],
  [['vm_mmap_pgoff', 'do_syscall_64'], 'write'],
  [['do_mprotect_pkey', '__x64_sys_mprotect'], 'write'],
  [['__x64_sys_brk', 'do_syscall_64'], 'write'],
  [['dup_mmap', 'copy_process', 'kernel_clone'], 'write'],
  [['dup_mm.constprop.0', 'copy_process', 'kernel_clone'], 'write'],
  [['kernel_get_mempolicy', '__x64_sys_get_mempolicy'], 'read'],
  [['lock_mm_and_find_vma', 'exc_page_fault'], 'read'],
  // The readers of a VMA are waited for inside of mprotect.
  [['__vma_start_write', 'do_mprotect_pkey'], null],
  [['do_madvise', '__x64_sys_madvise'], null],
  [[], null],
])('a thread that sleeps in %j wants mmap_lock: %s', (frames, mode) => {
  expect(mmapLockTakenBy(frames)).toBe(mode);
});

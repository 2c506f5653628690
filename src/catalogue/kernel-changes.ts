/**
 * Changes of the kernel's sources that pauselab ships (`kernels build --patch NAME`). src/kernel/build/change-edits.ts
 * makes them.
 */

export interface KernelChange {
  readonly name: KernelChangeName;
  /** What the changed kernel does. */
  readonly title: string;
  /** That it fits. */
  readonly versions: string;
  readonly file: string;
}

export const kernelChanges = [
  {
    name: 'madvise-under-mmap-lock',
    title: 'MADV_DONTNEED, MADV_DONTNEED_LOCKED and MADV_FREE take mmap_lock for read, as before Linux 6.17',
    versions: 'Linux 6.17 and newer',
    file: 'mm/madvise.c',
  },
  {
    name: 'guard-under-mmap-lock',
    title: 'MADV_GUARD_INSTALL and MADV_GUARD_REMOVE take mmap_lock for read, as before Linux 6.19',
    versions: 'Linux 6.19 and newer',
    file: 'mm/madvise.c',
  },
  {
    name: 'smaps-under-mmap-lock',
    title: 'reading /proc/PID/smaps takes mmap_lock for read, as before Linux 7.2',
    versions: 'Linux 7.2 and newer',
    file: 'fs/proc/task_mmu.c',
  },
  {
    name: 'hrtick-off',
    title: 'the scheduler feature HRTICK is off by default, as before Linux 7.1',
    versions: 'Linux 7.1 and newer',
    file: 'kernel/sched/features.h',
  },
  {
    name: 'hrtick-on',
    title: 'the scheduler feature HRTICK is on by default, as since Linux 7.1',
    versions: 'Linux before 7.1',
    file: 'kernel/sched/features.h',
  },
] as const;

export type KernelChangeName = (typeof kernelChanges)[number]['name'];

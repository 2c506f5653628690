/**
 * What a thread that is blocked in the kernel waits for, by the functions on its kernel stack. The functions that put it
 * to sleep (schedule, rwsem_down_read_slowpath, io_schedule, mutex_lock) are no part of a stack as the kernel gives it:
 * they are left out as functions of the scheduler. So the functions that called them show what the thread waits for.
 * Names: Linux 6.1 to 7.3.
 */
import { isOlder } from './locks.js';

export type KernelWait = 'block-io' | 'swap-in' | 'memory-reclaim' | 'cpu-limit' | 'freezer';

/** The first row that fits counts: a page that comes back from swap is read from a disk, too. */
const rows: readonly (readonly [wait: KernelWait, function_: RegExp])[] = [
  ['cpu-limit', /^throttle_cfs_rq_work$/],
  ['freezer', /^(?:__refrigerator|do_freezer_trap|cgroup_enter_frozen)$/],
  ['swap-in', /^(?:do_swap_page|swap_read_folio|swap_readpage|swapin_readahead|shmem_swapin\w*)$/],
  // Whoever allocates helps to free, or waits until others have.
  [
    'memory-reclaim',
    /^(?:try_to_free_pages|try_to_free_mem_cgroup_pages|mem_cgroup_handle_over_high|__alloc_pages_direct_compact|try_to_compact_pages|shrink_node|throttle_direct_reclaim|reclaim_throttle|balance_dirty_pages\w*)$/,
  ],
  [
    'block-io',
    /^(?:folio_wait_bit_common|folio_wait_bit\w*|folio_wait_writeback|wait_on_page_\w+|filemap_(?:read|fault|get_pages)\w*|blkdev_\w+|submit_bio_wait|blk_(?:mq_)?\w+|__blk\w+|rq_qos_wait|wbt_wait|jbd2_\w+|ext4_(?:file_|sync|fc_)\w+|xfs_(?:log|buf)_\w+|iomap_dio_\w+|dio_\w+|__sync_dirty_buffer|wait_on_buffer|__wait_on_buffer|do_fsync|vfs_fsync\w*|virtblk_\w+)$/,
  ],
];

/**
 * Of a thread that is ready to run: its group has used up its quota (cpu.max). From Linux 6.18 on the thread itself
 * leaves the run queue, by work that is done on its way to user space; throttle_cfs_rq_work ends by the switch, and the
 * stack begins with who does such work. Before, the whole group is taken off the queue and no stack shows it.
 */
export function isThrottled(frames: readonly string[]): boolean {
  return frames[0] === 'task_work_run' || kernelWaitOf(frames) === 'cpu-limit';
}

export const showsThrottling = (kernelRelease: string): boolean => isOlder(kernelRelease, '6.18') === false;

/** `frames`: innermost first. Null where none of these is on it. */
export function kernelWaitOf(frames: readonly string[]): KernelWait | null {
  return rows.find(([, pattern]) => frames.some((name) => pattern.test(name)))?.[0] ?? null;
}

/**
 * Functions that take mmap_lock of the process of the thread, and sleep nowhere else: of a thread that sleeps in one of
 * them, the stack begins with it, because functions of the lock itself are left out. madvise is not one of them, since
 * its call decides by the advice between reading and writing.
 */
const mmapLockTakers: Readonly<Record<'read' | 'write', RegExp>> = {
  write:
    /^(?:vm_mmap_pgoff|__vm_munmap|do_mprotect_pkey|vm_brk_flags|__(?:do|se|x64|arm64)_sys_(?:brk|mremap)|do_mremap|do_mlock|dup_mm(?:ap)?(?:\.\w+)*)$/,
  read: /^(?:lock_mm_and_find_vma|do_user_addr_fault|__mm_populate|(?:do|kernel)_get_mempolicy)$/,
};

/** How the thread wants mmap_lock; null where the stack does not show that it waits for it. */
export function mmapLockTakenBy([innermost = '']: readonly string[]): 'read' | 'write' | null {
  return (['write', 'read'] as const).find((mode) => mmapLockTakers[mode].test(innermost)) ?? null;
}

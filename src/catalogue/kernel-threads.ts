/**
 * Threads of the kernel that take the mmap_lock of programs: mm/khugepaged.c reads page tables with the lock for reading,
 * and puts a huge page in the place of 512 small ones with the lock for writing; mm/ksm.c compares pages with the lock for
 * reading. Both have a low priority (nice 19 and nice 5), so a busy CPU may keep them back while they have it.
 */
import type { BlamedThread } from '../facts/chain-facts.js';

export const kernelThreads = ['khugepaged', 'ksmd'] as const;
export type KernelThread = (typeof kernelThreads)[number];

/** Null: a thread of a program, or one of the kernel that does not have such locks. None of these gives memory back. */
export function kernelThreadOf({ name, role }: Pick<BlamedThread, 'name' | 'role'>): KernelThread | null {
  return role === 'outside' ? (kernelThreads.find((one) => one === name) ?? null) : null;
}

/** Numbers of the system calls that matter to waits, per architecture (asm/unistd.h). */
import { arch } from 'node:process';

const numbers: Partial<Record<NodeJS.Architecture, Readonly<Record<string, number>>>> = {
  x64: {
    mmap: 9,
    mprotect: 10,
    munmap: 11,
    brk: 12,
    mremap: 25,
    mincore: 27,
    madvise: 28,
    nanosleep: 35,
    futex: 202,
    clock_nanosleep: 230,
    process_madvise: 440,
    read: 0,
    pread64: 17,
    fallocate: 285,
  },
  arm64: {
    mmap: 222,
    mprotect: 226,
    munmap: 215,
    brk: 214,
    mremap: 216,
    mincore: 232,
    madvise: 233,
    nanosleep: 101,
    futex: 98,
    clock_nanosleep: 115,
    process_madvise: 440,
    read: 63,
    pread64: 67,
    fallocate: 47,
  },
};

const own = Object.entries(numbers[arch] ?? {});

/** Of a number that is not known here the number. */
export function systemCallName(number: number): string {
  return own.find(([, one]) => one === number)?.[0] ?? `system call ${number}`;
}

/** Null on an architecture whose numbers are not known here. */
export function systemCallNumber(name: string): number | null {
  return own.find(([one]) => one === name)?.[1] ?? null;
}

/** What the sampler gives for a thread that waits outside of any system call. */
export const noSystemCall = -1;

/**
 * A system call by its number and arguments, as registers have them, in the names of calls.ts: `madvise.FREE`,
 * `mmap.NONE`, `fallocate.PUNCH_HOLE`. Constants are those of asm-generic/mman-common.h, linux/falloc.h,
 * linux/sched.h and linux/mempolicy.h, which x86-64 and arm64 share.
 */
import { systemCallName } from './system-calls.js';

const adviceNames: Readonly<Record<number, string>> = {
  0: 'NORMAL',
  1: 'RANDOM',
  2: 'SEQUENTIAL',
  3: 'WILLNEED',
  4: 'DONTNEED',
  8: 'FREE',
  9: 'REMOVE',
  10: 'DONTFORK',
  11: 'DOFORK',
  12: 'MERGEABLE',
  13: 'UNMERGEABLE',
  14: 'HUGEPAGE',
  15: 'NOHUGEPAGE',
  16: 'DONTDUMP',
  17: 'DODUMP',
  18: 'WIPEONFORK',
  19: 'KEEPONFORK',
  20: 'COLD',
  21: 'PAGEOUT',
  22: 'POPULATE_READ',
  23: 'POPULATE_WRITE',
  24: 'DONTNEED_LOCKED',
  25: 'COLLAPSE',
  102: 'GUARD_INSTALL',
  103: 'GUARD_REMOVE',
};

const noAccess = 0;
const mapFixed = 0x10;
const mapNoReserve = 0x4000;
const punchHole = 0x02;
const cloneVm = 0x100;
const policyOfAddress = 0x02;

/** `args`: in hexadecimal, without a prefix, as the observer writes them. */
export function callNamed(number: number, args: readonly string[]): string {
  const name = systemCallName(number);
  // All of these are 32 bits wide; the upper half of a register may hold anything.
  const argument = (index: number): number => Number(BigInt(`0x${args[index] ?? '0'}`) & 0xffff_ffffn);
  switch (name) {
    case 'madvise':
      return `madvise.${adviceNames[argument(2)] ?? argument(2)}`;
    case 'process_madvise':
      return `process_madvise.${adviceNames[argument(3)] ?? argument(3)}`;
    case 'mmap': {
      const gives = mapFixed | mapNoReserve;
      return argument(2) === noAccess && (argument(3) & gives) === gives ? 'mmap.NONE' : 'mmap';
    }
    case 'clone':
      return (argument(0) & cloneVm) === 0 ? 'fork' : 'clone';
    case 'get_mempolicy':
      return (argument(4) & policyOfAddress) !== 0 ? 'get_mempolicy.ADDR' : 'get_mempolicy';
    case 'fallocate':
      return (argument(1) & punchHole) !== 0 ? 'fallocate.PUNCH_HOLE' : 'fallocate';
    default:
      return name;
  }
}

/** What it is to read or write a file of /proc about a process, in the same names; null of another file. */
export function workOnFile(path: string): string | null {
  const [, name] = /^\/proc\/\d+\/(?:task\/\d+\/)?([a-z_]+)$/.exec(path) ?? [];
  return name === undefined ? null : `/proc/PID/${name}`;
}

/** Functions of fs/proc/task_mmu.c, each of one file. */
const fileFunctions: Readonly<Record<string, string>> = {
  show_smap: 'smaps',
  show_smaps_rollup: 'smaps_rollup',
  show_map: 'maps',
  show_numa_map: 'numa_maps',
  pagemap_read: 'pagemap',
  clear_refs_write: 'clear_refs',
  proc_pid_cmdline_read: 'cmdline',
  environ_read: 'environ',
};

/** The same by a kernel stack, in the names of `workOnFile`; null where no such function is on it. */
export function workByFunction(frames: readonly string[]): string | null {
  const name = frames.map((frame) => fileFunctions[frame]).find((file) => file !== undefined);
  return name === undefined ? null : `/proc/PID/${name}`;
}

/** Calls whose first two arguments are the start and the length of a range. */
const ranged: readonly string[] = ['madvise', 'mmap', 'munmap', 'mprotect', 'mremap', 'mincore'];

/** The memory that a call covers; null where its arguments do not have it. */
export function rangeOf(
  number: number,
  args: readonly string[],
): { readonly address: bigint; readonly bytes: bigint } | null {
  const [address, bytes] = args;
  if (!ranged.includes(systemCallName(number)) || address === undefined || bytes === undefined) return null;
  return { address: BigInt(`0x${address}`), bytes: BigInt(`0x${bytes}`) };
}

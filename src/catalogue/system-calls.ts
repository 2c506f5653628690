/**
 * System calls by name: their numbers per architecture (asm/unistd.h), and which observers use them. calls.ts has their
 * locks.
 */
import { arch } from 'node:process';

interface SystemCall {
  readonly x64: number;
  readonly arm64: number;
  /** `--trace` records its entries and exits. */
  readonly traced?: true;
  /** Counted under strace, as the proof that a profile causes the calls that it claims. */
  readonly counted?: true;
  /** It changes the map of the address space, so a thread that waits in it wants mmap_lock for write. */
  readonly changesMap?: true;
  /** It takes no lock of the address space, so calls.ts has no row for it. */
  readonly takesNoLock?: true;
}

const memory = { traced: true, counted: true } as const;
const map = { ...memory, changesMap: true } as const;
const other = { takesNoLock: true } as const;

const table = {
  madvise: { x64: 28, arm64: 233, ...memory },
  process_madvise: { x64: 440, arm64: 440, ...memory },
  mmap: { x64: 9, arm64: 222, ...map },
  munmap: { x64: 11, arm64: 215, ...map },
  mprotect: { x64: 10, arm64: 226, ...map },
  mremap: { x64: 25, arm64: 216, ...map },
  brk: { x64: 12, arm64: 214, ...map },
  // Not traced: it takes no lock of the address space.
  fallocate: { x64: 285, arm64: 47, counted: true },
  // Neither traced nor counted: for the names of calls in which observed programs hold mmap_lock. That a thread is blocked
  // in one of them does not show that it waits for mmap_lock: clone may start a thread, mlock may read from a disk.
  clone: { x64: 56, arm64: 220 },
  execve: { x64: 59, arm64: 221 },
  mlock: { x64: 149, arm64: 228 },
  munlock: { x64: 150, arm64: 229 },
  mlockall: { x64: 151, arm64: 230 },
  munlockall: { x64: 152, arm64: 231 },
  pkey_mprotect: { x64: 329, arm64: 288 },
  shmat: { x64: 30, arm64: 196 },
  shmdt: { x64: 67, arm64: 197 },
  prctl: { x64: 157, arm64: 167 },
  get_mempolicy: { x64: 239, arm64: 236 },
  process_vm_readv: { x64: 310, arm64: 270 },
  // For allocators' mutexes.
  futex: { x64: 202, arm64: 98, traced: true, ...other },
  // Not counted: it neither gives back nor maps memory, so it proves nothing.
  mincore: { x64: 27, arm64: 232, traced: true },

  // Neither traced nor counted: calls in which waiting threads are seen, and which operations also make.
  read: { x64: 0, arm64: 63, ...other },
  pread64: { x64: 17, arm64: 67, ...other },
  write: { x64: 1, arm64: 64, ...other },
  wait4: { x64: 61, arm64: 260, ...other },
  openat: { x64: 257, arm64: 56, ...other },
  close: { x64: 3, arm64: 57, ...other },
  nanosleep: { x64: 35, arm64: 101, ...other },
  clock_nanosleep: { x64: 230, arm64: 115, ...other },
  clock_gettime: { x64: 228, arm64: 113, ...other },
  clone3: { x64: 435, arm64: 435, ...other },
  exit_group: { x64: 231, arm64: 94, ...other },
  exit: { x64: 60, arm64: 93, ...other },
  rseq: { x64: 334, arm64: 293, ...other },
  set_robust_list: { x64: 273, arm64: 99, ...other },
  rt_sigaction: { x64: 13, arm64: 134, ...other },
  rt_sigprocmask: { x64: 14, arm64: 135, ...other },
} as const satisfies Readonly<Record<string, SystemCall>>;

export type SystemCallName = keyof typeof table;

const rows: readonly (readonly [SystemCallName, SystemCall])[] = Object.entries(table) as [
  SystemCallName,
  SystemCall,
][];

export const systemCallNames: readonly SystemCallName[] = rows.map(([name]) => name);
export const callsInTraces: readonly SystemCallName[] = namesOf(({ traced }) => traced === true);
export const callsInStrace: readonly SystemCallName[] = namesOf(({ counted }) => counted === true);
export const callsWithoutLock: readonly string[] = namesOf(({ takesNoLock }) => takesNoLock === true);
const callsThatMap: readonly string[] = namesOf(({ changesMap }) => changesMap === true);

function namesOf(isMeant: (call: SystemCall) => boolean): SystemCallName[] {
  return rows.filter(([, call]) => isMeant(call)).map(([name]) => name);
}

export const changesMap = (name: string): boolean => callsThatMap.includes(name);

/** Null on an architecture whose numbers are not listed. */
export function systemCallNumber(name: SystemCallName): number | null {
  return numberOn(table[name]);
}

function numberOn(call: SystemCall): number | null {
  return arch === 'x64' || arch === 'arm64' ? call[arch] : null;
}

/** The number itself if it is not listed. */
export function systemCallName(number: number): string {
  return rows.find(([, call]) => numberOn(call) === number)?.[0] ?? `system call ${number}`;
}

/**
 * The kernel work that a thread can cause for its memory, each with its lock and whether it gives memory back to the
 * system. System calls are named as strace-calls.ts counts them (`madvise.FREE`, `mmap.NONE`); reads of /proc and page
 * faults have rows too. Operations, probes and a JVM's threads take their locks from here.
 */
import { changedIn, lockOn, onEveryKernel, type LockClass, type Locks } from './locks.js';

interface KernelWork {
  readonly locks: Locks;
  readonly givesBack: boolean;
}

/** Changes the map of the address space or flags of a VMA, even if nothing changes in the end. */
const writer = onEveryKernel('mmap_lock write', 'mmap_lock write');
const reader = onEveryKernel('mmap_lock read', 'mmap_lock read');

/**
 * "mm: use per_vma lock for MADV_DONTNEED" and "… for MADV_FREE" (mainline a6fde7add78d): takes the VMA's lock if the
 * range lies inside a single VMA of the caller's process, and that VMA is neither armed by userfaultfd nor write-locked
 * at that moment.
 */
const perVmaAdvice = changedIn(
  '6.17',
  ['mmap_lock read', 'mmap_lock read'],
  // A page beyond the VMA, or a hole, is enough to fall back; in a process_madvise all later parts fall back too.
  ['VMA lock', 'mmap_lock read'],
);
/** A VMA without an anon_vma, such as a new thread's stack, still takes mmap_lock for read. */
const guardAdvice = changedIn('6.19', ['mmap_lock read', 'mmap_lock read'], ['VMA lock', 'mmap_lock read']);

/** A read of a file in /proc covers the whole process, VMA by VMA. */
const readOfProc = { before: ['mmap_lock read', 'mmap_lock read'], after: ['VMA lock', 'VMA lock'] } as const;

const changes = { locks: writer, givesBack: false };
const reads = { locks: reader, givesBack: false };

const table = {
  mmap: changes,
  // PROT_NONE over existing memory, which is how HotSpot gives heap back.
  'mmap.NONE': { locks: writer, givesBack: true },
  munmap: { locks: writer, givesBack: true },
  mprotect: changes,
  mremap: changes,
  // Copies the map of the process. As the start of a thread, clone takes no lock of memory.
  fork: changes,
  clone: changes,
  // Its argument does not show whether the break moves up or down.
  brk: { locks: writer, givesBack: true },
  mincore: reads,
  // The policy of the thread; with MPOL_F_ADDR, of the memory at an address.
  get_mempolicy: { locks: onEveryKernel('none', null), givesBack: false },
  'get_mempolicy.ADDR': reads,
  fallocate: { locks: onEveryKernel('none', null), givesBack: false },
  // On a file: the mappings of its pages are removed under locks of the file.
  'fallocate.PUNCH_HOLE': { locks: onEveryKernel('none', null), givesBack: true },

  'madvise.DONTNEED': { locks: perVmaAdvice, givesBack: true },
  'madvise.DONTNEED_LOCKED': { locks: perVmaAdvice, givesBack: true },
  'madvise.FREE': { locks: perVmaAdvice, givesBack: true },
  'madvise.GUARD_INSTALL': { locks: guardAdvice, givesBack: false },
  'madvise.GUARD_REMOVE': { locks: guardAdvice, givesBack: false },
  'madvise.COLD': reads,
  'madvise.PAGEOUT': reads,
  'madvise.WILLNEED': reads,
  'madvise.POPULATE_READ': reads,
  'madvise.POPULATE_WRITE': reads,
  // Read to look at a range, write to replace its small pages, for each huge page anew.
  'madvise.COLLAPSE': changes,
  'collapse of a huge page': reads,
  'madvise.REMOVE': { locks: reader, givesBack: true },
  'madvise.NORMAL': changes,
  'madvise.RANDOM': changes,
  'madvise.SEQUENTIAL': changes,
  'madvise.DONTFORK': changes,
  'madvise.DOFORK': changes,
  'madvise.DONTDUMP': changes,
  'madvise.DODUMP': changes,
  'madvise.HUGEPAGE': changes,
  'madvise.NOHUGEPAGE': changes,
  'madvise.MERGEABLE': changes,
  'madvise.UNMERGEABLE': changes,
  'madvise.WIPEONFORK': changes,
  'madvise.KEEPONFORK': changes,

  'process_madvise.DONTNEED': { locks: perVmaAdvice, givesBack: true },

  '/proc/PID/maps': { locks: changedIn('6.17', readOfProc.before, readOfProc.after), givesBack: false },
  '/proc/PID/smaps': { locks: changedIn('7.2', readOfProc.before, readOfProc.after), givesBack: false },
  '/proc/PID/numa_maps': { locks: changedIn('7.2', readOfProc.before, readOfProc.after), givesBack: false },
  '/proc/PID/smaps_rollup': reads,
  '/proc/PID/pagemap': reads,
  '/proc/PID/cmdline': reads,
  '/proc/PID/environ': reads,
  '/proc/PID/clear_refs': changes,

  /** On a fresh anonymous mapping: it may have to create the anon_vma, under mmap_lock. */
  'first fault': reads,
  /** Per-VMA locks came with 6.4. */
  'warm fault': {
    locks: changedIn('6.4', ['mmap_lock read', 'mmap_lock read'], ['VMA lock', 'VMA lock']),
    givesBack: false,
  },
  /** To a page that is there and may not be written yet, as all pages after a fork. */
  'copy-on-write fault': {
    locks: changedIn('6.4', ['mmap_lock read', 'mmap_lock read'], ['VMA lock', 'VMA lock']),
    givesBack: false,
  },
  /** The first write to a page of a mapped file, or to a page that was written back. VMA locks serve files since 6.7. */
  'file fault': {
    locks: changedIn('6.7', ['mmap_lock read', 'mmap_lock read'], ['VMA lock', 'VMA lock']),
    givesBack: false,
  },
  /**
   * glibc gives the stack of an ended thread back by MADV_DONTNEED, from the guard page on. The guard page is a
   * separate VMA, so the range crosses on every kernel. (glibc 2.43 sets guards by MADV_GUARD_INSTALL, and no longer
   * crosses.)
   */
  'thread end': { locks: reader, givesBack: true },
} as const satisfies Readonly<Record<string, KernelWork>>;

export type KernelWorkName = keyof typeof table;

const known: Readonly<Record<string, KernelWork | undefined>> = table;

export const kernelWork: readonly string[] = Object.keys(table);

export function locksOf(name: KernelWorkName): Locks {
  return table[name].locks;
}

/** For an operation whose memory never crosses VMAs. */
export function insideOneVma(name: KernelWorkName): Locks {
  const [first, ...others] = locksOf(name);
  return [{ ...first, crossing: null }, ...others.map((range) => ({ ...range, crossing: null }))];
}

/** For an operation over several VMAs, of which each range lies inside one. */
export function insideEachVma(name: KernelWorkName): Locks {
  const [first, ...others] = locksOf(name);
  return [{ ...first, crossing: first.oneVma }, ...others.map((range) => ({ ...range, crossing: range.oneVma }))];
}

/** For a call as strace-calls.ts names it, on memory inside one VMA. */
export function lockOfCall(call: string, kernelRelease: string): LockClass {
  return lockOn(workOf(call), kernelRelease, { crossing: false });
}

/** An advice that is not listed, and any other counted call, is assumed to take the strongest lock. */
function workOf(call: string): KernelWork {
  // process_madvise takes the same locks as madvise with that advice.
  return known[call] ?? known[call.replace(/^process_madvise\./, 'madvise.')] ?? changes;
}

export function callGivesBack(call: string): boolean {
  return known[call]?.givesBack === true;
}

/** Null: no row has this call. */
export function locksOfCall(call: string): Locks | null {
  return known[call]?.locks ?? null;
}

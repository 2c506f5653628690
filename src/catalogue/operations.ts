/**
 * The operations that a profile can name, one row each. The native engine makes them and has the same table
 * (native/engine/operations.cc; `pauselab-engine operations` prints it): test/catalogue lists where the two differ, and
 * what else a new operation needs.
 */
import { insideOneVma, locksOf } from './calls.js';
import { onEveryKernel, type Locks } from './locks.js';

/** Where a victim's memory lies relative to the holder's region; `crossing`: far away, over two VMAs of its own. */
export const victimLayouts = ['isolated', 'same', 'mergeable', 'adjacent', 'crossing'] as const;
export type VictimLayout = (typeof victimLayouts)[number];

/** An arm's layout: `split` says of the holder's region that it spans two VMAs. */
export const layouts = ['isolated', 'split', 'same', 'mergeable', 'adjacent'] as const;
export type Layout = (typeof layouts)[number];

/**
 * `uses`: allocates, under any setting; `mapsLarge` and `keepsLarge`: set M_MMAP_THRESHOLD, low or high;
 * `movesBreak`: moves the program break, which no allocator beside it may do.
 */
export type Heap = 'uses' | 'mapsLarge' | 'keepsLarge' | 'movesBreak';

/** What a holder does with the memory of a process. */
export type HolderWork = 'releases' | 'reclaims' | 'advises' | 'populates' | 'guards' | 'reads' | 'protects';

/** What it is about. Doctor asks for some families apart from the others (doctor/probes.ts). */
export type OperationFamily =
  'mapping' | 'break' | 'advice' | 'collapse' | 'proc' | 'fault' | 'thread' | 'malloc' | 'heap' | 'app' | 'control';

/** What an operation's name implies, of a native one and of a JVM's probe. */
export interface Nature {
  readonly family: OperationFamily;
  readonly locks: Locks;
  /** Memory goes back to the system by it. */
  readonly givesBack: boolean;
  /**
   * Whether its thread sleeps (state S) whatever the locks of memory do: `by itself`, or `for a thread` that it started,
   * which may be the one that waits for a lock.
   */
  readonly sleeps: 'by itself' | 'for a thread' | null;
  /** It works on memory inside a system call, with its lock in hand for nearly all of the call. */
  readonly walks: boolean;
  /** It has a mutex of the allocator for as long as its call. */
  readonly keepsMutex: boolean;
}

export interface Operation extends Nature {
  readonly name: string;
  readonly kind: 'holder' | 'victim';
  /** Of each holder, and of no victim. */
  readonly does?: HolderWork;
  /** Of a holder the victim that makes the same call: doctor finds the lock of the one by the row of the other. */
  readonly foundBy?: string;
  /** Of a victim that doctor's lock table leaves out: why. */
  readonly notAsked?: string;
  /** Role in the series name unless the profile gives one. */
  readonly role: string;
  /** For a holder the arm's layouts, for a victim those of its own memory; none: it has no memory of its own. */
  readonly layouts: readonly (Layout | VictimLayout)[];
  /**
   * `needed`: a holder whose second call finds nothing to release unless a toucher brought the memory back; `useless`:
   * one that gives nothing back, or undoes it itself, so it never has one.
   */
  readonly toucher?: 'needed' | 'useless';
  /** A holder that reads the victims' process from a second one: its thread is there, the region is not. */
  readonly reads?: boolean;
  /** A holder that releases its region in calls of sizes of its own, so there is no hold to size the region to. */
  readonly chunks?: boolean;
  /**
   * A holder whose calls are made by this many threads at once, each with a region: it is sized to the memory that is
   * there.
   */
  readonly threads?: number;
  /** A victim that works in the heap of a holder with `chunks`. */
  readonly inHeap?: boolean;
  /** Uses up one page of a pool that is made before the window: `mapping` a VMA each, `page` none. */
  readonly uses?: 'mapping' | 'page';
  /** Unmaps and maps again at the same place: between the two any other mmap of the process could land there. */
  readonly leavesHole?: boolean;
  /** What it does to the allocator of its whole process; see allocatorConflict. */
  readonly heap?: Heap;
  readonly explanation: string;
}

const plain = { givesBack: false, sleeps: null, walks: false, keepsMutex: false } as const;
const frees = { ...plain, givesBack: true } as const;
const walks = { ...plain, walks: true } as const;
/** Holders hold their lock for nearly all of the call: they are there for that. */
const holds = walks;
const releases = { ...holds, givesBack: true } as const;
/** The stack goes back at the thread's end. */
const startsThread = { ...frees, sleeps: 'for a thread' } as const;
const lockFree = onEveryKernel('none', null);

const table = [
  {
    name: 'madvise_dontneed',
    kind: 'holder',
    does: 'releases',
    family: 'advice',
    locks: locksOf('madvise.DONTNEED'),
    ...releases,
    foundBy: 'madvise_dontneed_page',
    role: 'holder',
    layouts,
    toucher: 'needed',
    explanation:
      'madvise(MADV_DONTNEED) over the region: VMA lock inside one VMA on Linux 6.17 and later, mmap_lock read otherwise',
  },
  {
    name: 'madvise_dontneed_locked',
    kind: 'holder',
    does: 'releases',
    family: 'advice',
    locks: locksOf('madvise.DONTNEED_LOCKED'),
    ...releases,
    foundBy: 'madvise_dontneed_locked_page',
    role: 'holder',
    layouts,
    toucher: 'needed',
    explanation: 'madvise(MADV_DONTNEED_LOCKED) over the region: locks as MADV_DONTNEED',
  },
  {
    name: 'madvise_free',
    kind: 'holder',
    does: 'releases',
    family: 'advice',
    locks: locksOf('madvise.FREE'),
    ...releases,
    foundBy: 'madvise_free_page',
    role: 'holder',
    layouts,
    explanation:
      'madvise(MADV_FREE) over the region: VMA lock inside one VMA on Linux 6.17 and later, mmap_lock read otherwise',
  },
  {
    name: 'process_madvise',
    kind: 'holder',
    does: 'releases',
    family: 'advice',
    locks: locksOf('process_madvise.DONTNEED'),
    ...releases,
    foundBy: 'process_madvise_page',
    role: 'holder',
    layouts,
    toucher: 'needed',
    explanation:
      'process_madvise(MADV_DONTNEED) of its own process, the region in 15 parts in one call; in layout split the middle one crosses, and the ones after it take mmap_lock read too',
  },
  {
    name: 'malloc_trim',
    kind: 'holder',
    does: 'releases',
    family: 'malloc',
    locks: insideOneVma('madvise.DONTNEED'),
    ...releases,
    keepsMutex: true,
    foundBy: 'madvise_dontneed_page',
    role: 'holder',
    layouts: ['isolated'],
    toucher: 'needed',
    heap: 'uses',
    explanation:
      'malloc_trim(0) of a heap with a free part as large as the region: MADV_DONTNEED with the arena’s mutex held; all threads share one arena',
  },
  {
    name: 'madvise_dontneed_chunks',
    kind: 'holder',
    does: 'releases',
    family: 'heap',
    locks: insideOneVma('madvise.DONTNEED'),
    ...releases,
    foundBy: 'madvise_dontneed_page',
    role: 'holder',
    layouts: ['isolated'],
    toucher: 'needed',
    chunks: true,
    explanation:
      'madvise(MADV_DONTNEED) of the region in many calls, each over a chunk of 256 KiB to 4 MiB; beside `heap_allocate` some chunks cross VMAs',
  },
  {
    name: 'parallel_dontneed',
    kind: 'holder',
    does: 'releases',
    family: 'advice',
    locks: locksOf('madvise.DONTNEED'),
    ...releases,
    foundBy: 'madvise_dontneed_page',
    role: 'holder',
    layouts: ['isolated', 'split'],
    toucher: 'useless',
    threads: 100,
    explanation:
      '100 threads, each maps memory, opens its middle half, writes to it, gives it back by one madvise(MADV_DONTNEED), which is the call that is timed, and unmaps it',
  },
  {
    name: 'parallel_free',
    kind: 'holder',
    does: 'releases',
    family: 'advice',
    locks: locksOf('madvise.FREE'),
    ...releases,
    foundBy: 'madvise_free_page',
    role: 'holder',
    layouts: ['isolated', 'split'],
    toucher: 'useless',
    threads: 100,
    explanation: 'the same with MADV_FREE',
  },
  {
    name: 'madvise_cold',
    kind: 'holder',
    does: 'advises',
    family: 'advice',
    locks: locksOf('madvise.COLD'),
    ...holds,
    foundBy: 'madvise_cold_page',
    role: 'holder',
    layouts,
    explanation: 'madvise(MADV_COLD) over the region: mmap_lock read on every kernel so far',
  },
  {
    name: 'madvise_pageout',
    kind: 'holder',
    does: 'reclaims',
    family: 'advice',
    locks: locksOf('madvise.PAGEOUT'),
    ...holds,
    foundBy: 'madvise_pageout_page',
    role: 'holder',
    layouts,
    explanation: 'madvise(MADV_PAGEOUT) over the region: gives back what can be swapped out',
  },
  {
    name: 'madvise_willneed',
    kind: 'holder',
    does: 'advises',
    family: 'advice',
    locks: locksOf('madvise.WILLNEED'),
    ...holds,
    foundBy: 'madvise_willneed_page',
    role: 'holder',
    layouts,
    explanation: 'madvise(MADV_WILLNEED) over the region: looks for pages to swap in',
  },
  {
    name: 'madvise_populate_write',
    kind: 'holder',
    does: 'populates',
    family: 'advice',
    locks: locksOf('madvise.POPULATE_WRITE'),
    ...holds,
    foundBy: 'madvise_populate_write_page',
    role: 'holder',
    layouts,
    toucher: 'useless',
    explanation:
      'madvise(MADV_POPULATE_WRITE) over the region, then MADV_DONTNEED so that there is something to populate again',
  },
  {
    name: 'madvise_guard',
    kind: 'holder',
    does: 'guards',
    family: 'advice',
    locks: locksOf('madvise.GUARD_INSTALL'),
    ...holds,
    foundBy: 'madvise_guard_page',
    role: 'holder',
    layouts,
    explanation: 'madvise(MADV_GUARD_INSTALL) over the region, then MADV_GUARD_REMOVE',
  },
  {
    name: 'read_smaps',
    kind: 'holder',
    does: 'reads',
    family: 'proc',
    locks: locksOf('/proc/PID/smaps'),
    ...holds,
    foundBy: 'proc_smaps',
    role: 'holder',
    layouts,
    toucher: 'useless',
    reads: true,
    explanation: 'reads /proc/<pid>/smaps of the victims’ process from a second process',
  },
  {
    name: 'read_smaps_rollup',
    kind: 'holder',
    does: 'reads',
    family: 'proc',
    locks: locksOf('/proc/PID/smaps_rollup'),
    ...holds,
    foundBy: 'proc_smaps_rollup',
    role: 'holder',
    layouts,
    toucher: 'useless',
    reads: true,
    explanation: 'reads /proc/<pid>/smaps_rollup in the same way',
  },
  {
    name: 'read_numa_maps',
    kind: 'holder',
    does: 'reads',
    family: 'proc',
    locks: locksOf('/proc/PID/numa_maps'),
    ...holds,
    foundBy: 'proc_numa_maps',
    role: 'holder',
    layouts,
    toucher: 'useless',
    reads: true,
    explanation: 'reads /proc/<pid>/numa_maps in the same way',
  },
  {
    name: 'read_maps',
    kind: 'holder',
    does: 'reads',
    family: 'proc',
    locks: locksOf('/proc/PID/maps'),
    ...holds,
    foundBy: 'proc_maps',
    role: 'holder',
    layouts,
    toucher: 'useless',
    reads: true,
    explanation: 'reads /proc/<pid>/maps in the same way: VMA lock since Linux 6.17',
  },
  {
    name: 'read_own_smaps',
    kind: 'holder',
    does: 'reads',
    family: 'proc',
    locks: locksOf('/proc/PID/smaps'),
    ...holds,
    foundBy: 'proc_smaps',
    role: 'holder',
    layouts,
    toucher: 'useless',
    explanation: 'reads /proc/self/smaps: a thread that looks at the memory of its own process',
  },
  {
    name: 'mprotect_region',
    kind: 'holder',
    does: 'protects',
    family: 'mapping',
    locks: locksOf('mprotect'),
    ...holds,
    foundBy: 'mprotect',
    role: 'holder',
    layouts: ['isolated', 'split'],
    explanation: 'mprotect of the region to read-only, then back',
  },
  {
    name: 'mmap_none',
    kind: 'holder',
    does: 'releases',
    family: 'mapping',
    locks: insideOneVma('mmap.NONE'),
    ...releases,
    foundBy: 'mmap_munmap',
    role: 'holder',
    layouts: ['isolated'],
    toucher: 'needed',
    explanation: 'mmap(PROT_NONE, MAP_FIXED|MAP_NORESERVE) over the region and back, as HotSpot uncommits heap',
  },
  {
    name: 'munmap_mmap',
    kind: 'holder',
    does: 'releases',
    family: 'mapping',
    locks: insideOneVma('munmap'),
    ...releases,
    foundBy: 'mmap_munmap',
    role: 'holder',
    layouts: ['isolated'],
    toucher: 'needed',
    leavesHole: true,
    explanation: 'munmap of the region, then mmap at the same address',
  },
  {
    name: 'mmap_munmap',
    kind: 'victim',
    family: 'mapping',
    locks: insideOneVma('mmap'),
    ...frees,
    role: 'writer',
    layouts: ['isolated', 'same', 'mergeable', 'adjacent'],
    explanation: 'mmap of one page, then munmap',
  },
  {
    name: 'mprotect',
    kind: 'victim',
    family: 'mapping',
    locks: locksOf('mprotect'),
    ...plain,
    role: 'writer',
    layouts: victimLayouts,
    explanation: 'mprotect of one page, to read-only and back in turns',
  },
  {
    name: 'mremap',
    kind: 'victim',
    family: 'mapping',
    locks: insideOneVma('mremap'),
    ...plain,
    role: 'writer',
    layouts: ['isolated'],
    explanation: 'mremap of one page, to and fro between two places of its own',
  },
  {
    name: 'brk',
    kind: 'victim',
    family: 'break',
    locks: insideOneVma('brk'),
    ...frees,
    role: 'writer',
    layouts: ['isolated'],
    heap: 'movesBreak',
    explanation: 'the program break, up by a page and down again',
  },
  {
    name: 'madvise_normal_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.NORMAL'),
    ...plain,
    role: 'writer',
    layouts: victimLayouts,
    explanation: 'madvise(MADV_NORMAL) of one page: changes nothing, and takes the lock all the same',
  },
  {
    name: 'madvise_random_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.RANDOM'),
    ...plain,
    role: 'writer',
    layouts: ['isolated', 'crossing'],
    explanation: 'madvise(MADV_RANDOM) of one page',
  },
  {
    name: 'madvise_sequential',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.SEQUENTIAL'),
    ...plain,
    role: 'writer',
    layouts: victimLayouts,
    explanation: 'madvise of one page, MADV_SEQUENTIAL and MADV_NORMAL in turns',
  },
  {
    name: 'madvise_dontfork_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.DONTFORK'),
    ...plain,
    role: 'writer',
    layouts: victimLayouts,
    explanation: 'madvise of one page, MADV_DONTFORK and MADV_DOFORK in turns',
  },
  {
    name: 'madvise_dontdump_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.DONTDUMP'),
    ...plain,
    role: 'writer',
    layouts: ['isolated', 'crossing'],
    explanation: 'madvise of one page, MADV_DONTDUMP and MADV_DODUMP in turns',
  },
  {
    name: 'madvise_hugepage_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.HUGEPAGE'),
    ...plain,
    role: 'writer',
    layouts: ['isolated', 'crossing'],
    explanation: 'madvise(MADV_HUGEPAGE) of one page',
  },
  {
    name: 'madvise_nohugepage_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.NOHUGEPAGE'),
    ...plain,
    role: 'writer',
    layouts: ['isolated', 'crossing'],
    explanation: 'madvise(MADV_NOHUGEPAGE) of one page',
  },
  {
    name: 'madvise_mergeable_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.MERGEABLE'),
    ...plain,
    role: 'writer',
    layouts: victimLayouts,
    explanation: 'madvise of one page, MADV_MERGEABLE and MADV_UNMERGEABLE in turns',
  },
  {
    name: 'madvise_wipeonfork_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.WIPEONFORK'),
    ...plain,
    role: 'writer',
    layouts: victimLayouts,
    explanation: 'madvise of one page, MADV_WIPEONFORK and MADV_KEEPONFORK in turns',
  },
  {
    name: 'thread_start_join_uncached',
    kind: 'victim',
    family: 'thread',
    locks: insideOneVma('mmap'),
    ...startsThread,
    role: 'writer',
    layouts: ['isolated'],
    heap: 'uses',
    leavesHole: true,
    explanation: 'a thread on a freshly mapped stack, started and joined: mmap, mprotect, munmap',
  },
  {
    name: 'malloc_1m_mmap',
    kind: 'victim',
    family: 'malloc',
    locks: insideOneVma('mmap'),
    ...frees,
    role: 'writer',
    layouts: ['isolated'],
    heap: 'mapsLarge',
    explanation: 'malloc, a write and free of 1 MiB with a low M_MMAP_THRESHOLD: mmap and munmap',
  },
  {
    name: 'heap_allocate',
    kind: 'victim',
    family: 'heap',
    locks: insideOneVma('mmap'),
    ...frees,
    notAsked: 'it needs a holder of its own kind, and makes mmap and munmap, which are asked',
    role: 'allocator',
    layouts: ['isolated'],
    inHeap: true,
    explanation:
      'a block with a guard page behind it, mapped in the holder’s heap and given back in turns; only beside `madvise_dontneed_chunks`',
  },
  {
    name: 'first_fault',
    kind: 'victim',
    family: 'fault',
    locks: insideOneVma('first fault'),
    ...plain,
    role: 'reader',
    layouts: ['isolated'],
    uses: 'mapping',
    explanation: 'first write to a fresh mapping, made before the window',
  },
  {
    name: 'madvise_cold_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.COLD'),
    ...walks,
    role: 'reader',
    layouts: victimLayouts,
    explanation: 'madvise(MADV_COLD) of one page',
  },
  {
    name: 'madvise_pageout_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.PAGEOUT'),
    ...walks,
    role: 'reader',
    layouts: victimLayouts,
    explanation: 'madvise(MADV_PAGEOUT) of one page',
  },
  {
    name: 'madvise_willneed_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.WILLNEED'),
    ...walks,
    role: 'reader',
    layouts: victimLayouts,
    explanation: 'madvise(MADV_WILLNEED) of one page',
  },
  {
    name: 'madvise_populate_read_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.POPULATE_READ'),
    ...walks,
    role: 'reader',
    layouts: victimLayouts,
    explanation: 'madvise(MADV_POPULATE_READ) of one page',
  },
  {
    name: 'madvise_populate_write_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.POPULATE_WRITE'),
    ...walks,
    role: 'reader',
    layouts: ['isolated', 'same', 'mergeable', 'crossing'],
    explanation: 'madvise(MADV_POPULATE_WRITE) of one page',
  },
  {
    name: 'madvise_collapse_page',
    kind: 'victim',
    family: 'collapse',
    locks: locksOf('madvise.COLLAPSE'),
    ...walks,
    role: 'reader',
    layouts: ['isolated', 'crossing'],
    explanation: 'madvise(MADV_COLLAPSE) of 2 MiB of its own, after the first call one huge page already',
  },
  {
    name: 'madvise_remove_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.REMOVE'),
    ...frees,
    role: 'reader',
    layouts: ['isolated', 'crossing'],
    explanation: 'madvise(MADV_REMOVE) of one page of shared memory',
  },
  {
    name: 'madvise_guard_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.GUARD_INSTALL'),
    ...plain,
    role: 'reader',
    layouts: victimLayouts,
    explanation: 'madvise of one page, MADV_GUARD_INSTALL and MADV_GUARD_REMOVE in one operation',
  },
  {
    // A reader, and the probe of a JVM of the same name is a writer: both are right. glibc hands out a stack that it kept,
    // so the engine's thread maps and protects nothing, and only its end takes mmap_lock (strace sees one madvise). A
    // thread of HotSpot maps and protects guard pages besides (jvm-probes.ts).
    name: 'thread_start_join',
    kind: 'victim',
    family: 'thread',
    locks: insideOneVma('thread end'),
    ...startsThread,
    role: 'reader',
    layouts: ['isolated'],
    heap: 'uses',
    explanation:
      'a thread on a stack that the libc kept, started and joined: its end gives the stack’s pages back by MADV_DONTNEED, over a range that begins in the guard page’s VMA',
  },
  {
    name: 'mincore',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('mincore'),
    ...walks,
    role: 'reader',
    layouts: victimLayouts,
    explanation: 'mincore of one page',
  },
  {
    name: 'proc_smaps',
    kind: 'victim',
    family: 'proc',
    locks: insideOneVma('/proc/PID/smaps'),
    ...walks,
    role: 'reader',
    layouts: ['isolated'],
    explanation: '/proc/self/smaps, read in full',
  },
  {
    name: 'proc_smaps_rollup',
    kind: 'victim',
    family: 'proc',
    locks: insideOneVma('/proc/PID/smaps_rollup'),
    ...walks,
    role: 'reader',
    layouts: ['isolated'],
    explanation: '/proc/self/smaps_rollup, read in full',
  },
  {
    name: 'proc_numa_maps',
    kind: 'victim',
    family: 'proc',
    locks: insideOneVma('/proc/PID/numa_maps'),
    ...walks,
    role: 'reader',
    layouts: ['isolated'],
    explanation: '/proc/self/numa_maps, read in full',
  },
  {
    name: 'madvise_dontneed_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.DONTNEED'),
    ...frees,
    role: 'reader',
    layouts: victimLayouts,
    explanation: 'madvise(MADV_DONTNEED) of one page, which nothing touches again',
  },
  {
    name: 'madvise_dontneed_locked_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.DONTNEED_LOCKED'),
    ...frees,
    role: 'reader',
    layouts: victimLayouts,
    explanation: 'madvise(MADV_DONTNEED_LOCKED) of one page',
  },
  {
    name: 'madvise_free_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.FREE'),
    ...frees,
    role: 'reader',
    layouts: victimLayouts,
    explanation: 'madvise(MADV_FREE) of one page',
  },
  {
    name: 'process_madvise_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('process_madvise.DONTNEED'),
    ...frees,
    role: 'reader',
    layouts: victimLayouts,
    explanation:
      'process_madvise of one page of its own process: MADV_DONTNEED, or MADV_COLD where the kernel refuses that (before Linux 6.13)',
  },
  {
    name: 'proc_maps',
    kind: 'victim',
    family: 'proc',
    locks: insideOneVma('/proc/PID/maps'),
    ...plain,
    role: 'reader',
    layouts: ['isolated'],
    explanation: '/proc/self/maps, read in full',
  },
  {
    name: 'warm_fault',
    kind: 'victim',
    family: 'fault',
    locks: insideOneVma('warm fault'),
    ...plain,
    role: 'control',
    layouts: ['isolated'],
    uses: 'page',
    explanation: 'write to an untouched page of a mapping that was faulted in before: VMA lock since Linux 6.4',
  },
  {
    name: 'malloc_8k',
    kind: 'victim',
    family: 'malloc',
    locks: lockFree,
    ...plain,
    role: 'allocator',
    layouts: [],
    heap: 'uses',
    explanation: 'malloc, a write and free of 8 KiB',
  },
  {
    name: 'malloc_1m_heap',
    kind: 'victim',
    family: 'malloc',
    locks: lockFree,
    ...plain,
    role: 'allocator',
    layouts: [],
    heap: 'keepsLarge',
    explanation: 'malloc, a write and free of 1 MiB with a high M_MMAP_THRESHOLD: from the heap',
  },
  {
    name: 'timer',
    kind: 'victim',
    family: 'control',
    locks: lockFree,
    ...plain,
    sleeps: 'by itself',
    role: 'control',
    layouts: [],
    explanation: 'a clock read after a timed sleep: what the scheduler alone does to a thread',
  },
  {
    name: 'noop',
    kind: 'victim',
    family: 'control',
    locks: lockFree,
    ...plain,
    role: 'control',
    layouts: [],
    explanation: 'nothing at all: what measuring itself costs',
  },
] as const satisfies readonly (Operation &
  ({ readonly kind: 'holder'; readonly does: HolderWork; readonly foundBy: string } | { readonly kind: 'victim' }))[];

type Entry = (typeof table)[number];
export type HolderOperation = Extract<Entry, { kind: 'holder' }>['name'];
export type VictimOperation = Extract<Entry, { kind: 'victim' }>['name'];

export const operations: readonly Operation[] = table;

export const holderOperations: readonly HolderOperation[] = table
  .filter((one) => one.kind === 'holder')
  .map((one) => one.name);

/**
 * Holders that a JVM can have inside it: in layout isolated or split, with a region of their own, leaving no place
 * where another mapping could land.
 */
export const ridingHolders: readonly HolderOperation[] = holderOperations.filter((name) => {
  const { reads, heap, chunks, threads, leavesHole } = operationNamed(name);
  return reads !== true && heap === undefined && chunks !== true && threads === undefined && leavesHole !== true;
});

export const victimOperations: readonly VictimOperation[] = table
  .filter((one) => one.kind === 'victim')
  .map((one) => one.name);

/** Of what calls it: typed so that a holder that names no victim is an error. */
export const callOfHolder = Object.fromEntries(
  table.filter((one) => one.kind === 'holder').map(({ name, foundBy }) => [name, foundBy satisfies VictimOperation]),
) as Readonly<Record<HolderOperation, VictimOperation>>;

/** It calls the allocator. */
export function allocates({ heap, inHeap }: Pick<Operation, 'heap' | 'inHeap'>): boolean {
  return (heap !== undefined && heap !== 'movesBreak') || inHeap === true;
}

export function operationNamed(name: string): Operation {
  const found = operations.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
}

/**
 * Operations that cannot be in one process, with the reason: the allocator's settings and the program break belong to
 * the process, so two that need them in different states would measure each other.
 */
export function allocatorConflict(one: string, other: string): string | undefined {
  const both = [operationNamed(one), operationNamed(other)];
  const heaps = both.map(({ heap }) => heap);
  if (heaps.includes('mapsLarge') && both.some(({ leavesHole }) => leavesHole === true))
    return 'a block that one maps could land where the other has just unmapped';
  if (heaps.includes('mapsLarge') && heaps.includes('keepsLarge'))
    return 'each needs the process-wide M_MMAP_THRESHOLD at another value';
  if (heaps.includes('movesBreak') && heaps.some((heap) => heap !== undefined && heap !== 'movesBreak'))
    return 'one moves the program break under the other’s allocations';
  return undefined;
}

/**
 * Calls whose locks are the same on every kernel so far, for doctor to compare with; the best first, since some may be
 * refused where it runs.
 */
export const knownReaders = [
  'mincore',
  'madvise_cold_page',
  'madvise_pageout_page',
  'madvise_willneed_page',
] as const satisfies readonly VictimOperation[];
export const knownWriters = [
  'mprotect',
  'madvise_normal_page',
  'mmap_munmap',
] as const satisfies readonly VictimOperation[];
/** Across VMAs they take mmap_lock on every kernel, and need nobody to touch the memory again. */
export const knownHolders = ['madvise_free', 'madvise_cold'] as const satisfies readonly HolderOperation[];

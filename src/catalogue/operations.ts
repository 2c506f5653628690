/**
 * The operations that a profile can name, a row each. The native engine implements them and has the same table
 * (native/engine/operations.cc; `pauselab-engine operations` prints it). test/catalogue lists where the two differ, and
 * what else a new operation needs.
 */
import { insideOneVma, locksOf } from './calls.js';
import { onEveryKernel, type Locks } from './locks.js';
import { purgeRows } from './purges.js';

/** Where a victim's memory lies relative to the holder's region; `crossing`: far away, across two VMAs. */
export const victimLayouts = ['isolated', 'same', 'mergeable', 'adjacent', 'crossing'] as const;
export type VictimLayout = (typeof victimLayouts)[number];

/** An arm's layout; with `split`, the holder's region spans two VMAs. */
export const layouts = ['isolated', 'split', 'same', 'mergeable', 'adjacent'] as const;
export type Layout = (typeof layouts)[number];

/**
 * `uses`: allocates, works with any setting. `mapsLarge`, `keepsLarge`: set M_MMAP_THRESHOLD low or high. `movesBreak`:
 * moves the program break, which excludes an allocator in the same process.
 */
export type Heap = 'uses' | 'mapsLarge' | 'keepsLarge' | 'movesBreak';

/** What a holder does with the memory of a process. */
export type HolderWork = 'releases' | 'reclaims' | 'advises' | 'populates' | 'guards' | 'reads' | 'protects';

/** The subject of an operation. Doctor tests some families separately (doctor/probes.ts). */
export type OperationFamily =
  'mapping' | 'break' | 'advice' | 'collapse' | 'proc' | 'fault' | 'thread' | 'malloc' | 'heap' | 'app' | 'control';

/** Facts about an operation, native or in a JVM. */
export interface Nature {
  readonly family: OperationFamily;
  readonly locks: Locks;
  /** It gives memory back to the system. */
  readonly givesBack: boolean;
  /**
   * Whether its thread sleeps (state S) for a reason other than the locks of memory: `by itself`, or `for a thread`
   * that it started, which may be waiting for a lock.
   */
  readonly sleeps: 'by itself' | 'for a thread' | null;
  /** It works on memory inside a system call, and holds the lock for nearly all of the call. */
  readonly walks: boolean;
  /** It holds a mutex of the allocator during the whole call. */
  readonly keepsMutex: boolean;
}

export interface Operation extends Nature {
  readonly name: string;
  readonly kind: 'holder' | 'victim';
  /** Every holder has it, and no victim. */
  readonly does?: HolderWork;
  /** For a holder, the victim that makes the same call: doctor finds the holder's lock in the victim's row. */
  readonly foundBy?: string;
  /** Why doctor's lock table leaves out this victim. */
  readonly notAsked?: string;
  /** Role in the series' name unless the profile gives another. */
  readonly role: string;
  /** For a holder the layouts of its arm, for a victim those of its memory; empty if it has no memory. */
  readonly layouts: readonly (Layout | VictimLayout)[];
  /**
   * `needed`: the holder's second call finds nothing to release unless a toucher brought the memory back. `useless`:
   * the holder gives nothing back, or restores it itself, so it never has a toucher.
   */
  readonly toucher?: 'needed' | 'useless';
  /** A holder that reads the victims' process from a second process: its thread is there, but the region is not. */
  readonly reads?: boolean;
  /** A holder that chooses the sizes of its calls, so a region cannot be sized to a hold. */
  readonly chunks?: boolean;
  /**
   * A holder with this many threads that call at the same time, each with a region: the region is sized to the
   * available memory.
   */
  readonly threads?: number;
  /** A victim that works in the heap of a holder with `chunks`. */
  readonly inHeap?: boolean;
  /** Uses up a page of a pool that is created before the window: `mapping` needs a VMA for each, `page` does not. */
  readonly uses?: 'mapping' | 'page';
  /** Unmaps and maps again at the same place: in between, another mmap of the process could land there. */
  readonly leavesHole?: boolean;
  /** Its effect on the allocator of the whole process; see allocatorConflict. */
  readonly heap?: Heap;
  readonly explanation: string;
}

const plain = { givesBack: false, sleeps: null, walks: false, keepsMutex: false } as const;
const frees = { ...plain, givesBack: true } as const;
const walks = { ...plain, walks: true } as const;
/** Holders hold their lock for nearly all of the call, by design. */
const holds = walks;
const releases = { ...holds, givesBack: true } as const;
/** The stack is given back at the thread's end. */
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
      'madvise(MADV_DONTNEED) over the region: ' +
      'VMA lock inside one VMA on Linux 6.17 and later, mmap_lock read otherwise',
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
    explanation: 'madvise(MADV_DONTNEED_LOCKED) over the region: same locks as MADV_DONTNEED',
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
      'process_madvise(MADV_DONTNEED) of the same process, the region in 15 parts in one call; ' +
      'in layout split the middle part crosses, and the later parts take mmap_lock read too',
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
      'malloc_trim(0) of a heap with a free part as large as the region: ' +
      'MADV_DONTNEED with the arena’s mutex held; all threads share one arena',
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
      'madvise(MADV_DONTNEED) of the region in many calls, each over a chunk of 256 KiB to 4 MiB; ' +
      'beside `heap_allocate` some chunks cross VMAs',
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
      '100 threads; each maps memory, opens its middle half, writes to it, ' +
      'gives it back by one madvise(MADV_DONTNEED), the timed call, and unmaps it',
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
    explanation: 'madvise(MADV_PAGEOUT) over the region: gives back pages that can be swapped out',
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
      'madvise(MADV_POPULATE_WRITE) over the region, then MADV_DONTNEED, so that the next call has pages to populate',
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
    explanation: 'reads /proc/<pid>/smaps of the victims’ process from another process',
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
    explanation: 'reads /proc/self/smaps: a thread that reads the memory map of its process',
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
    explanation: 'mprotect of one page, alternately to read-only and back',
  },
  {
    name: 'mremap',
    kind: 'victim',
    family: 'mapping',
    locks: insideOneVma('mremap'),
    ...plain,
    role: 'writer',
    layouts: ['isolated'],
    explanation: 'mremap of one page, back and forth between two places',
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
    explanation: 'madvise(MADV_NORMAL) of one page: changes nothing, but takes the lock',
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
    explanation: 'madvise of one page, alternately MADV_SEQUENTIAL and MADV_NORMAL',
  },
  {
    name: 'madvise_dontfork_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.DONTFORK'),
    ...plain,
    role: 'writer',
    layouts: victimLayouts,
    explanation: 'madvise of one page, alternately MADV_DONTFORK and MADV_DOFORK',
  },
  {
    name: 'madvise_dontdump_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.DONTDUMP'),
    ...plain,
    role: 'writer',
    layouts: ['isolated', 'crossing'],
    explanation: 'madvise of one page, alternately MADV_DONTDUMP and MADV_DODUMP',
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
    explanation: 'madvise of one page, alternately MADV_MERGEABLE and MADV_UNMERGEABLE',
  },
  {
    name: 'madvise_wipeonfork_page',
    kind: 'victim',
    family: 'advice',
    locks: locksOf('madvise.WIPEONFORK'),
    ...plain,
    role: 'writer',
    layouts: victimLayouts,
    explanation: 'madvise of one page, alternately MADV_WIPEONFORK and MADV_KEEPONFORK',
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
    explanation: 'a thread on a freshly mapped stack is started and joined: mmap, mprotect, munmap',
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
    notAsked: 'it needs a special holder, and makes mmap and munmap, which have rows',
    role: 'allocator',
    layouts: ['isolated'],
    inHeap: true,
    explanation:
      'a block with a guard page behind it, alternately mapped in the holder’s heap and given back; ' +
      'only beside `madvise_dontneed_chunks`',
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
    explanation: 'first write to a fresh mapping, created before the window',
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
    explanation: 'madvise(MADV_COLLAPSE) of 2 MiB, which are one huge page after the first call',
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
    // A reader, while the JVM's probe of the same name is a writer: both are right. glibc reuses a kept stack, so the
    // engine's thread maps and protects nothing, and only its end takes mmap_lock (strace shows one madvise). A HotSpot
    // thread also maps and protects guard pages (jvm-probes.ts).
    name: 'thread_start_join',
    kind: 'victim',
    family: 'thread',
    locks: insideOneVma('thread end'),
    ...startsThread,
    role: 'reader',
    layouts: ['isolated'],
    heap: 'uses',
    explanation:
      'a thread on a stack that the libc kept is started and joined: ' +
      'its end gives the stack’s pages back by MADV_DONTNEED, ' +
      'over a range that starts in the guard page’s VMA',
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
    explanation: 'madvise(MADV_DONTNEED) of one page that is never touched again',
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
      'process_madvise of one page of the same process: MADV_DONTNEED, or MADV_COLD if the kernel refuses that ' +
      '(before Linux 6.13)',
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
    explanation: 'write to an untouched page of a mapping with earlier faults: VMA lock since Linux 6.4',
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
    explanation: 'a clock read after a timed sleep: the scheduler’s effect on a thread, without locks',
  },
  {
    name: 'noop',
    kind: 'victim',
    family: 'control',
    locks: lockFree,
    ...plain,
    role: 'control',
    layouts: [],
    explanation: 'nothing: the cost of the measurement itself',
  },
] as const satisfies readonly (Operation &
  ({ readonly kind: 'holder'; readonly does: HolderWork; readonly foundBy: string } | { readonly kind: 'victim' }))[];

type Entry = (typeof table)[number];
export type HolderOperation = Extract<Entry, { kind: 'holder' }>['name'];
export type VictimOperation = Extract<Entry, { kind: 'victim' }>['name'];

export const operations: readonly Operation[] = table;

export const holderOperations: readonly HolderOperation[] = table
  .filter((row) => row.kind === 'holder')
  .map((row) => row.name);

/**
 * Holders that a JVM can contain: in layout isolated or split, with a region, and never leaving a place where another
 * mapping could land.
 */
export const ridingHolders: readonly HolderOperation[] = holderOperations.filter((name) => {
  const { reads, heap, chunks, threads, leavesHole } = operationNamed(name);
  return reads !== true && heap === undefined && chunks !== true && threads === undefined && leavesHole !== true;
});

export const victimOperations: readonly VictimOperation[] = table
  .filter((row) => row.kind === 'victim')
  .map((row) => row.name);

/** The victim that makes a holder's call; typed so that a holder without a victim is a type error. */
export const callOfHolder = Object.fromEntries(
  table.filter((row) => row.kind === 'holder').map(({ name, foundBy }) => [name, foundBy satisfies VictimOperation]),
) as Readonly<Record<HolderOperation, VictimOperation>>;

/** Whether it calls the allocator. */
export function allocates({ heap, inHeap }: Pick<Operation, 'heap' | 'inHeap'>): boolean {
  return (heap !== undefined && heap !== 'movesBreak') || inHeap === true;
}

export function operationNamed(name: string): Operation {
  const all: readonly Operation[] = [...operations, ...purgeRows];
  const found = all.find((operation) => operation.name === name);
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
}

/**
 * Why two operations cannot share a process, if they cannot: the allocator's settings and the program break belong to
 * the process, so two operations that need them in different states would affect each other.
 */
export function allocatorConflict(first: string, second: string): string | undefined {
  const both = [operationNamed(first), operationNamed(second)];
  const heaps = both.map(({ heap }) => heap);
  if (heaps.includes('mapsLarge') && both.some(({ leavesHole }) => leavesHole === true))
    return 'a block that one of them maps could land where the other has just unmapped';
  if (heaps.includes('mapsLarge') && heaps.includes('keepsLarge'))
    return 'they need different values of the process-wide M_MMAP_THRESHOLD';
  if (heaps.includes('movesBreak') && heaps.some((heap) => heap !== undefined && heap !== 'movesBreak'))
    return 'one of them moves the program break under the other’s allocations';
  return undefined;
}

/**
 * Calls whose locks are the same on every kernel so far, with which doctor compares; the best first, because a system
 * may refuse some.
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
/** Across VMAs they take mmap_lock on every kernel, and they need no toucher. */
export const knownHolders = ['madvise_free', 'madvise_cold'] as const satisfies readonly HolderOperation[];

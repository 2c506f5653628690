/** What is said of an operation: a row of the table of operations. */
import { onEveryKernel, type Locks } from '../locks.js';

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
export type HolderWork =
  | 'releases'
  | 'reclaims'
  | 'advises'
  | 'populates'
  | 'collapses'
  | 'guards'
  | 'reads'
  | 'marks'
  | 'protects'
  | 'moves'
  | 'forks';

/** The subject of an operation. Doctor tests some families separately (doctor/probes.ts). */
export type OperationFamily =
  | 'mapping'
  | 'break'
  | 'advice'
  | 'collapse'
  | 'proc'
  | 'fork'
  | 'fault'
  | 'thread'
  | 'malloc'
  | 'heap'
  | 'app'
  | 'control';

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
  /** A holder that gives a batch of ranges to one call, and knows where they lie in a region of at most two VMAs. */
  readonly batch?: boolean;
  /** None of its ranges crosses, in layout split either: its lock is found where its call lies inside one VMA. */
  readonly noRangeCrosses?: boolean;
  /** A victim whose thread is in a second process, from which it reads about the workload's. */
  readonly outside?: boolean;
  /** A victim that works in the heap of a holder with `chunks`. */
  readonly inHeap?: boolean;
  /**
   * Uses up a page of a pool that is created before the window: `mapping` needs a VMA for each, `page` does not, and
   * `file page` is a page of a file.
   */
  readonly uses?: 'mapping' | 'page' | 'file page';
  /** Unmaps and maps again at the same place: in between, another mmap of the process could land there. */
  readonly leavesHole?: boolean;
  /** Its effect on the allocator of the whole process; see allocatorConflict. */
  readonly heap?: Heap;
  readonly explanation: string;
}

export const plain = { givesBack: false, sleeps: null, walks: false, keepsMutex: false } as const;
export const frees = { ...plain, givesBack: true } as const;
export const walks = { ...plain, walks: true } as const;
/** Holders hold their lock for nearly all of the call, by design. */
export const holding = walks;
export const releases = { ...holding, givesBack: true } as const;
/** The stack is given back at the thread's end. */
export const startsThread = { ...frees, sleeps: 'for a thread' } as const;
export const lockFree = onEveryKernel('none', null);

export type HolderOperationRow = Operation & {
  readonly kind: 'holder';
  readonly does: HolderWork;
  readonly foundBy: string;
};
export type VictimOperationRow = Operation & { readonly kind: 'victim' };

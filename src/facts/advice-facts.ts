/** What to try against the roots of stalls: codes with what they apply to. src/words/advice-words.ts has the sentences. */
import type { BlamedThread } from './chain-facts.js';

/** A thread that others waited for. */
export type AdvisedThread = Pick<BlamedThread, 'name' | 'nice' | 'policy'>;

/** `threads`: those that the advice is about; empty: no such thread was seen. */
type OfThreads<Code extends string> = { readonly code: Code; readonly threads: readonly AdvisedThread[] };

/** A lock of the address space, about which the findings have figures, or a mutex of the program. */
type AdvisedLock = 'kernel' | 'mutex';

export type AdviceFact =
  /** Of threads that hold what others wait for: their priority is not known; it is low; it is not low. */
  | OfThreads<'raise-if-low'>
  | (OfThreads<'raise-priority' | 'raise-weight'> & { readonly lock: AdvisedLock })
  /** The program waited for these threads, and they had no CPU. */
  | OfThreads<'give-cpu'>
  | { readonly code: 'move-competitors' }
  /** `isNewKernel`: it is known to be Linux 7.1 or newer. */
  | { readonly code: 'longer-slice'; readonly isNewKernel: boolean; readonly lock: AdvisedLock }
  /** The CPU limit of a thread that holds the lock. */
  | { readonly code: 'raise-holders-limit'; readonly lock: AdvisedLock }
  /** `since`: the first kernel on which the call takes the lock of a VMA; `needsOneVma`: only inside one VMA. */
  | {
      readonly code: 'newer-kernel' | 'one-vma';
      readonly call: string;
      readonly since: string;
      readonly needsOneVma: boolean;
      /** The call takes many ranges. */
      readonly isBatch: boolean;
    }
  | { readonly code: 'smaller-calls'; readonly givesBack: boolean }
  | { readonly code: 'read-less' | 'clear-less' | 'fork-less' | 'unmap-early' | 'keep-mappings' | 'separate-vma' }
  /** `flag`: besides the sizes of the heap. `isSeen`: the thread was in a call that gives heap back. */
  | {
      readonly code: 'keep-heap';
      readonly collector: 'g1' | 'zgc' | 'shenandoah' | 'serial' | 'parallel' | null;
      readonly isSeen: boolean;
    }
  | {
      readonly code: 'no-native-trim' | 'retain' | 'longer-decay' | 'purge-less' | 'smaller-frees' | 'background-purge';
    }
  /** `isSeen`: the holder was in malloc_trim; `isJvm`: null: not known. */
  | { readonly code: 'trim-less'; readonly isSeen: boolean; readonly isJvm: boolean | null }
  /** The holder is a thread of the kernel. */
  | { readonly code: 'huge-pages' | 'equal-pages' }
  | OfThreads<'shorten-mutex' | 'profile-late'>
  | { readonly code: 'find-late' | 'see-lock' | 'read-gc-log' }
  | { readonly code: 'shrink-in-pause'; readonly collector: 'serial' | 'parallel' | null }
  | {
      readonly code:
        'look-at-disk' | 'find-freezer' | 'look-at-cpus' | 'find-stopper' | 'quieter-host' | 'profile-work';
    }
  | { readonly code: 'avoid-swap' | 'more-memory' | 'raise-limit'; readonly isJvm: boolean | null }
  | { readonly code: 'observe-as-root' | 'trace' | 'nothing-known' };

/** Arms of an experiment that had no stall, beside similar arms that had. */
export type EndedFact =
  | {
      readonly code: 'ended';
      readonly quiet: string;
      readonly stalling: string;
      /** Null: the bundle has one kernel. */
      readonly kernel: string | null;
      readonly settings: readonly { readonly path: string; readonly a: string; readonly b: string }[];
      readonly moreSettings_n: number;
    }
  /** Arms that did not stall as a rule and are no example. */
  | {
      readonly code: 'not-compared';
      /** They had single stalls of another cause. */
      readonly stalled_n: number;
      /** The JVM paused for the length of a stall or longer. */
      readonly paused_n: number;
      /** No arm that stalled has the same collector and load. */
      readonly unlike_n: number;
    }
  | { readonly code: 'more-ended'; readonly arms_n: number };

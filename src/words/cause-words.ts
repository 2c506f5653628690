/**
 * A cause in a few words, and what it means for a reader who knows no word of the field: the first screen of a report.
 * chain-words.ts has the sentence for those who do.
 */
import { formatDuration } from '../base/text/units.js';
import type { Cause, Grade } from '../facts/blame.js';
import type { BlamedThread } from '../facts/chain-facts.js';
import type { StallReasonFact } from '../facts/observation-facts.js';
import { priorityText } from './chain-words.js';

/** In the cell of a table, of a stall without attribution. */
export const notAttributed = 'not attributed';

/** Of a stall without attribution. */
export const noChain = 'It has no chain: a version of pauselab without attribution wrote the bundle.';

/** `mmap-lock-reader by holder`: the code, which `--json` and the documentation have too. */
export function causeText({ cause, thread }: { readonly cause: Cause | null; readonly thread: string | null }): string {
  return cause === null ? notAttributed : `${cause}${thread === null ? '' : ` by ${thread}`}`;
}

/**
 * `not-scheduled: purger itself`: what a thread waited for while others waited for it. By the thread it would read as if
 * that thread had taken the CPU.
 */
export function ownWaitText({ cause, thread }: { readonly cause: Cause; readonly thread: string }): string {
  return `${cause}: ${thread} itself`;
}

/** Of an observation. A thread with the role of the victim is the thread that waited. */
export function reasonText({ cause, thread }: Pick<StallReasonFact, 'cause' | 'thread'>): string {
  return thread?.role === 'victim'
    ? ownWaitText({ cause, thread: thread.name })
    : causeText({ cause, thread: thread?.name ?? null });
}

export const causeNames: Readonly<Record<Cause, string>> = {
  'mmap-lock-reader': 'mmap_lock, held for reading',
  'mmap-lock-writer': 'mmap_lock, held for writing',
  'mmap-lock-holder': 'mmap_lock',
  'vma-lock': 'the lock of one VMA',
  'allocator-mutex': 'a lock of the allocator',
  mutex: 'a mutex of the program',
  safepoint: 'a safepoint of the JVM',
  'gc-pause': 'a pause of the JVM’s collector',
  'block-io': 'a disk',
  'swap-in': 'memory that comes back from swap',
  'memory-reclaim': 'memory that the kernel has to free first',
  'cpu-limit': 'no CPU: the limit of its cgroup',
  freezer: 'frozen by its cgroup',
  'not-scheduled': 'no CPU: other threads used it',
  stopped: 'stopped by a signal or a debugger',
  steal: 'no CPU: the hypervisor used it',
  running: 'work of the thread itself',
  unknown: 'unknown',
};

export const gradeMeanings: Readonly<Record<Grade, string>> = {
  proven: 'Proven: a trace of the kernel shows it',
  likely: 'Likely: it fits everything that was observed',
  possible: 'Possible: it fits, but other causes might fit too',
};

/** The holder lost its CPU in the middle of what it did. */
export interface LostCpu extends Pick<BlamedThread, 'nice' | 'policy'> {
  readonly preempted_ns: number;
  /** Else an upper bound. */
  readonly isExact: boolean;
}

export interface CauseToExplain {
  readonly cause: Cause;
  /** It did not have the lock yet: it was the writer whose turn it was. */
  readonly isNext: boolean;
  /** Such as a thread's name in backquotes, at the beginning of a sentence. */
  readonly who: string;
  /** `while giving memory back (madvise)`. */
  readonly doing: string;
  readonly lostCpu: LostCpu | null;
}

export function causeExplained({ cause, isNext, who, doing, lostCpu }: CauseToExplain): string {
  return isNext ? turnExplained(cause, who, lostCpu) : explained[cause](who, doing, lostText(lostCpu));
}

const theLock = 'A process has one lock on the map of its memory, called mmap_lock.';

function turnExplained(cause: Cause, who: string, lostCpu: LostCpu | null): string {
  const late =
    lostCpu === null
      ? ' and took it late'
      : ` and had no CPU to take it${lowPriority(lostCpu)}: for ${timeText(lostCpu)}`;
  const lock = cause === 'mutex' || cause === 'allocator-mutex' ? 'Threads take turns at a mutex.' : theLock;
  return `${lock} It was the turn of ${who}, which waited for the lock too,${late}. Until it had the lock, all behind it had to wait.`;
}

function lostText(lostCpu: LostCpu | null): string {
  return lostCpu === null
    ? ''
    : ` and lost its CPU in the middle of it${lowPriority(lostCpu)}: for ${timeText(lostCpu)}`;
}

function lowPriority(thread: LostCpu): string {
  return hasLowPriority(thread) ? `, being of low priority (${priorityText(thread) ?? ''})` : '';
}

/** Below that of a thread that nobody changed. */
export function hasLowPriority({ nice, policy = 'other' }: Pick<BlamedThread, 'nice' | 'policy'>): boolean {
  return policy === 'idle' || ((policy === 'other' || policy === 'batch') && (nice ?? 0) > 0);
}

function timeText({ preempted_ns, isExact }: LostCpu): string {
  return `${isExact ? '' : 'up to '}${formatDuration(preempted_ns)} of the longest such stall`;
}

const explained: Readonly<Record<Cause, (who: string, doing: string, off: string) => string>> = {
  'mmap-lock-reader': (who, doing, off) =>
    `${theLock} ${who} held it ${doing}${off}. Meanwhile threads that change the map had to wait; later arrivals queued behind them.`,
  'mmap-lock-writer': (who, doing, off) =>
    `${theLock} ${who} held it exclusively ${doing}${off}. Until it was done, all other threads that need the lock had to wait.`,
  'mmap-lock-holder': (who, doing, off) =>
    `${theLock} ${who} had it ${doing}${off}. Until it was done, other threads that need the lock had to wait.`,
  'vma-lock': (who, doing, off) =>
    `Memory is mapped in areas (VMAs), each with a lock of its own. ${who} held one ${doing}${off}. A thread that changes that area waits for it while it holds the lock of the whole process (mmap_lock), and so keeps all others waiting.`,
  'allocator-mutex': (who, doing, off) =>
    `malloc and free take a lock of the allocator. ${who} held it ${doing}${off}. Until it was done, other threads could not allocate.`,
  mutex: (who, doing, off) =>
    `Threads of a program take turns at shared data by mutexes. ${who} held one ${doing}${off}. Until it was done, other threads that need the mutex had to wait.`,
  safepoint: () => 'The JVM stopped all its threads for work of its own (a safepoint).',
  'gc-pause': () => 'The JVM’s garbage collector stopped the threads of the program while it worked.',
  'block-io': () => 'The thread waited in the kernel for a disk: for a page of a file, or until its data were written.',
  'swap-in': () => 'The thread touched memory that had been swapped out, and waited until it was read back.',
  'memory-reclaim': () =>
    'The thread needed memory, and waited while the kernel freed some, in the machine or in its cgroup.',
  'cpu-limit': () =>
    'The cgroup of the thread had used up its CPU time (cpu.max, or cpu.cfs_quota_us in cgroup v1), so the thread had to wait for the next period.',
  freezer: () => 'The cgroup of the thread was frozen.',
  'not-scheduled': () => 'The thread was ready to run and got no CPU, because others had it. No lock is to blame.',
  stopped: () => 'A signal or a debugger had stopped the thread. No lock is to blame.',
  steal: () =>
    'The thread was ready to run while the hypervisor gave the CPUs of this virtual machine to others. No lock is to blame.',
  running: () => 'The thread ran all the time: its own work took so long. No lock is to blame.',
  unknown: () => 'It is not known what the threads waited for: what was seen fits no cause.',
};

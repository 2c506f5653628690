/**
 * What to try against roots of stalls: codes, of which src/words/advice-words.ts makes sentences. No remedy is
 * guaranteed: a second run shows whether it helps. What is not known of a root becomes a condition of the advice.
 */
import { grouped } from '../../../base/group.js';
import { allocatorGivers, type Allocator } from '../../../catalogue/allocators.js';
import { givesHeapBack, type Collector } from '../../../catalogue/collectors.js';
import { kernelThreadOf } from '../../../catalogue/kernel-threads.js';
import { canCross, isOlder, lockOn } from '../../../catalogue/locks.js';
import { matchesComm } from '../../../catalogue/thread-patterns.js';
import type { AdvisedThread, AdviceFact } from '../../../facts/advice-facts.js';
import { heldCauses, lockCauses, type Cause } from '../../../facts/blame.js';
import type { BlamedThread } from '../../../facts/chain-facts.js';
import type { TierName } from '../../../facts/observation-facts.js';
import { hasLowPriority } from '../../../words/cause-words.js';
import { priorityText } from '../../../words/chain-words.js';
import { advisedCall, advisedGiver, type AdvisedCall } from './advised-call.js';

/** The end of a chain of blame, and where it was seen. Null: not known. */
export interface AdvisedRoot {
  readonly cause: Cause;
  readonly call: string | null;
  readonly thread: BlamedThread | null;
  /** Whether the thread had no CPU for a part of the time. */
  readonly lostCpu: boolean | null;
  readonly isJvm: boolean | null;
  readonly collector: Collector | null;
  readonly allocator: Allocator | null;
  /** The release of its kernel. */
  readonly kernel: string | null;
  readonly seenBy: 'run' | 'traced run' | TierName;
}

/** The most promising first; never empty. */
export function adviceOn(root: AdvisedRoot): AdviceFact[] {
  const found = heldCauses.includes(root.cause) ? againstHolder(root) : againstOther(root);
  return found.length === 0 ? [{ code: 'nothing-known' }] : found;
}

/** Of several roots, the most stalled time first: each piece once, for all threads that it is about. */
export function adviceOnAll(roots: readonly AdvisedRoot[]): AdviceFact[] {
  const merged = [...grouped(roots.flatMap(adviceOn), withoutThreads).values()].flatMap((alike) =>
    alike.slice(0, 1).map((first): AdviceFact => {
      if (!('threads' in first)) return first;
      const threads = alike.flatMap((fact) => ('threads' in fact ? fact.threads : []));
      return { ...first, threads: [...new Map(threads.map((thread) => [JSON.stringify(thread), thread])).values()] };
    }),
  );
  const known = merged.filter((fact) => fact.code !== 'nothing-known' && !isSeenElsewhere(fact, merged));
  return known.length === 0 ? merged : known;
}

/** What is advised under a condition for one root, and without it for another. */
function isSeenElsewhere(fact: AdviceFact, all: readonly AdviceFact[]): boolean {
  return (
    (fact.code === 'keep-heap' || fact.code === 'trim-less') &&
    !fact.isSeen &&
    all.some((other) => JSON.stringify(other) === JSON.stringify({ ...fact, isSeen: true }))
  );
}

/** That no thread was seen is another piece than what is about threads. */
function withoutThreads(fact: AdviceFact): string {
  return JSON.stringify('threads' in fact ? { ...fact, threads: fact.threads.length > 0 } : fact);
}

function againstHolder(root: AdvisedRoot): AdviceFact[] {
  const { cause, call, thread } = root;
  if (cause === 'mmap-lock-holder' && thread === null) return [moreEvidence(root)];
  const ofKernel = thread === null ? null : kernelThreadOf(thread);
  if (ofKernel !== null)
    return [
      { code: ofKernel === 'khugepaged' ? 'huge-pages' : 'equal-pages' },
      { code: 'move-competitors' },
      ...(cause === 'mmap-lock-holder' ? [moreEvidence(root)] : []),
    ];
  const [priority, others] = cpuAdvice(root);
  // A fork of a large process takes as long at any priority.
  const isFork = call !== null && advisedCall(call).work === 'forks';
  const isFirst = ({ code }: AdviceFact): boolean => code === 'raise-priority' && !isFork;
  return [
    ...priority.filter(isFirst),
    ...ofCause(root),
    ...againstCall(root),
    ...priority.filter((fact) => !isFirst(fact)),
    ...others,
    ...(cause === 'mmap-lock-holder' ? [moreEvidence(root)] : []),
  ];
}

/** What shows more than was seen. */
function moreEvidence({ seenBy }: AdvisedRoot): AdviceFact {
  return { code: seenBy === 'run' || seenBy === 'traced run' ? 'trace' : 'observe-as-root' };
}

function advised({ name, nice, policy }: BlamedThread): AdvisedThread {
  return { name, nice, ...(policy === undefined ? {} : { policy }) };
}

/** On the CPU of a holder: on its priority, and on what else decides. Nothing if it never lacked one. */
function cpuAdvice({ cause, thread, lostCpu, kernel }: AdvisedRoot): readonly [AdviceFact[], AdviceFact[]] {
  if (lostCpu === false) return [[], []];
  const threads = thread === null ? [] : [advised(thread)];
  const isNormal = thread === null || ['other', 'batch', 'idle'].includes(thread.policy ?? 'other');
  const isBefore71 = kernel === null ? null : isOlder(kernel, '7.1');
  const isKernelLock = lockCauses.includes(cause);
  const lock = isKernelLock ? 'kernel' : 'mutex';
  const keepsLockAtLimit = !isKernelLock || kernel === null || isOlder(kernel, '6.18') !== false;
  return [
    isNormal ? [priorityAdvice(thread, threads, lock)] : [],
    [
      { code: 'move-competitors' },
      ...(isNormal && thread?.policy !== 'idle' && isBefore71 !== true
        ? [{ code: 'longer-slice', isNewKernel: isBefore71 === false, lock } as const]
        : []),
      ...(keepsLockAtLimit ? [{ code: 'raise-holders-limit', lock } as const] : []),
    ],
  ];
}

function priorityAdvice(
  thread: BlamedThread | null,
  threads: readonly AdvisedThread[],
  lock: 'kernel' | 'mutex',
): AdviceFact {
  if (thread === null || priorityText(thread) === null) return { code: 'raise-if-low', threads };
  return { code: hasLowPriority(thread) ? 'raise-priority' : 'raise-weight', threads, lock };
}

/** Of a lock that is no lock of the whole address space. */
function ofCause(root: AdvisedRoot): AdviceFact[] {
  const { cause, thread } = root;
  if (cause === 'mutex') return [{ code: 'shorten-mutex', threads: thread === null ? [] : [advised(thread)] }];
  return cause === 'allocator-mutex' ? ofAllocator(root) : [];
}

function ofAllocator(root: AdvisedRoot): AdviceFact[] {
  const { call, thread, allocator, isJvm, kernel } = root;
  const name = call === null ? null : advisedCall(call).name;
  const isTrim = name === 'malloc_trim' || name === 'glibc_trim';
  const isTcmalloc = allocator === 'tcmalloc' || name === 'tcmalloc_release';
  const isJemalloc = allocator === 'jemalloc' || (thread !== null && isOfJemalloc(root, thread));
  const mayTrim = isTrim || (!isTcmalloc && !isJemalloc && allocator !== 'mimalloc');
  // Its thread has advice of its own.
  const isTrimmer = thread !== null && advisedGiver(thread)?.call === 'madvise.DONTNEED';
  const isOld = kernel !== null && isOlder(kernel, '6.17') === true;
  return [
    ...(mayTrim && !isTrimmer ? [{ code: 'trim-less', isSeen: isTrim, isJvm } as const] : []),
    ...(isTcmalloc ? [{ code: 'smaller-frees' } as const] : []),
    ...(isJemalloc || isOld ? [] : [{ code: 'background-purge' } as const]),
  ];
}

/** Against the call of a holder, or against what its thread usually does. */
function againstCall(root: AdvisedRoot): AdviceFact[] {
  const { call, thread, cause } = root;
  const ofThread = thread === null ? null : againstThread(root, thread);
  if (ofThread !== null) return [...ofThread, ...againstLock(root, false)];
  if (call === null) return [];
  const known = advisedCall(call);
  if (known.isPurge) return [...againstPurge(known, cause), ...againstLock(root, false)];
  // The range of an ended thread's stack is the C library's.
  const choosesRange = known.name !== 'thread end' && known.name !== 'malloc_trim';
  return [...againstLock(root, choosesRange), ...againstWork(known, cause, choosesRange)];
}

/** The allocator decides about ranges. */
function againstPurge({ name }: AdvisedCall, cause: Cause): AdviceFact[] {
  return cause === 'allocator-mutex' || name === 'glibc_trim' ? [] : [{ code: 'purge-less' }];
}

/** What a thread of a JVM or of an allocator does; null: it is none of these, or did something else. */
function againstThread(root: AdvisedRoot, thread: BlamedThread): AdviceFact[] | null {
  const { call } = root;
  const giver = advisedGiver(thread);
  const isHeapCall = call !== null && givesHeapBack(call);
  const isInJvm = thread.role === 'other' && root.isJvm === true;
  if (giver?.givesHeap === true || (isInJvm && isHeapCall)) {
    const isLikely = isHeapCall || (call === null && giver?.doesLittleElse === true);
    return isLikely ? [keepHeap(giver?.collector ?? root.collector, isHeapCall)] : null;
  }
  if (giver !== null) {
    if (giver.call === 'munmap') return call === null || mayFree.includes(call) ? [{ code: 'unmap-early' }] : null;
    return call === null || call.startsWith('madvise') ? [{ code: 'no-native-trim' }] : null;
  }
  return isOfJemalloc(root, thread) ? againstJemalloc(root) : null;
}

/** Calls by which an allocator frees a direct buffer, and a JVM a mapped file. */
const mayFree: readonly string[] = ['munmap', 'madvise.DONTNEED', 'madvise.FREE'];

function keepHeap(collector: Collector | null, isSeen: boolean): AdviceFact {
  return { code: 'keep-heap', collector: collector === 'epsilon' ? null : collector, isSeen };
}

function isOfJemalloc({ allocator, call }: AdvisedRoot, { name, role }: BlamedThread): boolean {
  if (role === 'holder' || role === 'victim' || role === 'outside') return false;
  return (
    allocatorGivers.some(({ pattern }) => matchesComm(pattern, name)) ||
    (allocator === 'jemalloc' && call !== null && mayFree.includes(call))
  );
}

function againstJemalloc({ call, kernel }: AdvisedRoot): AdviceFact[] {
  const isOld = kernel !== null && isOlder(kernel, '6.17') === true;
  if (call === 'munmap') return isOld ? [{ code: 'longer-decay' }] : [{ code: 'retain' }, { code: 'longer-decay' }];
  return [{ code: 'longer-decay' }];
}

/** Kernels on which the call takes the lock of a VMA instead of mmap_lock. `choosesRange`: the program does. */
function againstLock({ cause, call, kernel }: AdvisedRoot, choosesRange: boolean): AdviceFact[] {
  if (call === null || (cause !== 'mmap-lock-reader' && cause !== 'mmap-lock-holder')) return [];
  const { name, locks } = advisedCall(call);
  const since = locks?.find(({ oneVma }) => oneVma === 'VMA lock')?.from;
  if (locks === null || since === undefined) return [];
  const needsOneVma = canCross({ locks }) && locks.at(-1)?.crossing !== 'VMA lock';
  const about = { call: name, since, needsOneVma, isBatch: name.startsWith('process_madvise') };
  // A release without a version is not known to be new.
  const isNew = kernel !== null && isOlder(kernel, since) !== null;
  if (!isNew || lockOn({ locks }, kernel, { crossing: false }) !== 'VMA lock')
    return [{ code: 'newer-kernel', ...about }];
  return needsOneVma && choosesRange ? [{ code: 'one-vma', ...about }] : [];
}

/** Files of /proc of which a read is short. */
const shortReads: readonly string[] = ['/proc/PID/maps', 'read_maps', '/proc/PID/cmdline', '/proc/PID/environ'];
/** These take their lock anew for each huge page. */
const lockedPiecewise: readonly string[] = ['madvise.COLLAPSE', 'madvise_collapse'];

function againstWork({ name, work }: AdvisedCall, cause: Cause, choosesRange: boolean): AdviceFact[] {
  const separate: AdviceFact[] = cause === 'vma-lock' && choosesRange ? [{ code: 'separate-vma' }] : [];
  switch (work) {
    case null:
      return name.startsWith('/proc/') && !shortReads.includes(name) ? [{ code: 'read-less' }] : separate;
    case 'reads':
      return shortReads.includes(name) ? [] : [{ code: 'read-less' }];
    case 'marks':
      return [{ code: 'clear-less' }];
    case 'forks':
      return [{ code: 'fork-less' }];
    case 'releases':
      if (!choosesRange) return separate;
      return [
        ...separate,
        ...(['munmap', 'brk'].includes(name) ? [{ code: 'keep-mappings' } as const] : []),
        { code: 'smaller-calls', givesBack: true },
      ];
    case 'reclaims':
    case 'advises':
    case 'populates':
    case 'collapses':
    case 'guards':
    case 'protects':
    case 'moves':
      return lockedPiecewise.includes(name) ? separate : [...separate, { code: 'smaller-calls', givesBack: false }];
  }
}

/** Where no lock was held: what the program waited for, or what the stalled thread itself lacked. */
function againstOther(root: AdvisedRoot): AdviceFact[] {
  const { cause, thread, isJvm, collector, seenBy } = root;
  const threads = thread === null ? [] : [advised(thread)];
  switch (cause) {
    case 'not-scheduled':
      return thread === null ? [{ code: 'look-at-cpus' }] : [{ code: 'give-cpu', threads }, ...againstHeapCall(root)];
    case 'safepoint':
      return thread === null
        ? [{ code: 'find-late' }, { code: 'see-lock' }, ...shrinking(collector)]
        : [{ code: 'profile-late', threads }];
    case 'gc-pause':
      return thread === null
        ? [{ code: 'read-gc-log' }, ...shrinking(collector)]
        : [{ code: 'profile-late', threads }, { code: 'read-gc-log' }];
    case 'block-io':
      return [{ code: 'look-at-disk' }];
    case 'swap-in':
      return [{ code: 'avoid-swap', isJvm }];
    case 'memory-reclaim':
      return [{ code: 'more-memory', isJvm }];
    case 'cpu-limit':
      return [{ code: 'raise-limit', isJvm }];
    case 'freezer':
      return [{ code: 'find-freezer' }];
    case 'stopped':
      return [{ code: 'find-stopper' }];
    case 'steal':
      return [{ code: 'quieter-host' }];
    case 'running':
      return [{ code: 'profile-work' }];
    case 'unknown':
    // Against these, againstHolder advises.
    case 'mmap-lock-reader':
    case 'mmap-lock-writer':
    case 'mmap-lock-holder':
    case 'vma-lock':
    case 'allocator-mutex':
    case 'mutex':
      return seenBy === 'run' ? [{ code: 'trace' }] : [];
  }
}

/** A thread that gave heap back when it lost its CPU. */
function againstHeapCall(root: AdvisedRoot): AdviceFact[] {
  const { call, thread } = root;
  return thread === null || call === null || !givesHeapBack(call) ? [] : (againstThread(root, thread) ?? []);
}

/** Serial and Parallel give heap back inside pauses. */
function shrinking(collector: Collector | null): AdviceFact[] {
  if (collector !== null && collector !== 'serial' && collector !== 'parallel') return [];
  return [{ code: 'shrink-in-pause', collector }];
}

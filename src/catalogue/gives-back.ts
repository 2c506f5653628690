/** What gives memory back to the system: a call, and the end of a chain of blame. */
import { heldCauses, type Cause, type Grade } from '../facts/blame.js';
import type { BlamedThread } from '../facts/chain-facts.js';
import { callGivesBack } from './calls.js';
import { mayGiveHeapBack, mayGiveMemoryBack, type Collector } from './collectors.js';
import { kernelThreadOf } from './kernel-threads.js';
import { operations } from './operations.js';
import { isPurge } from './purges.js';

/**
 * Whether a call in a chain of blame does, by its name from strace or by the name of a holder's operation; also by names
 * such as `madvise_free across VMAs`. Victims are not considered: a victim gives back only the page on which it is timed.
 */
export function givesMemoryBack(call: string | null): boolean {
  const [name = ''] = (call ?? '').split(' ');
  return (
    callGivesBack(name) ||
    isPurge(name) ||
    operations.some((operation) => operation.name === name && operation.kind === 'holder' && operation.givesBack)
  );
}

/** The end of a chain of blame. */
interface BlamedEnd {
  readonly cause: Cause;
  readonly thread: Pick<BlamedThread, 'name' | 'role'> | null;
}

/**
 * Whether the stalled threads waited for what another thread did: for a lock that it held, or for the thread itself,
 * which a JVM's pause waited for. Else they waited for a CPU, a disk or the like.
 */
export function isForThread({ cause, thread }: BlamedEnd): boolean {
  return heldCauses.includes(cause) || (thread !== null && thread.role !== 'victim');
}

/** Ends of chains that lead through a pause of a JVM. */
const pauseCauses: readonly Cause[] = ['safepoint', 'gc-pause'];

/** A pause of a JVM, for which no thread is to blame. */
export function isPause({ cause, thread }: BlamedEnd): boolean {
  return pauseCauses.includes(cause) && thread === null;
}

/**
 * Whether all that it can have given back unseen is heap, of which a JVM's log has each return: in a pause, or by a thread
 * that a pause waited for. Whoever had a lock may have unmapped other memory, which no log has.
 */
export function canHaveGivenHeapOnly(end: BlamedEnd): boolean {
  const { cause, thread } = end;
  if (thread === null) return isPause(end);
  return cause !== 'unknown' && !heldCauses.includes(cause) && mayGiveHeapBack(thread.name, null);
}

/** Whether what the stalled threads waited for was giving memory back; `open`: it was not seen. */
export type GivesBack = 'yes' | 'no' | 'open';

/**
 * The only place that decides it: words, exports, pages and answers switch on the result. `call`: in which the thread to
 * blame was; null: it was in none, or none was seen. `collector`: of the JVM that was watched; null: not known.
 */
export function givesBackOf(
  end: BlamedEnd,
  call: string | null,
  grade: Grade,
  collector: Collector | null = null,
): GivesBack {
  const found = ofBlamed(end, call, grade, collector);
  // Where it is only possible that this thread is to blame, another thread may be, and what that did is not known.
  return found === 'no' && grade === 'possible' && isForThread(end) ? 'open' : found;
}

/** If that thread is to blame. */
function ofBlamed(end: BlamedEnd, call: string | null, grade: Grade, collector: Collector | null): GivesBack {
  const { cause, thread } = end;
  if (thread !== null && kernelThreadOf(thread) !== null) return 'no';
  switch (cause) {
    case 'unknown':
      return 'open';
    case 'mmap-lock-holder':
    case 'allocator-mutex':
    case 'mutex':
    // Page faults do not take mmap_lock for writing, so a writer without a call was in one that was not seen, or is
    // another thread of the kernel.
    case 'mmap-lock-writer':
      return ofCall(call) ?? 'open';
    // A proven reader without a call was in none: it was in a page fault, or is a thread of the kernel. The call of a
    // reader that still has the lock at the end of an observation is not seen, and then the holder is not proven.
    case 'mmap-lock-reader':
    case 'vma-lock':
      return ofCall(call) ?? (grade === 'proven' ? 'no' : 'open');
    // A JVM may give heap back inside a pause.
    case 'safepoint':
    case 'gc-pause':
      return isPause(end) ? (ofCall(call) ?? 'open') : ofAwaited(thread, call, collector);
    case 'block-io':
    case 'swap-in':
    case 'memory-reclaim':
    case 'cpu-limit':
    case 'freezer':
    case 'not-scheduled':
    case 'stopped':
    case 'steal':
    case 'running':
      return ofAwaited(thread, call, collector);
  }
}

/** Null: there is no call to judge by. */
function ofCall(call: string | null): GivesBack | null {
  return call === null ? null : givesMemoryBack(call) ? 'yes' : 'no';
}

/** Of a thread for which a pause of its JVM waited. Without one, or by itself, the stalled thread waited for no other. */
function ofAwaited(thread: BlamedEnd['thread'], call: string | null, collector: Collector | null): GivesBack {
  if (thread === null || thread.role === 'victim') return 'no';
  // A JVM that was not watched may have another collector.
  const own = thread.role === 'outside' ? null : collector;
  return ofCall(call) ?? (mayGiveMemoryBack(thread.name, own) ? 'open' : 'no');
}

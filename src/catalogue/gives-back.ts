/** What gives memory back to the system: a call, and the end of a chain of blame. */
import { heldCauses, isHeldUnseen, lockCauses, type Cause, type Grade } from '../facts/blame.js';
import { callGivesBack } from './calls.js';
import { mayGiveHeapBack } from './collectors.js';
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
  readonly thread: { readonly name: string; readonly role: string } | null;
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
 * Whether what the thread waited for gave memory back is not known, because its call was not seen. A proven reader of
 * mmap_lock without a call was in none: it was in a page fault, or is a thread of the kernel. The call of a reader that
 * still has the lock at the end of an observation is not seen, and then the holder is not proven. Page faults do not
 * take mmap_lock for writing, so a writer without a call was in one that was not seen, or is a thread of the kernel.
 * A JVM may give heap back inside a pause.
 */
export function isOpenWhetherGivesBack({
  cause,
  call,
  grade,
  thread,
}: BlamedEnd & { readonly call: string | null; readonly grade: Grade }): boolean {
  if (cause === 'unknown') return true;
  if (call !== null) return false;
  if (!heldCauses.includes(cause) && isForThread({ cause, thread })) return mayGiveHeapBack(thread?.name ?? '');
  if (isPause({ cause, thread })) return true;
  return isHeldUnseen(cause) || cause === 'mmap-lock-writer' || (lockCauses.includes(cause) && grade !== 'proven');
}

/** Whether the thread that the stalled ones waited for was in a call that gives memory back. */
export function isGivingBack(end: BlamedEnd, call: string | null): boolean {
  return isForThread(end) && call !== null && callGivesBack(call);
}

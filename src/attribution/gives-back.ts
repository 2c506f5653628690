/**
 * Whether a call of a chain of blame gives memory back to the system: as strace names it, or by the name of a holder's
 * operation.
 */
import { operations } from '../profile/operations.js';

/** Of the calls that strace names by kind. */
const systemCalls: readonly string[] = [
  'mmap.NONE',
  'munmap',
  'madvise.DONTNEED',
  'madvise.DONTNEED_LOCKED',
  'madvise.FREE',
  'madvise.REMOVE',
  'process_madvise.DONTNEED',
  'fallocate.PUNCH_HOLE',
  'brk',
];
/** `madvise_free across VMAs` and such too. */
export function givesMemoryBack(call: string | null): boolean {
  const [name = ''] = (call ?? '').split(' ');
  return systemCalls.includes(name) || operations.some((one) => one.name === name && one.does === 'releases');
}

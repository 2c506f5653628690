/** What a holder was doing, in words that fit a sentence, a row and a legend. */
import { givesMemoryBack } from '../catalogue/gives-back.js';
import { operations, type HolderWork } from '../catalogue/operations.js';

const words: Readonly<Record<HolderWork, string>> = {
  releases: 'giving memory back to the system',
  reclaims: 'moving memory out to swap',
  advises: 'telling the kernel how it will use its memory',
  populates: 'having the kernel fill in its memory',
  guards: 'installing and removing guard pages',
  reads: 'reading the list of the process’s memory',
  protects: 'changing the protection of its memory',
};

/** `operation`: as in a profile; null: it is none of a holder, as a system call of a thread that nobody planned. */
function workOf(operation: string): string | null {
  const does = operations.find(({ name }) => name === operation)?.does;
  return does === undefined ? null : words[does];
}

/** `call`: of a chain's link, such as `madvise_free across VMAs`, or as strace names it, such as `mmap.NONE`. */
export function workOfCall(call: string): string {
  return workOf(call.split(' ')[0] ?? '') ?? (givesMemoryBack(call) ? words.releases : `inside the call ${call}`);
}

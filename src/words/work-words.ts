/** A holder's work, in words for a sentence, a row or a legend. */
import { givesMemoryBack } from '../catalogue/gives-back.js';
import { operations, type HolderWork } from '../catalogue/operations.js';
import { purgeRows } from '../catalogue/purges.js';

const words: Readonly<Record<HolderWork, string>> = {
  releases: 'giving memory back to the system',
  reclaims: 'moving memory out to swap',
  advises: 'telling the kernel how it will use its memory',
  populates: 'asking the kernel to populate its memory',
  collapses: 'making huge pages of the small pages of its memory',
  guards: 'installing and removing guard pages',
  reads: 'reading the memory map of the process',
  marks: 'marking all pages of the process as not referenced',
  protects: 'changing the protection of its memory',
  moves: 'moving its memory to another address',
  forks: 'making a copy of the process by fork',
};

/** `operation`: as in a profile; null if no holder has it, as for a system call of a thread outside the plan. */
function workOf(operation: string): string | null {
  const does = [...operations, ...purgeRows].find(({ name }) => name === operation)?.does;
  return does === undefined ? null : words[does];
}

/** `call`: from a chain's link, such as `madvise_free across VMAs`, or from strace, such as `mmap.NONE`. */
export function workOfCall(call: string): string {
  return workOf(call.split(' ')[0] ?? '') ?? (givesMemoryBack(call) ? words.releases : `inside the call ${call}`);
}

/** Locks of programs whose sleeps are not told apart from others, so that stalls for them are not seen. */
import { basename } from 'node:path';
import type { ObservationGap } from '../facts/observation-facts.js';
import { readIfThere } from '../host/files.js';
import { mappingsIn } from './stacks/memory-map.js';
import type { Target } from './target.js';

/** gperftools: its spin locks, also that of the page heap, sleep by FUTEX_WAIT with a timeout, again and again. */
const tcmalloc = /^libtcmalloc[\w.-]*\.so/;

/**
 * Reading the maps takes the process's mmap_lock for reading on older kernels, so it is done before the window. A program
 * that is linked with the library statically does not show it.
 */
export function unseenLocks(targets: readonly Pick<Target, 'pid'>[]): ObservationGap[] {
  const found = targets.flatMap(({ pid }) => {
    const file = spinLocksIn(readIfThere(`/proc/${pid}/maps`) ?? '');
    return file === null ? [] : [{ pid, file }];
  });
  const [first] = found;
  return first === undefined ? [] : [{ code: 'allocator-locks-unseen', ...first, processes_n: found.length }];
}

/** The file of the library; null: none was mapped. */
export function spinLocksIn(maps: string): string | null {
  return (
    mappingsIn(maps)
      .map(({ path }) => basename(path).replace(/ \(deleted\)$/, ''))
      .find((file) => tcmalloc.test(file)) ?? null
  );
}

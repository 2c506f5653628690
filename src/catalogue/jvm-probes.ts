/**
 * Probes: timed operations inside a JVM under test. The Java side (jvm-workloads/) has the same names, and a test
 * compares them. Some share a name with a native operation (operations.ts) and do the same work in another process.
 * Their locks may still differ, so a row is looked up in the table for its kind of process.
 */
import { insideOneVma } from './calls.js';
import { onEveryKernel } from './locks.js';
import type { Nature } from './operations.js';

/** Its locks are those of the kernel. A JVM may add waits (safepoints, allocation). */
export interface JvmProbe extends Nature {
  readonly name: string;
  /** Role in the series' name unless the profile gives another. */
  readonly role: string;
  /** Uses up a page of a pool that is created before the window: `mapping` needs a VMA for each, `page` does not. */
  readonly uses?: 'mapping' | 'page';
  /** Calls the system's allocator, and sleeps there only for the allocator's locks. */
  readonly allocates?: boolean;
  /** Takes no lock by itself, but touches memory that may not be present: a page fault takes a lock. */
  readonly touchesMemory?: boolean;
  readonly explanation: string;
}

const plain = { givesBack: false, sleeps: null, walks: false, keepsMutex: false } as const;
const frees = { ...plain, givesBack: true } as const;
const lockFree = onEveryKernel('none', null);

const probeTable = [
  {
    name: 'mmap_munmap',
    family: 'mapping',
    locks: insideOneVma('mmap'),
    ...frees,
    role: 'writer',
    explanation: 'mmap of anonymous memory and munmap, by JNI: shows the waits of mapping a file or growing a pool',
  },
  {
    // A writer, although the engine's operation of this name is a reader: HotSpot creates guard pages in every stack,
    // even in a stack that glibc kept. Under strace (17.0.15, 25.0.3), each started thread makes an mmap and an
    // mprotect at its start, and an mmap before the madvise at its end. Other threads wait for the strongest of these
    // locks.
    name: 'thread_start_join',
    family: 'thread',
    locks: insideOneVma('mprotect'),
    ...frees,
    sleeps: 'for a thread',
    role: 'writer',
    explanation: 'a Java thread is started and joined: mmap or mprotect of its stack, and its end',
  },
  {
    name: 'malloc_free',
    family: 'malloc',
    locks: lockFree,
    ...frees,
    allocates: true,
    role: 'allocator',
    explanation:
      'malloc of an off-heap block, a write per page, and free: the allocator’s locks, and its calls if it makes any',
  },
  {
    name: 'first_fault',
    family: 'fault',
    locks: insideOneVma('first fault'),
    ...plain,
    role: 'reader',
    uses: 'mapping',
    explanation: 'first write to a fresh mapping, created before the window',
  },
  {
    name: 'warm_fault',
    family: 'fault',
    locks: insideOneVma('warm fault'),
    ...plain,
    role: 'control',
    uses: 'page',
    explanation: 'write to an untouched page of a mapping with earlier faults',
  },
  {
    name: 'heap_allocation',
    family: 'app',
    locks: lockFree,
    ...plain,
    touchesMemory: true,
    role: 'app',
    explanation: 'allocation of a Java array: it shows safepoints, a growing heap, and page faults of a fresh heap',
  },
  {
    name: 'request',
    family: 'app',
    locks: lockFree,
    ...plain,
    touchesMemory: true,
    role: 'app',
    explanation: 'a request that allocates and touches: its response time is what users feel',
  },
  {
    name: 'timer',
    family: 'control',
    locks: lockFree,
    ...plain,
    sleeps: 'by itself',
    role: 'control',
    explanation: 'a clock read after a timed sleep: everything that a sleeping hiccup meter sees',
  },
] as const satisfies readonly JvmProbe[];

export type JvmProbeName = (typeof probeTable)[number]['name'];

export const jvmProbes: readonly JvmProbe[] = probeTable;
export const jvmProbeNames: readonly JvmProbeName[] = probeTable.map(({ name }) => name);

export function jvmProbeNamed(name: string): JvmProbe {
  const found = jvmProbes.find((probe) => probe.name === name);
  if (found === undefined) throw new Error(`no JVM probe ${name}`);
  return found;
}

/**
 * Probes: timed operations inside a JVM under test. The Java side (jvm-workloads/) has the same names, and a test
 * compares. Some have the name of a native operation (operations.ts) and do the same work in another process; what they
 * take may differ all the same, so a row is looked up in the table of its kind of process.
 */
import { insideOneVma } from './calls.js';
import { onEveryKernel } from './locks.js';
import type { Nature } from './operations.js';

/** Its locks are those of the kernel; a JVM may add waits of its own (safepoints, allocation). */
export interface JvmProbe extends Nature {
  readonly name: string;
  /** Role in the series name unless the profile gives one. */
  readonly role: string;
  /** Uses up one page of a pool that is made before the window: `mapping` a VMA each, `page` none. */
  readonly uses?: 'mapping' | 'page';
  /** It calls the system's allocator, and sleeps in it only for the allocator's own locks. */
  readonly allocates?: boolean;
  /** It takes no lock by itself, but touches memory that may not be there yet: a page fault takes one. */
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
    explanation: 'mmap of anonymous memory and munmap, by JNI: what mapping a file or growing a pool waits for',
  },
  {
    // A writer, where the engine's operation of this name is a reader: HotSpot makes guard pages of its own in every
    // stack, also in one that glibc kept. Under strace (17.0.15, 25.0.3) each started thread makes an mmap and an mprotect
    // as it starts, and an mmap before the madvise of its end. The strongest of these locks is what others wait for.
    name: 'thread_start_join',
    family: 'thread',
    locks: insideOneVma('mprotect'),
    ...frees,
    sleeps: 'for a thread',
    role: 'writer',
    explanation: 'a Java thread started and joined: mmap or mprotect of its stack, and its end',
  },
  {
    name: 'malloc_free',
    family: 'malloc',
    locks: lockFree,
    ...frees,
    allocates: true,
    role: 'allocator',
    explanation:
      'malloc of an off-heap block, a write a page, and free: the allocator’s locks, and its calls if it makes any',
  },
  {
    name: 'first_fault',
    family: 'fault',
    locks: insideOneVma('first fault'),
    ...plain,
    role: 'reader',
    uses: 'mapping',
    explanation: 'first write to a fresh mapping, made before the window',
  },
  {
    name: 'warm_fault',
    family: 'fault',
    locks: insideOneVma('warm fault'),
    ...plain,
    role: 'control',
    uses: 'page',
    explanation: 'write to an untouched page of a mapping that was faulted in before',
  },
  {
    name: 'heap_allocation',
    family: 'app',
    locks: lockFree,
    ...plain,
    touchesMemory: true,
    role: 'app',
    explanation:
      'allocation of a Java array: a safepoint, a heap that grows, and page faults of a fresh heap show in it',
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
    explanation: 'a clock read after a timed sleep: all that a sleeping hiccup meter sees',
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

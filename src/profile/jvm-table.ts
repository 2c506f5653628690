/**
 * What a JVM under test can be made to do: probes (timed operations inside it) and loads (what makes its collector or
 * allocator give memory back). The Java side (jvm-workloads/) has the same names, and a test compares.
 */
import type { LockClass } from './operations.js';

export interface JvmProbe {
  readonly name: string;
  /** What it takes in the kernel itself; a JVM may add waits of its own (safepoints, allocation). */
  readonly lockClass: LockClass;
  /** Role in the series name unless the profile gives one. */
  readonly role: string;
  /** Uses up one fresh page an operation, from a pool made before the window. */
  readonly usesPages?: boolean;
  readonly explanation: string;
}

const probeTable = [
  {
    name: 'mmap_munmap',
    lockClass: 'mmap_lock write',
    role: 'writer',
    explanation: 'mmap of anonymous memory and munmap, by JNI: what mapping a file or growing a pool waits for',
  },
  {
    name: 'thread_start_join',
    lockClass: 'mmap_lock write',
    role: 'writer',
    explanation: 'a Java thread started and joined: mmap or mprotect of its stack, and its end',
  },
  {
    name: 'malloc_free',
    lockClass: 'none',
    role: 'allocator',
    explanation: 'malloc of an off-heap block, a write a page, and free: the allocator’s locks, and its calls if it makes any',
  },
  {
    name: 'first_fault',
    lockClass: 'mmap_lock read',
    role: 'reader',
    usesPages: true,
    explanation: 'first write to a fresh mapping, made before the window',
  },
  {
    name: 'warm_fault',
    lockClass: 'VMA lock',
    role: 'control',
    usesPages: true,
    explanation: 'write to an untouched page of a mapping that was faulted in before',
  },
  {
    name: 'heap_allocation',
    lockClass: 'none',
    role: 'app',
    explanation: 'allocation of a Java array: a safepoint, a heap that grows, and page faults of a fresh heap show in it',
  },
  {
    name: 'request',
    lockClass: 'none',
    role: 'app',
    explanation: 'a request that allocates and touches: its response time is what users feel',
  },
  {
    name: 'timer',
    lockClass: 'none',
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

export const collectors = ['g1', 'parallel', 'serial', 'zgc', 'shenandoah', 'epsilon'] as const;
export type Collector = (typeof collectors)[number];

export const allocators = ['glibc', 'jemalloc', 'tcmalloc', 'mimalloc'] as const;
export type Allocator = (typeof allocators)[number];

/** A setting of a load, and its default as a profile would write it. */
export interface LoadSetting {
  readonly kind: 'size' | 'duration' | 'count' | 'flag';
  /** Its key in the JVM's plan, unit included. */
  readonly planKey: string;
  readonly default: string | number | boolean;
  readonly explanation: string;
}

export interface JvmLoad {
  readonly explanation: string;
  readonly settings: Readonly<Record<string, LoadSetting>>;
}

const size = (planKey: string, value: string, explanation: string) =>
  ({ kind: 'size', planKey, default: value, explanation }) as const;
const duration = (planKey: string, value: string, explanation: string) =>
  ({ kind: 'duration', planKey, default: value, explanation }) as const;
const count = (planKey: string, value: number, explanation: string) =>
  ({ kind: 'count', planKey, default: value, explanation }) as const;
const flag = (planKey: string, value: boolean, explanation: string) =>
  ({ kind: 'flag', planKey, default: value, explanation }) as const;

export const jvmLoads = {
  heap_wave: {
    explanation: 'a live heap that grows and shrinks, so that the collector gives heap back',
    settings: {
      low: size('low_bytes', '32MiB', 'live data at the low point'),
      high: size('high_bytes', '512MiB', 'live data at the high point'),
      period: duration('period_ns', '2s', 'from one high point to the next'),
      gcAtLow: flag('gc_at_low', true, 'whether System.gc() is called at the low point'),
    },
  },
  malloc_churn: {
    explanation: 'off-heap blocks of 16 KiB to 1 MiB, allocated, touched and freed at random, through the allocator',
    settings: {
      threads: count('threads', 2, 'number of threads'),
      live: size('live_bytes', '64MiB', 'bytes that live at one time, in all threads'),
      pause: duration('pause_ns', '100us', 'rest of a thread between two blocks'),
    },
  },
} as const satisfies Readonly<Record<string, JvmLoad>>;

export type JvmLoadName = keyof typeof jvmLoads;

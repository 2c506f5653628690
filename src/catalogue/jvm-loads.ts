/**
 * Loads of a JVM under test, which make its collector or allocator give memory back. The Java side (jvm-workloads/) has
 * the same names, and a test compares them. The native engine has malloc_churn too.
 */

/** A setting of a load, with its default as a profile would write it. */
export interface LoadSetting {
  readonly kind: 'size' | 'duration' | 'count' | 'flag';
  /** Its key in the JVM's plan, including the unit. */
  readonly planKey: string;
  readonly default: string | number | boolean;
  /**
   * Bounds that the load's reader accepts (jvm-workloads/src/pauselab/load, native/engine/plan.cc), as a profile would
   * write them; absent for a flag.
   */
  readonly least?: string | number;
  readonly most?: string | number;
  readonly explanation: string;
  /** Unless it is 0 or false, the load calls System.gc() and its effect needs that. */
  readonly collects?: true;
}

export interface JvmLoad {
  readonly explanation: string;
  /** The oldest JDK that can run it; absent: every JDK that pauselab accepts. */
  readonly firstJdk?: number;
  readonly settings: Readonly<Record<string, LoadSetting>>;
}

const size = (planKey: string, value: string, [least, most]: readonly [string, string], explanation: string) =>
  ({ kind: 'size', planKey, default: value, least, most, explanation }) as const;
const duration = (planKey: string, value: string, [least, most]: readonly [string, string], explanation: string) =>
  ({ kind: 'duration', planKey, default: value, least, most, explanation }) as const;
const count = (planKey: string, value: number, [least, most]: readonly [number, number], explanation: string) =>
  ({ kind: 'count', planKey, default: value, least, most, explanation }) as const;
const flag = (planKey: string, value: boolean, explanation: string) =>
  ({ kind: 'flag', planKey, default: value, explanation }) as const;

/** Sizes of blocks and files are Java ints. */
const mostBlock = '2047MiB';

/** For loads whose memory is given back once the collector finds it unreachable. */
const gcPeriod = {
  ...duration('gc_period_ns', '500ms', ['0ms', '1h'], 'time between calls of System.gc(); 0ms: no calls'),
  collects: true,
} as const;
const sizes = (min: string, max: string) => ({
  minSize: size('min_bytes', min, ['1B', mostBlock], 'least size of a block'),
  maxSize: size('max_bytes', max, ['1B', mostBlock], 'largest size of a block; sizes are log-uniform'),
});

export const jvmLoads = {
  heap_wave: {
    explanation: 'a live heap that grows and shrinks, so that the collector gives heap back',
    settings: {
      low: size('low_bytes', '32MiB', ['0B', '4TiB'], 'live data at the low point'),
      high: size('high_bytes', '256MiB', ['1B', '4TiB'], 'live data at the high point'),
      period: duration('period_ns', '1s', ['10ms', '1h'], 'from one high point to the next'),
      growPercent: count('grow_percent', 50, [1, 99], 'percentage of the period in which the heap grows'),
      gcAtLow: {
        ...flag('gc_at_low', true, 'whether System.gc() is called at the low point'),
        collects: true,
      } as const,
    },
  },
  steady_allocation: {
    explanation: 'allocation at a steady rate beside a live set: collections at any time, a heap of constant size',
    settings: {
      perSecond: size('bytes_per_s', '100MiB', ['1B', '1TiB'], 'bytes allocated a second'),
      objectSize: size('object_bytes', '1KiB', ['32B', '256MiB'], 'size of an object'),
      liveSize: size('live_bytes', '32MiB', ['32B', '16TiB'], 'bytes that stay alive'),
    },
  },
  direct_buffers: {
    explanation: 'direct byte buffers created and dropped: `Reference Handler` gives their memory back',
    settings: {
      rate: count('per_s', 100, [1, 1_000_000], 'buffers per second'),
      ...sizes('1MiB', '8MiB'),
      live: count('live', 16, [1, 1_000_000], 'buffers kept alive'),
      gcPeriod,
    },
  },
  malloc_churn: {
    explanation: 'off-heap blocks allocated, touched and freed at random, through the allocator',
    settings: {
      threads: count('threads', 4, [1, 256], 'number of threads'),
      rate: count('per_s', 1000, [1, 10_000_000], 'blocks per second and thread'),
      ...sizes('16KiB', '1MiB'),
      live: count('live', 64, [1, 10_000_000], 'blocks kept per thread'),
      burstPercent: count(
        'burst_percent',
        50,
        [1, 100],
        'percentage of each second in which it works; memory decays in the rest',
      ),
    },
  },
  inflater_churn: {
    explanation: 'Inflaters created and ended; their native memory comes from malloc',
    settings: {
      rate: count('per_s', 200, [1, 1_000_000], 'Inflaters per second'),
      inputSize: size('input_bytes', '16KiB', ['1B', '256MiB'], 'bytes that each Inflater inflates'),
      end: flag('end', true, 'whether end() is called; otherwise the collector must find them'),
    },
  },
  thread_churn: {
    explanation: 'threads that start and end, each giving its stack back with madvise(MADV_DONTNEED)',
    settings: {
      rate: count('per_s', 200, [1, 100_000], 'threads per second'),
      live: count('live', 8, [1, 10_000], 'threads alive at a time'),
      stackSize: size('stack_bytes', '1MiB', ['256KiB', '1GiB'], 'stack of a thread'),
      touchSize: size('touch_bytes', '128KiB', ['0B', '512MiB'], 'part of the stack that each thread uses'),
    },
  },
  class_churn: {
    explanation: 'classes loaded and unloaded: metaspace grows and shrinks',
    settings: {
      rate: count('per_s', 200, [1, 100_000], 'classes per second'),
      perLoader: count('per_loader', 20, [1, 10_000], 'classes per class loader'),
      gcPeriod,
    },
  },
  mapped_files: {
    explanation: 'mapped files, as in a store with index files: mmap, faults, and munmap by the collector',
    settings: {
      rate: count('per_s', 50, [1, 100_000], 'mappings per second'),
      files: count('files', 8, [1, 10_000], 'number of files, in /dev/shm'),
      fileSize: size('file_bytes', '16MiB', ['4KiB', mostBlock], 'size of a file'),
      live: count('live', 8, [1, 10_000], 'mappings kept alive'),
      onDisk: flag('on_disk', false, 'whether the files are in /var/tmp, which must be on a disk'),
      deleted: flag('deleted', false, 'whether each mapping has a file of its own, deleted while it is mapped'),
      cleaned: flag('cleaned', false, 'whether the load’s thread unmaps each at once; otherwise the collector must'),
      gcPeriod,
    },
  },
  arena_churn: {
    explanation: 'shared arenas of java.lang.foreign opened, written to and closed: a handshake and munmap or free',
    firstJdk: 22,
    settings: {
      rate: count('per_s', 200, [1, 100_000], 'arenas per second'),
      ...sizes('64KiB', '4MiB'),
      live: count('live', 32, [1, 1_000_000], 'arenas kept open'),
    },
  },
  request_service: {
    explanation: 'requests that allocate and read a store of old objects, as in the probe `request`',
    settings: {
      rate: count('per_s', 500, [1, 1_000_000], 'requests per second'),
      size: size('bytes', '64KiB', ['0B', '1GiB'], 'bytes that a request allocates'),
      liveSize: size('live_bytes', '32MiB', ['0B', '64GiB'], 'size of the store'),
    },
  },
} as const satisfies Readonly<Record<string, JvmLoad>>;

export type JvmLoadName = keyof typeof jvmLoads;

const onHeap: readonly JvmLoadName[] = ['heap_wave', 'steady_allocation', 'request_service'];

/** Whether a load uses the collector's heap alone, whose returns are in the JVM's log. */
export function isOnHeap(name: JvmLoadName): boolean {
  return onHeap.includes(name);
}

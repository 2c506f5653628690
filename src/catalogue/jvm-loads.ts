/**
 * Loads of a JVM under test: what makes its collector or allocator give memory back. The Java side (jvm-workloads/) has
 * the same names, and a test compares; malloc_churn is made by the native engine too.
 */

/** A setting of a load, and its default as a profile would write it. */
export interface LoadSetting {
  readonly kind: 'size' | 'duration' | 'count' | 'flag';
  /** Its key in the JVM's plan, unit included. */
  readonly planKey: string;
  readonly default: string | number | boolean;
  /**
   * What the load's reader takes (jvm-workloads/src/pauselab/load, native/engine/plan.cc), as a profile would write it;
   * absent for a flag.
   */
  readonly least?: string | number;
  readonly most?: string | number;
  readonly explanation: string;
}

export interface JvmLoad {
  readonly explanation: string;
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

/** Of loads whose memory goes back when the collector finds it unreachable. */
const gcPeriod = duration('gc_period_ns', '500ms', ['0ms', '1h'], 'from one System.gc() to the next; 0ms: none');
const sizes = (min: string, max: string) => ({
  minSize: size('min_bytes', min, ['1B', mostBlock], 'least size of a block'),
  maxSize: size(
    'max_bytes',
    max,
    ['1B', mostBlock],
    'largest size of a block; sizes are spread evenly over their logarithms',
  ),
});

export const jvmLoads = {
  heap_wave: {
    explanation: 'a live heap that grows and shrinks, so that the collector gives heap back',
    settings: {
      low: size('low_bytes', '32MiB', ['0B', '4TiB'], 'live data at the low point'),
      high: size('high_bytes', '256MiB', ['1B', '4TiB'], 'live data at the high point'),
      period: duration('period_ns', '1s', ['10ms', '1h'], 'from one high point to the next'),
      growPercent: count('grow_percent', 50, [1, 99], 'part of the period in which it grows'),
      gcAtLow: flag('gc_at_low', true, 'whether System.gc() is called at the low point'),
    },
  },
  steady_allocation: {
    explanation: 'allocation at a steady rate beside a live set: collections at any time, a heap of one size',
    settings: {
      perSecond: size('bytes_per_s', '100MiB', ['1B', '1TiB'], 'bytes allocated a second'),
      objectSize: size('object_bytes', '1KiB', ['32B', '256MiB'], 'size of an object'),
      liveSize: size('live_bytes', '32MiB', ['32B', '16TiB'], 'bytes that stay alive'),
    },
  },
  direct_buffers: {
    explanation: 'direct byte buffers made and dropped: their memory goes back by `Reference Handler`',
    settings: {
      rate: count('per_s', 100, [1, 1_000_000], 'buffers a second'),
      ...sizes('1MiB', '8MiB'),
      live: count('live', 16, [1, 1_000_000], 'buffers that are kept'),
      gcPeriod,
    },
  },
  malloc_churn: {
    explanation: 'off-heap blocks allocated, touched and freed at random, through the allocator',
    settings: {
      threads: count('threads', 4, [1, 256], 'number of threads'),
      rate: count('per_s', 1000, [1, 10_000_000], 'blocks a second of each thread'),
      ...sizes('16KiB', '1MiB'),
      live: count('live', 64, [1, 10_000_000], 'blocks that each thread keeps'),
      burstPercent: count(
        'burst_percent',
        50,
        [1, 100],
        'part of each second in which it works; in the rest memory decays',
      ),
    },
  },
  inflater_churn: {
    explanation: 'Inflaters made and ended, whose native memory is malloc’s',
    settings: {
      rate: count('per_s', 200, [1, 1_000_000], 'Inflaters a second'),
      inputSize: size('input_bytes', '16KiB', ['1B', '256MiB'], 'bytes that each inflates'),
      end: flag('end', true, 'whether end() is called; else the collector has to find them'),
    },
  },
  thread_churn: {
    explanation: 'threads that start and end, each giving its stack back with madvise(MADV_DONTNEED)',
    settings: {
      rate: count('per_s', 200, [1, 100_000], 'threads a second'),
      live: count('live', 8, [1, 10_000], 'threads that live at one time'),
      stackSize: size('stack_bytes', '1MiB', ['256KiB', '1GiB'], 'stack of a thread'),
      touchSize: size('touch_bytes', '128KiB', ['0B', '512MiB'], 'part of the stack that it uses'),
    },
  },
  class_churn: {
    explanation: 'classes loaded and unloaded: metaspace grows and shrinks',
    settings: {
      rate: count('per_s', 200, [1, 100_000], 'classes a second'),
      perLoader: count('per_loader', 20, [1, 10_000], 'classes of one class loader'),
      gcPeriod,
    },
  },
  mapped_files: {
    explanation: 'mapped files, as of a store with index files: mmap, faults, and munmap by the collector',
    settings: {
      rate: count('per_s', 50, [1, 100_000], 'mappings a second'),
      files: count('files', 8, [1, 10_000], 'number of files, in /dev/shm'),
      fileSize: size('file_bytes', '16MiB', ['4KiB', mostBlock], 'size of a file'),
      live: count('live', 8, [1, 10_000], 'mappings that are kept'),
      gcPeriod,
    },
  },
  request_service: {
    explanation: 'requests that allocate and read a store of old objects, as the probe `request` makes them',
    settings: {
      rate: count('per_s', 500, [1, 1_000_000], 'requests a second'),
      size: size('bytes', '64KiB', ['0B', '1GiB'], 'bytes that a request allocates'),
      liveSize: size('live_bytes', '32MiB', ['0B', '64GiB'], 'the store'),
    },
  },
} as const satisfies Readonly<Record<string, JvmLoad>>;

export type JvmLoadName = keyof typeof jvmLoads;

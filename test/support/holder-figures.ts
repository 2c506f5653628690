/** What an observation has of the roots of its stalls, as a test needs it; times in ms. */
import type { RootFigures, ObservationFile } from '../../src/bundle/observation-schema.js';
import { flagsVersion } from '../../src/catalogue/memory-flags.js';
import { schemaVersion } from '../../src/bundle/version.js';
import { statedAnswer } from '../../src/words/observation-words.js';

const ms = 1_000_000;

/** A thread `purger` of nice 19 that gives back 64 MiB over two VMAs four times in 10 s, beside a `hog`. */
export function holderFigures(more: Partial<RootFigures> = {}): RootFigures {
  return {
    cause: 'mmap-lock-reader',
    call: 'madvise.FREE',
    thread: { name: 'purger', tid: 102, role: 'other', nice: 19 },
    threads_n: 1,
    nice: 19,
    policy: 'other',
    episodes_n: 4,
    episodeMedian_ns: 480 * ms,
    stallMedian_ns: 470 * ms,
    held: { n: 4, median_ns: 500 * ms, longest_ns: 700 * ms, onCpuMedian_ns: 9 * ms, offCpu_ns: 1900 * ms },
    meanwhile: { onCpu_ns: 30 * ms, offCpu_ns: 1890 * ms },
    range: { distinct_n: 1, medianBytes: 2 ** 26, largestBytes: 2 ** 26, alignmentBytes: 4096 },
    crossed: 'yes',
    competitors: [competitor('hog', 1800)],
    stalledThemselves: false,
    waiters: [{ call: 'munmap', mode: 'mmap_lock write', waits_n: 4, threads_n: 1, nice: 0 }],
    ...more,
  };
}

export function competitor(
  name: string,
  total: number,
  more: Partial<RootFigures['competitors'][number]> = {},
): RootFigures['competitors'][number] {
  return {
    name,
    nice: 0,
    policy: 'other',
    threads_n: 1,
    total_ns: total * ms,
    spans_n: 4,
    spanMedian_ns: 80 * ms,
    ...more,
  };
}

/** Each root has 1 s of stalled time, or what `totals_ms` says. */
export function observationWith(
  holders: readonly RootFigures[],
  more: Partial<ObservationFile> = {},
  totals_ms: readonly number[] = [],
): ObservationFile {
  const watched_ns = 10_000 * ms;
  return {
    schemaVersion,
    kind: 'observation',
    tool: { name: 'pauselab', version: '0' },
    startedAt: '2026-01-31T12:00:00.000Z',
    monotonicStart_ns: 0,
    argv: ['observe'],
    kernel: '6.18.1',
    cpus: 2,
    tier: 'ebpf',
    refusedTiers: [],
    targets: [{ pid: 100, name: 'service', threads_n: 9, rssBytes: 2 ** 28, jvm: null }],
    threshold_ns: 20 * ms,
    detail_ns: ms,
    watched_ns,
    cost: { cpu_ns: 0, memoryBytes: 0 },
    answer: statedAnswer({ code: 'no-stall', threshold_ns: 20 * ms, watched_ns, threads_n: 9 }),
    reasons: holders.map(({ cause, call, thread }, index) => ({
      cause,
      grade: 'proven',
      thread,
      call,
      givesBack: true,
      stalls_n: 4,
      total_ns: (totals_ms[index] ?? 1000) * ms,
      longest_ns: 700 * ms,
      threads_n: 1,
    })),
    holders: [...holders],
    missing: [],
    ...more,
  };
}

type ObservedJvm = NonNullable<ObservationFile['targets'][number]['jvm']>;

export function jvmWith(collector: string | null, flags: readonly string[]): ObservedJvm {
  return {
    version: null,
    collector,
    main: null,
    flags: [...flags],
    flagsVersion,
    logFiles: [],
    counters: { before: null, after: null },
    attached: null,
  };
}

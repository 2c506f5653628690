import { describe, expect, test } from 'vitest';
import type { RootFigures, ObservationFile } from '../../src/bundle/observation-schema.js';
import { repetitionOf } from '../../src/observe/repeat/repetition.js';
import { statedGap } from '../../src/words/observation-words.js';
import { originText } from '../../src/words/repetition-words.js';
import { competitor, holderFigures, observationWith, jvmWith } from '../support/holder-figures.js';

function repeated(more: Partial<RootFigures>, of: Partial<ObservationFile> = {}) {
  const { roots, notRepeated } = repetitionOf(observationWith([holderFigures(more)], of));
  return { settings: roots[0]?.settings, expects: roots[0]?.expects, codes: notRepeated.map(({ code }) => code) };
}

describe('a root of a native thread', () => {
  test('is repeated by its call, size, rate, nice value, layout and competitors', () => {
    const { settings, expects } = repeated({});
    expect(settings).toEqual({
      layout: 'split',
      holder: {
        operation: 'madvise_free',
        nice: 19,
        cpus: 'first',
        pause: '2000ms',
        region: '65536KiB',
      },
      hogs: { count: 1, cpus: 'first' },
      victims: [
        { operation: 'mmap_munmap', rate: '500/s' },
        { operation: 'timer', rate: '200/s' },
      ],
    });
    expect(expects).toEqual({
      arm: 'root-1',
      cause: 'mmap-lock-reader',
      by: 'holder',
      median: '470ms',
      call: 'madvise.FREE',
      kernel: '6.18.1',
    });
  });

  test('behind the mutex of an arena trims that arena, beside a thread that allocates', () => {
    const waiters: RootFigures['waiters'] = [{ call: 'futex', mode: 'other', waits_n: 9, threads_n: 2, nice: 0 }];
    const meanwhile = { onCpu_ns: 80e6, offCpu_ns: 900e6 };
    const more = { cause: 'allocator-mutex', call: 'madvise.DONTNEED', waiters, episodes_n: 4, meanwhile } as const;
    const { settings, expects } = repeated(more);
    expect(settings).toMatchObject({
      stall: { aim: '20ms', leastHold: '20ms' },
      holder: { operation: 'malloc_trim', region: 'calibrated', toucher: { nice: 0 } },
      victims: [{ operation: 'malloc_8k', rate: '500/s' }, { operation: 'timer' }],
    });
    expect(expects).toMatchObject({ cause: 'allocator-mutex', by: 'holder' });
  });

  test.each([
    ['yes', 'split'],
    ['no', 'same'],
    ['unknown', 'isolated'],
    [null, 'isolated'],
  ] as const)('lies where it was seen: crossed %s is layout %s', (crossed, layout) => {
    expect(repeated({ crossed }).settings?.layout).toBe(layout);
  });

  test('takes the CPU time of a call where its size is not known', () => {
    const { settings } = repeated({ range: null });
    expect(settings?.holder?.region).toBe('calibrated');
    expect(settings?.stall).toEqual({ aim: '9ms', leastHold: '9ms' });
  });

  test('takes no region larger than 1 GiB', () => {
    const range = { distinct_n: 1, medianBytes: 2 ** 34, largestBytes: 2 ** 34, alignmentBytes: 4096 };
    expect(repeated({ range }).settings?.holder?.region).toBe('calibrated');
  });

  test('has the victims that waited, and one of the same lock for a call that no victim makes', () => {
    const waits = (call: string | null, mode: RootFigures['waiters'][number]['mode']) =>
      repeated({ waiters: [{ call, mode, waits_n: 1, threads_n: 1, nice: 3 }] }).settings?.victims?.[0];
    expect(waits('mprotect', 'mmap_lock write')).toEqual({ operation: 'mprotect', rate: '500/s', nice: 3 });
    expect(waits('clone3', 'mmap_lock write')?.operation).toBe('mmap_munmap');
    expect(waits(null, 'mmap_lock read')?.operation).toBe('first_fault');
    expect(waits('munmap', 'cpu')?.operation).toBe('mmap_munmap');
  });

  test('has the victims in its VMA that can be there', () => {
    const waiters = ['mprotect', 'mremap'].map((call) => ({
      call,
      mode: 'other' as const,
      waits_n: 1,
      threads_n: 1,
      nice: 0,
    }));
    expect(repeated({ cause: 'vma-lock', crossed: 'no', waiters }).settings?.victims?.slice(0, 2)).toEqual([
      { operation: 'mprotect', rate: '500/s' },
      { operation: 'mremap', rate: '500/s', layout: 'isolated' },
    ]);
  });

  test('has hogs as the competitors with a tenth of the time', () => {
    const hogs = (...competitors: RootFigures['competitors']) =>
      repeated({ competitors, meanwhile: null }).settings?.hogs;
    expect(hogs(competitor('a', 900, { threads_n: 2, nice: -5 }), competitor('b', 95))).toEqual({
      count: 2,
      nice: -5,
      cpus: 'first',
    });
    expect(hogs()).toEqual({ count: 0 });
    // It is in bursts, and wins over the other one.
    expect(hogs(competitor('a', 500), competitor('b', 400, { policy: 'fifo' }))).toEqual({
      count: 1,
      policy: 'fifo',
      cpus: 'first',
      burst: { run: '80ms', sleep: '2420ms' },
    });
  });
});

test('hogs are as many as keep the thread off its CPU for as long, and not more than the competitors', () => {
  const fitted = (offCpu_ns: number, threads_n: number) => {
    const { settings } = repeated({
      meanwhile: { onCpu_ns: 1000, offCpu_ns },
      competitors: [competitor('a', 900, { threads_n })],
    });
    return [settings?.hogs?.count, settings?.holder?.nice];
  };
  // The weights of nice 19 and nice 0 are 15 and 1024.
  expect(fitted(2 * 68_267, 5)).toEqual([2, 19]);
  expect(fitted(20 * 68_267, 5)).toEqual([5, 19]);
  // It got a third of the CPU: the weight of nice 3 is 526.
  expect(fitted(2000, 5)).toEqual([1, 3]);
  expect(fitted(10, 5)).toEqual([1, undefined]);
});

interface FittedMore extends Partial<ObservationFile> {
  /** In ms: what the competitor took, and the time of all stalls. */
  readonly taken?: number;
  readonly stalled?: number;
}

test('a thread that got less of its CPU than its nice value says has a higher one, as in a cgroup of low weight', () => {
  const fitted = (
    meanwhile: { readonly onCpu_ns: number; readonly offCpu_ns: number },
    nice: number | null,
    threads_n = 1,
    { taken = meanwhile.offCpu_ns / 1e6, stalled = 1000, ...more }: FittedMore = {},
  ) => {
    const competitors = [competitor('a', taken, { threads_n })];
    const { roots } = repetitionOf(
      observationWith([holderFigures({ nice, meanwhile, competitors, episodes_n: 4 })], more, [stalled]),
    );
    const { settings, origins = [] } = roots[0] ?? {};
    const origin = origins.find(({ path }) => path[0] === 'hogs')?.fact;
    return [settings?.hogs?.count, settings?.holder?.nice, origin?.code === 'competitors-seen' && origin.otherNice];
  };
  // A tenth of what one thread beside it got, in four stalls: the weight of nice 10 is 110.
  expect(fitted({ onCpu_ns: 200e6, offCpu_ns: 2000e6 }, 0)).toEqual([1, 10, { seen: 0, written: 10 }]);
  // Half as much as one thread of nice 0 beside nice 0: the weight of nice 3 is 526.
  expect(fitted({ onCpu_ns: 200e6, offCpu_ns: 400e6 }, 0)).toEqual([1, 3, { seen: 0, written: 3 }]);
  expect(fitted({ onCpu_ns: 200e6, offCpu_ns: 40_000e6 }, 10)).toEqual([1, 19, { seen: 10, written: 19 }]);
  // As its nice value says, also where the call itself was short: five others had a slice each.
  expect(fitted({ onCpu_ns: 200e6, offCpu_ns: 220e6 }, 0)).toEqual([1, undefined, null]);
  expect(fitted({ onCpu_ns: 2e6, offCpu_ns: 80e6 }, 0, 5)).toEqual([5, undefined, null]);
  // Nobody took most of that time: a limit of CPU time, a disk or a sleep keeps a thread off its CPU, too.
  const throttled = { onCpu_ns: 200e6, offCpu_ns: 800e6 };
  const asSeen = [1, undefined, null];
  expect(fitted(throttled, 0)).toEqual([1, 6, { seen: 0, written: 6 }]);
  expect(fitted(throttled, 0, 1, { taken: 30 })).toEqual(asSeen);
  expect(
    fitted(throttled, 0, 1, { missing: [statedGap({ code: 'cgroup-throttled', pid: 100, throttled_ns: 1 })] }),
  ).toEqual(asSeen);
  // Three threads waited at once, and each saw the competitor for 300 ms.
  expect(fitted(throttled, 0, 1, { taken: 900, stalled: 3000 })).toEqual(asSeen);
  expect(fitted(throttled, 0, 1, { taken: 1500, stalled: 3000 })).toEqual([1, 6, { seen: 0, written: 6 }]);
  expect(fitted(throttled, null)).toEqual([1, 6, { seen: null, written: 6 }]);
});

test('a weight of a cgroup is a guess, and a nice value that was not seen is not called 0', () => {
  const text = (seen: number | null): string =>
    originText({
      ...{ code: 'competitors-seen', isFitted: false, names: ['a'], total_ns: 1e9, others: [] },
      otherNice: { seen, written: 6 },
    });
  expect(text(0)).toContain('the thread had nice 0, and a higher value here');
  expect(text(0)).toContain(': perhaps its cgroup has a low weight');
  expect(text(null)).toContain('the nice value of the thread was not seen, and is above 0 here');
  expect(text(null)).not.toContain('had nice');
});

test('a thread whose share of its CPU does not depend on its nice value keeps that', () => {
  const meanwhile = { onCpu_ns: 200e6, offCpu_ns: 2000e6 };
  for (const policy of ['idle', 'fifo'] as const)
    expect(repeated({ nice: 0, policy, meanwhile }).settings?.holder).not.toHaveProperty('nice');
});

test('a reader of smaps from outside is repeated by a reader in a second process', () => {
  const thread = { name: 'agent', tid: 900, role: 'outside', nice: null } as const;
  const smaps = { call: '/proc/PID/smaps', range: null, crossed: null };
  expect(repeated({ ...smaps, thread }).settings?.holder?.operation).toBe('read_smaps');
  expect(repeated(smaps).settings?.holder?.operation).toBe('read_own_smaps');
});

test('a wait for a CPU is repeated by hogs on the CPU of a victim that always works', () => {
  const { settings, expects } = repeated({
    cause: 'not-scheduled',
    call: null,
    thread: null,
    competitors: [competitor('rt', 400, { policy: 'rr' })],
  });
  expect(settings?.holder?.active).toBe(false);
  expect(settings?.hogs?.policy).toBe('rr');
  expect(settings?.victims).toEqual([{ operation: 'noop', rate: 'back-to-back', cpus: 'first' }]);
  expect(expects?.by).toBe('hog-*');
});

describe('a root of a thread of a JVM', () => {
  const g1: Partial<RootFigures> = {
    cause: 'mmap-lock-writer',
    call: 'mmap.NONE',
    thread: { name: 'G1 Service', tid: 103, role: 'other', nice: 19 },
    crossed: null,
  };
  const target = (jvm: { readonly collector: string | null; readonly flags: readonly string[] }, pid = 100) => ({
    pid,
    name: 'java',
    threads_n: 20,
    rssBytes: 300 * 2 ** 20,
    jvm: jvmWith(jvm.collector, jvm.flags),
  });
  const jvm = { collector: 'g1', flags: ['-XX:+UseG1GC', '-Xmx768m'] } as const;
  const written = { collector: jvm.collector, flags: [...jvm.flags] };

  test('is repeated by the collector, the flags and the thread, and a heap as large as the JVM was', () => {
    const { settings, expects } = repeated(g1, { targets: [target(written)] });
    expect(settings?.jvm).toEqual({
      collector: 'g1',
      flags: ['-Xmx768m'],
      loads: [{ load: 'heap_wave', high: '300MiB', period: '2500ms' }],
      threads: { 'G1 Service': { nice: 19, cpus: 'first' } },
    });
    expect(expects?.by).toBe('G1 Service');
  });

  const flagsOf = (collector: string, given: readonly string[], attached: readonly string[] | null = null) => {
    const one = target({ collector, flags: given });
    const asked = attached === null ? null : { flags: [...attached], threads_n: 9, events: null, left: [] };
    const { settings } = repeated(g1, { targets: [{ ...one, jvm: { ...one.jvm, attached: asked } }] });
    return settings?.jvm?.flags;
  };

  test('has no flag that selects a collector or rules one out', () => {
    expect(flagsOf('g1', ['-XX:-UseParallelGC', '-XX:+UseG1GC', '-Xmx1g'])).toEqual(['-Xmx1g']);
    expect(flagsOf('g1', ['-XX:-UseParallelGC', '-XX:+UseG1GC'])).toBeUndefined();
  });

  test('has what a JVM that was asked says beside its command line, but for what it derived', () => {
    const asked = [
      '-XX:+UnlockExperimentalVMOptions',
      '-XX:InitialHeapSize=67108864',
      '-XX:MaxHeapSize=4294967296',
      '-XX:MaxHeapFreeRatio=20',
      '-XX:MaxNewSize=2576351232',
      '-XX:SoftMaxHeapSize=4294967296',
      '-XX:+UseG1GC',
      '-XX:-ZUncommit',
      '-XX:HeapDumpPath=/srv/acme',
    ];
    expect(flagsOf('g1', ['-Xms64m', '-XX:MaxHeapFreeRatio=10', '-XX:NewSize=1m'], asked)).toEqual([
      '-XX:+UnlockExperimentalVMOptions',
      '-Xms64m',
      '-XX:NewSize=1m',
      '-XX:MaxHeapSize=4294967296',
      '-XX:MaxHeapFreeRatio=20',
      '-XX:-ZUncommit',
    ]);
  });

  test.each([
    ['is smaller than the largest heap', ['-Xmx256m'], '192MiB'],
    ['follows the last of repeated flags', ['-Xmx128m', '-XX:MaxHeapSize=1g'], '300MiB'],
  ])('has a heap that %s', (_, flags, high) => {
    const { settings } = repeated(g1, { targets: [target({ collector: 'g1', flags })] });
    expect(settings?.jvm?.loads).toMatchObject([{ high }]);
  });

  test.each([
    ['Shenandoah Cont', 'shenandoah', 'mmap.NONE', 'Shenandoah Control*'],
    // As JDK 26 shortens a name, and as a JVM that was asked has it.
    ['Shenand..Thread', 'shenandoah', 'mmap.NONE', 'Shenandoah Control*'],
    ['Referen..andler', 'g1', 'munmap', 'Reference Handler'],
    ['Reference Handler', 'g1', 'munmap', 'Reference Handler'],
    ['Native Heap Trimmer', 'g1', 'madvise.DONTNEED', 'Native Heap Trimmer'],
    ['ZUncommitter#0', 'zgc', 'mmap.NONE', '?Uncommitter*'],
    ['XUncommitter#0', 'zgc', 'mmap.NONE', '?Uncommitter*'],
  ])('finds the thread that is named %s', (name, collector, call, by) => {
    const thread = { name, tid: 103, role: 'other', nice: 19 } as const;
    const { expects } = repeated({ ...g1, thread, call }, { targets: [target({ collector, flags: [] })] });
    expect(expects?.by).toBe(by);
  });

  test('is repeated natively where the thread gives nothing back by itself', () => {
    const thread = { name: 'worker', tid: 103, role: 'other', nice: 0 } as const;
    const { settings } = repeated({ ...g1, thread }, { targets: [target(written)] });
    expect(settings?.jvm).toBeUndefined();
    expect(settings?.holder?.operation).toBe('mmap_none');
  });

  test('has the JDK of the JVM, unless it is too old for the laboratory', () => {
    const of = (version: string) => {
      const [one] = [target(written)];
      return repeated(g1, { targets: [{ ...one, jvm: { ...one.jvm, version } }] }).settings;
    };
    expect(of('17.0.15+6-Debian-1deb12u1')).toMatchObject({ jvm: { jdk: '17' } });
    expect(of('25-ea')).toMatchObject({ jvm: { jdk: '25' } });
    expect(of('11.0.2')).not.toHaveProperty('jvm.jdk');
  });

  test('is not repeated where several collectors or several JVMs are possible', () => {
    const vm = { ...g1, thread: { name: 'VM Thread', tid: 103, role: 'other', nice: 0 } as const };
    expect(repeated(vm, { targets: [target({ collector: null, flags: [] })] }).codes).toEqual(['collector-unknown']);
    const other = target({ collector: 'zgc', flags: [] }, 200);
    expect(repeated(g1, { targets: [target(written), other] }).codes).toEqual(['several-jvms']);
  });
});

describe('a root is listed', () => {
  test.each([
    ['cause-not-made', { cause: 'block-io' }],
    ['cause-not-made', { cause: 'unknown' }],
    ['mutex-not-known', { cause: 'mutex' }],
    ['call-not-made', { cause: 'allocator-mutex', call: 'munmap' }],
    ['call-unknown', { cause: 'allocator-mutex', call: null }],
    ['call-not-made', { call: 'brk' }],
    ['call-unknown', { call: null }],
    ['call-unknown', { cause: 'not-scheduled', thread: null, competitors: [] }],
    // A thread without a CPU that a pause of a JVM waited for.
    ['cause-not-made', { cause: 'not-scheduled', call: 'mmap.NONE' }],
    ['size-unknown', { range: null, held: null }],
    ['size-unknown', { range: null, policy: 'fifo' }],
    ['stalled-themselves', { cause: 'not-scheduled', stalledThemselves: true }],
  ] as const)('as %s: %j', (code, more) => {
    const { settings, codes } = repeated(more as Partial<RootFigures>);
    expect(settings).toBeUndefined();
    expect(codes).toEqual([code]);
  });

  test('if it has little of the time, or if there are four with more', () => {
    const six = Array.from({ length: 6 }, () => holderFigures());
    const { roots, notRepeated } = repetitionOf(observationWith(six, {}, [900, 800, 700, 600, 500, 10]));
    expect(roots.map(({ name }) => name)).toEqual(['root-1', 'root-2', 'root-3', 'root-4']);
    expect(notRepeated.map(({ code }) => code)).toEqual(['many-roots', 'little-time']);
  });
});

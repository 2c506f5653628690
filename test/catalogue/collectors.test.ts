/** What is known of the threads that give memory back, against the profiles that ship. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { allocatorFacts, allocatorGivers, allocators } from '../../src/catalogue/allocators.js';
import { callGivesBack, kernelWork } from '../../src/catalogue/calls.js';
import {
  collectorOfThreads,
  collectors,
  collectorTable,
  isHeapFlag,
  jvmGivers,
  type Giver,
} from '../../src/catalogue/collectors.js';
import { giverNamed } from '../../src/catalogue/givers.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { isInJvm, type JvmArm } from '../../src/profile/resolved/resolved.js';
import { matchesComm } from '../../src/catalogue/thread-patterns.js';

const names = readdirSync(new URL('../../profiles', import.meta.url))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length));
const arms = (await Promise.all(names.map((name) => loadResolved(name))))
  .flatMap((profile) => profile.arms)
  .filter(isInJvm);
const issued = arms.flatMap(({ jvm }) => jvm.issues.map((issue) => ({ jvm, ...issue })));

const givers = [...jvmGivers, ...allocatorGivers];
const knows = ({ pattern, collectors: of }: Giver, by: string, collector: JvmArm['jvm']['collector']): boolean =>
  (matchesComm(pattern, by.replaceAll('*', '')) || matchesComm(by, pattern.replaceAll('*', '').slice(0, 15))) &&
  of?.includes(collector) !== false;

test('every call that a profile says it causes is known, and gives memory back', () => {
  const calls = [...new Set(issued.map(({ call }) => call))];
  expect(calls.length).toBeGreaterThan(4);
  expect(calls.filter((call) => !kernelWork.includes(call) || !callGivesBack(call))).toEqual([]);
});

test('every thread that a profile says gives memory back is known, but for its own loads', () => {
  const strangers = issued
    .filter(({ by }) => by !== null && !by.startsWith('load.'))
    .filter(({ by, jvm }) => !givers.some((giver) => knows(giver, by ?? '', jvm.collector)));
  expect(strangers.map(({ by }) => by)).toEqual([]);
});

test('an arm whose collector gives heap back has a flag that switches it on', () => {
  const byCollector = issued.filter(({ by, jvm }) =>
    jvmGivers.some((giver) => giver.collectors !== undefined && knows(giver, by ?? '-', jvm.collector)),
  );
  expect(new Set(byCollector.map(({ jvm }) => jvm.collector))).toEqual(
    new Set(['g1', 'serial', 'parallel', 'zgc', 'shenandoah']),
  );
  const without = byCollector.filter(
    ({ jvm }) =>
      !jvm.flags.some((flag) => collectorTable[jvm.collector].givesBackBy.some((start) => flag.startsWith(start))),
  );
  expect(without.map(({ jvm }) => jvm.flags)).toEqual([]);
});

test('an arm whose trimmer gives memory back has the flag that switches it on', () => {
  for (const { pattern, switchedOnBy } of jvmGivers.filter((giver) => giver.switchedOnBy !== undefined)) {
    const flags = issued.filter(({ by }) => by === pattern).map(({ jvm }) => jvm.flags);
    expect(flags.length).toBeGreaterThan(0);
    for (const some of flags) expect(some.some((flag) => flag.startsWith(switchedOnBy ?? ''))).toBe(true);
  }
});

describe('a collector is known', () => {
  test.each([
    [['main', 'G1 Service', 'VM Thread'], 'g1'],
    [['ZDirector', 'VM Thread'], 'zgc'],
    [['XDriver', 'GC Thread#0'], 'zgc'],
    [['Shenandoah Cont'], 'shenandoah'],
    [['GC Thread#0', 'VM Thread'], null],
  ])('by threads %j: %s', (threads, collector) => {
    expect(collectorOfThreads(threads)).toBe(collector);
  });

  test('by one flag', () => {
    expect(new Set(collectors.map((name) => collectorTable[name].flag)).size).toBe(collectors.length);
  });
});

describe('a thread gives memory back by its name', () => {
  test.each([
    ['VM Thread', 'zgc', null],
    ['VM Thread', 'shenandoah', null],
    ['VM Thread', 'g1', 'mmap.NONE'],
    // Of Serial and Parallel no thread tells.
    ['VM Thread', null, 'mmap.NONE'],
    ['G1 Service', null, null],
    ['ZUncommitter', 'zgc', 'mmap.NONE'],
    ['ZUncommitter', 'g1', null],
    ['Native Heap Tri', null, 'madvise.DONTNEED'],
    ['jemalloc_bg_thd', null, 'madvise.FREE'],
    ['worker', null, null],
  ] as const)('%s under %s: %s', (comm, collector, call) => {
    expect(giverNamed(comm, collector)?.call ?? null).toBe(call);
  });

  test('surely, if it does nothing else', () => {
    const sure = [
      'ZUncommitter',
      'XUncommitter',
      'Shenandoah Unco',
      'ShenUncommitThr',
      'Native Heap Tri',
      'jemalloc_bg_thd',
    ];
    const isSure = (comm: string) => givers.find(({ pattern }) => matchesComm(pattern, comm))?.doesNothingElse === true;
    expect(sure.map(isSure)).toEqual(sure.map(() => true));
    expect(['VM Thread', 'G1 Service', 'Shenandoah Cont', 'Reference Handl'].map(isSure)).toEqual(Array(4).fill(false));
  });
});

test('the report shows the flags that decide a heap’s size, and no others', () => {
  const shown = ['-Xms64m', '-Xmx1g', '-XX:MaxHeapFreeRatio=10', '-XX:-ZUncommit', '-XX:ShenandoahUncommitDelay=500'];
  expect(shown.filter(isHeapFlag)).toEqual(shown);
  expect(['-Xss1m', '-XX:+UseG1GC', '-Dmx=1'].filter(isHeapFlag)).toEqual([]);
});

test('settings reach each allocator in variables of its kind, and none where there are none', () => {
  const launched = (name: (typeof allocators)[number]) => allocatorFacts(name).environment({ one: '1', two: 'x' });
  expect(Object.fromEntries(allocators.map((name) => [name, launched(name)]))).toEqual({
    glibc: { GLIBC_TUNABLES: 'glibc.malloc.one=1:glibc.malloc.two=x' },
    jemalloc: { MALLOC_CONF: 'one:1,two:x' },
    tcmalloc: { TCMALLOC_ONE: '1', TCMALLOC_TWO: 'x' },
    mimalloc: { MIMALLOC_ONE: '1', MIMALLOC_TWO: 'x' },
  });
  expect(allocators.map((name) => allocatorFacts(name).environment({}))).toEqual(allocators.map(() => ({})));
  expect(allocatorFacts('jemalloc').reportedAs('dirty_decay_ms')).toBe('opt.dirty_decay_ms');
  expect(allocatorFacts('tcmalloc').reportedAs('AGGRESSIVE_DECOMMIT')).toBe('tcmalloc.aggressive_memory_decommit');
});

/** What the engines of a churn are told, and in which environment they start. */
import { describe, expect, test } from 'vitest';
import { allocatorVariables } from '../../src/catalogue/allocators.js';
import { environmentFor, refuseStatic } from '../../src/host/allocators/allocator-launch.js';
import type { ChurnArm, ResolvedLoad } from '../../src/profile/resolved/resolved.js';
import { liveBytes } from '../../src/workload/memory-need.js';
import { churnPlans } from '../../src/workload/native/engine-plan.js';
import { nativeProgram } from '../native/programs.js';
import { resolveFiles } from '../profile/files.js';

const profile = `name: p
title: P
churn: [{ threads: 3, rate: 500 }, { seed: 2, threads: 1, live: 8 }]
hogs: { count: 1 }
victims: [{ operation: mmap_munmap, rate: 1000/s }]
arms: [{ name: a, title: A }]
`;

async function plansOf(name: string, text = profile): Promise<{ engine: string[]; joining: string[] | null }> {
  const { arms } = await resolveFiles({ 'p.yaml': text });
  const arm = arms.find((one) => one.name === name) as ChurnArm;
  const { engine, joining } = churnPlans({
    arm,
    boardPath: '/dev/shm/x/board',
    parentPid: 42,
    threshold_ns: 100e6,
    warmup_ns: 0,
    duration_ns: 1e9,
  });
  return { engine: engine.split('\n').slice(1), joining: joining?.split('\n').slice(1) ?? null };
}

const basics = [
  'board path=/dev/shm/x/board threshold_ns=100000000',
  'parent pid=42',
  'hog run_ns=0 sleep_ns=0',
  'victim name=writer.mmap_munmap operation=mmap_munmap placement=isolated interval_ns=1000000 offset_ns=0 pool=0',
];
const churns = [
  'churn name=load.churn seed=1 threads=3 per_s=500 min_bytes=16384 max_bytes=1048576 live=64 burst_percent=50',
  'churn name=load.churn-2 seed=2 threads=1 per_s=1000 min_bytes=16384 max_bytes=1048576 live=8 burst_percent=50',
];

test('the churn is in the engine’s process', async () => {
  expect(await plansOf('a')).toEqual({ engine: [...basics, ...churns, ''], joining: null });
});

test('without a churn it is the same engine', async () => {
  expect(await plansOf('idle-control')).toEqual({ engine: [...basics, ''], joining: null });
});

test('in the foreign control a second engine takes the churn’s seats, one for each of its threads', async () => {
  const seat = (name: string): string => `joined role=load name=${name} interval_ns=0 offset_ns=0`;
  expect(await plansOf('foreign-control')).toEqual({
    engine: [...basics, seat('load.churn'), seat('load.churn#1'), seat('load.churn#2'), seat('load.churn-2'), ''],
    joining: ['join path=/dev/shm/x/board', 'parent pid=42', ...churns, ''],
  });
});

describe('a purge of the allocator', () => {
  const purging = profile.replace(
    'arms: [{ name: a, title: A }]',
    'allocator: { name: jemalloc }\npurge: { pause: 20ms, nice: 19 }\narms: [{ name: a, title: A }, { name: b, purge: { arena: 3 } }]',
  );
  const line = (active: number, more = ''): string =>
    `holder operation=jemalloc_purge bytes=4096 vmas=1 pages=small pause_ns=20000000 active=${active} toucher=0${more}`;

  test('is a thread of the process with the churn', async () => {
    expect(await plansOf('a', purging)).toEqual({ engine: [...basics, line(1), ...churns, ''], joining: null });
    expect((await plansOf('b', purging)).engine).toContain(line(1, ' arena=3'));
  });

  test('does nothing without a churn', async () => {
    expect(await plansOf('idle-control', purging)).toEqual({ engine: [...basics, line(0), ''], joining: null });
  });

  test('is beside the churn in the second process of the foreign control, and has a seat of the first', async () => {
    const { engine, joining } = await plansOf('foreign-control', purging);
    expect(engine).toContain('joined role=holder name=purge operation=jemalloc_purge');
    expect(engine).not.toContain(line(1));
    expect(joining).toEqual(['join path=/dev/shm/x/board', 'parent pid=42', line(1), ...churns, '']);
  });
});

describe('live blocks', () => {
  const load = (values: Record<string, number>): ResolvedLoad => ({ name: 'load.churn', load: 'malloc_churn', values });

  test('of one size', () => {
    expect(liveBytes([load({ threads: 2, live: 3, min_bytes: 4096, max_bytes: 4096 })])).toBe(6 * 4096);
  });

  test('of log-uniform sizes have the mean that draws have', () => {
    const [min, max, n] = [16_384, 1_048_576, 100_000];
    let sum = 0;
    for (let i = 0; i < n; i += 1) sum += min * Math.exp(((i + 0.5) / n) * Math.log(max / min));
    expect(liveBytes([load({ threads: 1, live: 1, min_bytes: min, max_bytes: max })]) / (sum / n)).toBeCloseTo(1, 6);
  });
});

describe('the environment of an engine on an allocator', () => {
  test('has what the allocator needs, and nothing of the user’s that changes an allocator', () => {
    const own = {
      PATH: '/bin',
      LD_PRELOAD: '/mine.so',
      MALLOC_ARENA_MAX: '1',
      MALLOC_CONF: 'x:y',
      TCMALLOC_RELEASE_RATE: '5',
      MIMALLOC_VERBOSE: '1',
      GLIBC_TUNABLES: 'a=b',
      MALLOCX: 'kept',
    };
    const { environment, removed } = environmentFor(
      { library: '/j.so', environment: { LD_PRELOAD: '/j.so', MALLOC_CONF: 'a:1' } },
      own,
    );
    expect(environment).toEqual({ PATH: '/bin', MALLOCX: 'kept', LD_PRELOAD: '/j.so', MALLOC_CONF: 'a:1' });
    expect(removed).toEqual([
      'LD_PRELOAD',
      'MALLOC_ARENA_MAX',
      'MALLOC_CONF',
      'TCMALLOC_RELEASE_RATE',
      'MIMALLOC_VERBOSE',
      'GLIBC_TUNABLES',
    ]);
    expect(allocatorVariables).toHaveLength(5);
  });

  test('is refused for an engine that is linked statically: nothing would be preloaded, and nobody would say so', () => {
    const preload = { library: '/usr/lib/libjemalloc.so.2', environment: {} };
    expect(() => {
      refuseStatic(nativeProgram('pauselab-engine-static'), preload);
    }).toThrow(
      /pauselab-engine-static is linked statically, so \/usr\/lib\/libjemalloc\.so\.2 cannot be preloaded into it/,
    );
    expect(() => {
      refuseStatic(nativeProgram('pauselab-engine'), preload);
    }).not.toThrow();
    expect(() => {
      refuseStatic(nativeProgram('pauselab-engine-static'), { library: null, environment: {} });
    }).not.toThrow();
  });
});

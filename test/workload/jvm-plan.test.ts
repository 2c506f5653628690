import { expect, test } from 'vitest';
import { loadResolved } from '../../src/profile/written/load.js';
import { isInJvm, type JvmArm } from '../../src/profile/resolved/resolved.js';
import { jvmPlan } from '../../src/workload/jvm/jvm-plan.js';
import { companionPlan } from '../../src/workload/native/engine-plan.js';

async function arm(profile: string, name: string): Promise<JvmArm> {
  const found = (await loadResolved(profile)).arms.find((one) => one.name === name);
  if (found === undefined || !isInJvm(found)) throw new Error(`no JVM arm ${name} in ${profile}`);
  return found;
}

const place = { boardPath: '/dev/shm/x/board', parentPid: 42, threshold_ns: 100e6 };

test('the engine beside a JVM has its hogs, and seats for the JVM’s threads', async () => {
  expect(companionPlan({ arm: await arm('g1-uncommit', 'service-nice-19'), ...place }).split('\n')).toEqual([
    '# service-nice-19: G1 Service at nice 19',
    'board path=/dev/shm/x/board threshold_ns=100000000',
    'parent pid=42',
    'hog run_ns=0 sleep_ns=0',
    'hog run_ns=0 sleep_ns=0',
    'joined role=victim name=writer.mmap_munmap interval_ns=1000000 offset_ns=0',
    'joined role=victim name=reader.first_fault interval_ns=5000000 offset_ns=1666666',
    'joined role=victim name=control.timer interval_ns=5000000 offset_ns=3333333',
    'joined role=load name=load.heap-wave interval_ns=0 offset_ns=0',
    '',
  ]);
});

test('a reader reads about the process of the first seat: the probes’, and in the foreign control the loads’', async () => {
  const first = async (name: string): Promise<string | undefined> =>
    companionPlan({ arm: await arm('smaps-scraper', name), ...place })
      .split('\n')
      .find((line) => line.startsWith('joined'));
  expect(await first('reader-nice-19')).toContain('role=victim');
  expect(await first('foreign-control')).toContain('role=load');
});

test('a program without probes has no seats', async () => {
  expect(companionPlan({ arm: await arm('app', 'probes-off'), ...place })).not.toContain('joined');
});

test('the JVM’s plan: its probes, with pools where they use up pages, and its loads with their settings', async () => {
  const { victims, jvm } = await arm('g1-uncommit', 'service-nice-19');
  expect(
    jvmPlan({
      boardPath: '/b',
      reportPath: '/r',
      libraryPath: '/l.so',
      victims,
      loads: jvm.loads,
      holder: null,
      recorded_ns: 1e9,
    }).split('\n'),
  ).toEqual([
    'board path=/b',
    'report path=/r',
    'native path=/l.so',
    'probe name=writer.mmap_munmap operation=mmap_munmap',
    'probe name=reader.first_fault operation=first_fault pool=216',
    'probe name=control.timer operation=timer',
    `load name=load.heap-wave load=heap_wave seed=1 low_bytes=${32 * 2 ** 20} high_bytes=${1200 * 2 ** 20} period_ns=2000000000 grow_percent=50 gc_at_low=1`,
    '',
  ]);
});

import { expect, test } from 'vitest';
import { loadResolved } from '../../src/profile/written/load.js';
import type { NativeArm } from '../../src/profile/resolved/resolved.js';
import { nativeArm } from '../support/native-arm.js';
import { enginePlan } from '../../src/workload/native/engine-plan.js';

const { arms } = await loadResolved('priority-inversion');

function arm(name: string): NativeArm {
  return nativeArm(arms.find((one) => one.name === name));
}

function planOf(of: NativeArm, more: Partial<Parameters<typeof enginePlan>[0]> = {}): string[] {
  return enginePlan({
    arm: of,
    regionBytes: 4096,
    boardPath: '/dev/shm/x/board',
    parentPid: 42,
    threshold_ns: 100e6,
    warmup_ns: 200e6,
    duration_ns: 3e9,
    ...more,
  }).split('\n');
}

test('a plan, whole', () => {
  expect(planOf(arm('free-across-vmas'))).toEqual([
    '# free-across-vmas: MADV_FREE across two VMAs',
    'board path=/dev/shm/x/board threshold_ns=100000000',
    'parent pid=42',
    'process holder=same',
    'holder operation=madvise_free bytes=4096 vmas=2 pages=small pause_ns=100000000 active=1 toucher=1',
    'hog run_ns=0 sleep_ns=0',
    'victim name=writer.mprotect operation=mprotect placement=isolated interval_ns=1000000 offset_ns=0 pool=0',
    // A fresh mapping for each of 3.2 s, and some for the trials.
    'victim name=reader.first_fault operation=first_fault placement=isolated interval_ns=1000000 offset_ns=333333 pool=3216',
    'victim name=control.timer operation=timer placement=isolated interval_ns=5000000 offset_ns=3333333 pool=0',
    '',
  ]);
});

test('the controls differ from their arm where they must, and nowhere else', () => {
  const holder = 'holder operation=madvise_free bytes=4096 vmas=2 pages=small pause_ns=100000000';
  const [own, idle, foreign] = ['free-across-vmas', 'idle-control', 'foreign-control'].map((name) =>
    planOf(arm(name)).slice(3),
  );
  expect(idle).toEqual(own?.with(1, `${holder} active=0 toucher=1`));
  expect(foreign).toEqual(own?.with(0, 'process holder=foreign'));
});

test('hogs in bursts, one line each', () => {
  const of = arm('free-one-vma');
  expect(
    planOf({ ...of, hogs: { ...of.hogs, count: 2, burst: { run_ns: 60e6, sleep_ns: 20e6 } } }).filter((line) =>
      line.startsWith('hog'),
    ),
  ).toEqual(Array(2).fill('hog run_ns=60000000 sleep_ns=20000000'));
  expect(planOf({ ...of, hogs: { ...of.hogs, count: 0 } }).filter((line) => line.startsWith('hog'))).toEqual([]);
});

test('a region inside one VMA, of huge pages, without a toucher', () => {
  const of = arm('free-one-vma');
  expect(planOf({ ...of, holder: { ...of.holder, toucher: null, pages: 'huge' } })[4]).toBe(
    'holder operation=madvise_free bytes=4096 vmas=1 pages=huge pause_ns=100000000 active=1 toucher=0',
  );
});

test('a title cannot add a line to the plan', () => {
  const titles = planOf(arm('free-one-vma')).filter((line) => line.startsWith('#'));
  expect(titles).toHaveLength(1);
});

test('I/O hogs, one line each, and none in the idle control', async () => {
  const hsperfdata = await loadResolved('hsperfdata');
  const linesOf = (name: string) =>
    planOf(nativeArm(hsperfdata.arms.find((one) => one.name === name))).filter((line) => line.startsWith('io_hog'));
  // 4 GiB for each of 8.2 s.
  const line = 'io_hog file_bytes=134217728 most_bytes=35218731828';
  expect(linesOf('io-hogs-4')).toEqual(Array(4).fill(line));
  expect(linesOf('io-hog-1')).toEqual([line]);
  expect(linesOf('foreign-control')).toEqual(Array(4).fill(line));
  expect(linesOf('idle-control')).toEqual([]);
});

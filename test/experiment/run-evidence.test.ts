/** Who of a JVM's threads gives memory back, and by which lock, as attribution is told. */
import { describe, expect, test } from 'vitest';
import { collectorIn, runEvidence } from '../../src/experiment/run/run-evidence.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { workOf } from '../../src/profile/resolved/resolved.js';
import type { Timeline } from '../../src/record/samples.js';
import { analyse } from './fake-run.js';

async function named(
  profile: string,
  armName: string,
  threads: readonly string[],
  kernelRelease = '6.18.5',
): Promise<Record<string, string | null>> {
  const { arms } = await loadResolved(profile);
  const arm = arms.find(({ name }) => name === armName);
  if (arm === undefined) throw new Error(`the profile ${profile} has no arm ${armName}`);
  const timelines = new Map(
    threads.map((comm, i): [number, Timeline] => [
      100 + i,
      { tid: 100 + i, pid: 7, comm, period_ns: 1e7, changes: [], ticks_ns: [] },
    ]),
  );
  const evidence = runEvidence({
    arm,
    kernelRelease,
    analysis: analyse({}),
    threadIds: [],
    samples: { timelines, ticks_ns: [], period_ns: 1e7 },
    kernelTids: [],
    events: [],
    steal: [],
    cpuCount: 2,
    throttled: new Map(),
    watched: new Map(),
    missing: [],
    trace: null,
  });
  return Object.fromEntries(
    evidence.named.map(({ thread, call, lock }) => [thread.name, call === null ? null : `${call}: ${lock}`]),
  );
}

test('only the threads of the JVM with the victims tell the collector of a run', () => {
  const inRun = (...threads: readonly (readonly [pid: number, comm: string])[]) =>
    collectorIn(
      {
        timelines: new Map(
          threads.map(([pid, comm], i) => [i, { tid: i, pid, comm, period_ns: 1e7, changes: [], ticks_ns: [] }]),
        ),
      },
      7,
    );
  expect(inRun([7, 'VM Thread'], [7, 'ZDirector'], [8, 'G1 Service'])).toBe('zgc');
  expect(inRun([7, 'VM Thread'], [7, 'G1 Service'])).toBe('g1');
  expect([inRun([7, 'VM Thread'], [8, 'ZDirector']), inRun()]).toEqual([null, null]);
});

describe('the threads of a JVM that give memory back', () => {
  test('a thread that makes several calls is suspected of the one with the strongest lock', async () => {
    // The profile says that it issues fallocate, which takes no lock of the address space; it maps as well.
    expect(
      await named('zgc-uncommit', 'uncommitter-nice-19', ['ZUncommitter', 'VM Thread', 'C1 CompilerThre']),
    ).toEqual({ ZUncommitter: 'mmap.NONE: mmap_lock write', 'VM Thread': null, 'C1 CompilerThre': null });
  });

  test('VM Thread shrinks the heap of some collectors alone, which their threads tell', async () => {
    expect(await named('g1-uncommit', 'service-nice-19', ['G1 Service', 'VM Thread'])).toEqual({
      'G1 Service': 'mmap.NONE: mmap_lock write',
      'VM Thread': 'mmap.NONE: mmap_lock write',
    });
    // The profile app does not know the collector of the user's program.
    const program = await named('app', 'probes', [
      'Shenandoah Cont',
      'Shenandoah Unco',
      'Shenand..Thread',
      'ShenUncommit',
      'VM Thread',
    ]);
    expect(program).toEqual({
      'Shenandoah Cont': 'mmap.NONE: mmap_lock write',
      'Shenandoah Unco': 'mmap.NONE: mmap_lock write',
      'Shenand..Thread': 'mmap.NONE: mmap_lock write',
      ShenUncommit: 'mmap.NONE: mmap_lock write',
      'VM Thread': null,
    });
    expect(
      await named('serial-shrink', (await loadResolved('serial-shrink')).arms[0]?.name ?? '', ['VM Thread']),
    ).toEqual({ 'VM Thread': 'mmap.NONE: mmap_lock write' });
  });

  test('an allocator’s thread makes the call that the profile names', async () => {
    expect(
      await named(
        'jemalloc-dontneed',
        (await loadResolved('jemalloc-dontneed')).arms.find((arm) => workOf(arm)?.issues.length !== 0)?.name ?? '',
        ['jemalloc_bg_thd', 'G1 Service'],
      ),
    ).toMatchObject({ jemalloc_bg_thd: 'madvise.DONTNEED: VMA lock' });
  });

  test('a call takes the lock of the kernel on which the run was made', async () => {
    const on = (release: string) => named('jemalloc-free', 'purger-nice-19', ['jemalloc_bg_thd'], release);
    expect(await on('6.16.12+deb13-cloud-amd64')).toEqual({ jemalloc_bg_thd: 'madvise.FREE: mmap_lock read' });
    expect(await on('6.17.13+deb13-cloud-amd64')).toEqual({ jemalloc_bg_thd: 'madvise.FREE: VMA lock' });
  });
});

describe('the locks of victims and holders', () => {
  /** Of an arm with one victim of this operation, whose holder made a call. */
  async function locksOf(kernelRelease: string, profile: string, operation: string) {
    const { arms } = await loadResolved(profile);
    const arm = arms.find(({ control }) => control === null);
    const victim = arm?.victims[0];
    if (arm === undefined || victim === undefined) throw new Error(`the profile ${profile} has no arm with a victim`);
    const series = 'writer.mprotect';
    const { victims, holders, showsThrottling } = runEvidence({
      arm: { ...arm, victims: [{ ...victim, series, operation } as typeof victim] },
      kernelRelease,
      analysis: analyse({ holder: [{ from: 300, to: 400 }] }),
      threadIds: [
        { index: 0, name: series, role: 'victim', tid: 11, pid: 7 },
        { index: 1, name: 'holder', role: 'holder', tid: 12, pid: 7 },
      ],
      samples: { timelines: new Map(), ticks_ns: [], period_ns: 1e7 },
      kernelTids: [],
      events: [],
      steal: [],
      cpuCount: 2,
      throttled: new Map(),
      watched: new Map(),
      missing: [],
      trace: null,
    });
    return { victims, holders, showsThrottling };
  }

  test('are those of the kernel on which the run was made', async () => {
    const on = async (release: string) => {
      const { victims, holders } = await locksOf(release, 'priority-inversion', 'madvise_guard_page');
      return [victims[0]?.lock, holders[0]?.lock, holders[0]?.crossingLock];
    };
    expect(await on('6.16.12')).toEqual(['mmap_lock read', 'mmap_lock read', 'mmap_lock read']);
    expect(await on('6.17.13')).toEqual(['mmap_lock read', 'VMA lock', 'mmap_lock read']);
    expect(await on('6.19.1')).toEqual(['VMA lock', 'VMA lock', 'mmap_lock read']);
  });

  test('and it decides whether a stack shows a limit of CPU time, or rules one out', async () => {
    const on = async (release: string) => (await locksOf(release, 'priority-inversion', 'mprotect')).showsThrottling;
    expect([await on('6.17.13'), await on('6.18.5'), await on('7.1.0')]).toEqual([false, true, true]);
  });

  test('of a started thread: its end reads in the engine, and HotSpot’s writes', async () => {
    const inEngine = await locksOf('6.18.5', 'priority-inversion', 'thread_start_join');
    const inJvm = await locksOf('6.18.5', 'g1-uncommit', 'thread_start_join');
    expect(inEngine.victims).toMatchObject([{ lock: 'mmap_lock read', sleepsItself: true, allocates: true }]);
    expect(inJvm.victims).toMatchObject([{ lock: 'mmap_lock write', sleepsItself: true }]);
  });

  test('an operation of the tests’ engine, which is in no table, takes none', async () => {
    const { victims } = await locksOf('6.18.5', 'priority-inversion', 'inject_pause');
    expect(victims).toMatchObject([{ lock: 'none', allocates: false, walksMemory: false }]);
  });
});

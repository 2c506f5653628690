/** Who of a JVM's threads gives memory back, and by which lock, as attribution is told. */
import { describe, expect, test } from 'vitest';
import { runEvidence } from '../../src/experiment/run-evidence.js';
import { loadResolved } from '../../src/profile/load.js';
import type { Timeline } from '../../src/record/samples.js';
import { analyse } from './fake-run.js';

async function named(
  profile: string,
  armName: string,
  threads: readonly string[],
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
    analysis: analyse({}),
    threadIds: [],
    samples: { timelines, ticks_ns: [], period_ns: 1e7 },
    events: [],
    steal: [],
    cpuCount: 2,
    watched: new Map(),
    missing: [],
    trace: null,
  });
  return Object.fromEntries(
    evidence.named.map(({ thread, call, lock }) => [thread.name, call === null ? null : `${call}: ${lock}`]),
  );
}

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
    const program = await named('app', 'probes', ['Shenandoah Cont', 'ShenUncommit', 'VM Thread']);
    expect(program).toEqual({
      'Shenandoah Cont': 'mmap.NONE: mmap_lock write',
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
        (await loadResolved('jemalloc-dontneed')).arms.find(({ jvm }) => jvm?.issues.length !== 0)?.name ?? '',
        ['jemalloc_bg_thd', 'G1 Service'],
      ),
    ).toMatchObject({ jemalloc_bg_thd: 'madvise.DONTNEED: VMA lock' });
  });
});

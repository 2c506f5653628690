/**
 * Native churns by the command: what a run has of its allocator, and what is refused. Which calls each allocator makes
 * is in test/long/churn.test.ts.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sentencesOf } from '../../src/facts/stated.js';
import { readBundleFile } from '../../src/bundle/store.js';
import { readBundle } from '../support/bundle.js';
import { nativeProgram } from '../native/programs.js';
import { expectNothingLeft, pauselab, startPauselab } from '../support/pauselab.js';
import { childrenOf, isAlive, processesWith } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

/** An arm of 1 s; blocks as of the shipped profiles. */
const profile = (more: string, issues = '', churn = '{ threads: 2, rate: 500, burstPercent: 60 }'): string =>
  scratch.write(
    'p.yaml',
    `name: p\ntitle: P\nchurn: ${churn}\n${more}\n${issues === '' ? '' : `issues: ${issues}\n`}hogs: { count: 0 }\nruns: 1\nwarmup: 200ms\nduration: 1s\nspoiled: { steal: 100%, foreignLoad: 100%, retries: 0 }\nvictims: [{ operation: mmap_munmap, rate: 1000/s }]\narms: [{ name: a }]\n`,
  );

test('SIGINT of profile verify ends it with 130, no result and none of its processes', async () => {
  const running = startPauselab([
    'profile',
    'verify',
    profile('allocator: { name: glibc }', '{ mmap: { by: writer*, atLeast: 1 } }'),
    '--duration',
    '60s',
  ]);
  const descendants = (pid: number): number[] => childrenOf(pid).flatMap((child) => [child, ...descendants(child)]);
  const started = await until('strace runs', () => {
    const straces = processesWith('strace');
    const all = descendants(running.pid);
    return all.some((pid) => straces.includes(pid)) && all;
  });
  running.kill('SIGINT');
  expect(await running.ended).toMatchObject({
    code: 130,
    stdout: '',
    sentences: [expect.stringMatching(/^pauselab: interrupted by SIGINT/)],
  });
  await until('its processes are gone', () => started.every((pid) => !isAlive(pid)));
});

test('a run has the proof of its allocator, its threads and what its churn did, in each process; what is not proven is said', async () => {
  const out = scratch.fresh('out');
  const ended = await pauselab([
    'run',
    profile(
      'allocator: { name: tcmalloc, settings: { aggressive_decommit: t, sample_parameter: 7 } }\nthreads: { load.churn*: 7 }',
    ),
    '--out',
    out,
  ]);
  expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({ code: 0 });
  const { runs } = readBundle(out);
  const byArm = new Map(runs.map(({ file }) => [file.arm, file]));
  const settings = [
    { key: 'aggressive_decommit', asked: 't', holds: '1', provenBy: 'the process' },
    { key: 'sample_parameter', asked: '7', holds: null, provenBy: null },
  ];
  const on = (name: string): unknown =>
    expect.objectContaining({ name, allocator: expect.objectContaining({ name: 'tcmalloc', settings }) as unknown });
  expect(byArm.get('a')?.churn).toMatchObject({
    processes: [on('engine')],
    threads: ['load.churn', 'load.churn#1'].map((name) => ({
      name,
      pattern: 'load.churn*',
      actual: { nice: 7 },
      problems: [],
    })),
    tallies: ['load.churn', 'load.churn#1'].map((thread) => ({ thread, refused: 0 })),
  });
  expect(byArm.get('foreign-control')?.churn).toMatchObject({
    processes: [on('engine'), on('churn')],
    tallies: [{}, {}],
  });
  expect(byArm.get('idle-control')?.churn).toMatchObject({ processes: [on('engine')], threads: [], tallies: [] });
  for (const arm of ['a', 'foreign-control'])
    for (const tally of byArm.get(arm)?.churn?.tallies ?? []) expect(tally.blocks).toBeGreaterThan(0);
  // Victims and churn share a process in the arm alone.
  const pids = (arm: string): unknown[] => (byArm.get(arm)?.churn?.processes ?? []).map(({ pid }) => pid);
  expect(new Set(pids('foreign-control')).size).toBe(2);

  const unproven = { allocator: 'tcmalloc', key: 'sample_parameter', asked: '7' };
  expect(byArm.get('a')?.unproven).toEqual([{ process: 'engine', ...unproven }]);
  const { arms, notes } = readBundleFile('summary', join(out, 'summary.json'));
  expect(arms.map((arm) => arm.unproven)).toEqual([[unproven], [unproven], [unproven]]);
  expect(sentencesOf(notes)).toContain(
    'tcmalloc does not report whether sample_parameter: 7 is in force: it is only proven that the variable was set and that the library knows its name.',
  );
  expect(ended.stdout).toContain('Note: tcmalloc does not report whether sample_parameter: 7 is in force');
});

test('a purge is timed beside the churn, in the process that has the churn, with what it gave back', async () => {
  const out = scratch.fresh('out');
  const ended = await pauselab([
    'run',
    profile(
      'allocator: { name: jemalloc, settings: { dirty_decay_ms: -1, muzzy_decay_ms: -1 } }\npurge: { pause: 20ms, nice: 7 }',
    ),
    '--out',
    out,
  ]);
  expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({ code: 0 });
  const byArm = new Map(readBundle(out).runs.map(({ file }) => [file.arm, file]));
  for (const arm of ['a', 'foreign-control']) {
    const { holder, priorities = [] } = byArm.get(arm) ?? {};
    expect(holder).toMatchObject({ name: 'holder.jemalloc_purge', lost_records: 0 });
    expect(holder?.window_calls).toBeGreaterThan(0);
    expect(holder?.releasedBytes).toBeGreaterThan(0);
    expect(priorities).toContainEqual(
      expect.objectContaining({ name: 'purge', actual: expect.objectContaining({ nice: 7 }) as unknown }),
    );
  }
  expect(byArm.get('idle-control')?.holder).toMatchObject({ window_calls: 0 });
  expect(ended.stdout).toContain('given back by them');
});

describe('bad input', () => {
  test('an arena that this jemalloc does not have is refused before the window', async () => {
    const ended = await pauselab([
      'run',
      profile('allocator: { name: jemalloc }\npurge: { arena: 3000 }'),
      '--arm',
      'a',
      '--out',
      scratch.fresh('out'),
    ]);
    expect(ended).toMatchObject({
      code: 2,
      sentences: [
        expect.stringMatching(/jemalloc refused mallctl\("arena\.3000\.purge"\): .*; give purge\.arena the number/),
      ],
    });
  });

  test('an engine that is linked statically is not run under a preload', async () => {
    const ended = await pauselab(
      ['run', profile('allocator: { name: jemalloc }'), '--arm', 'a', '--out', scratch.fresh('out')],
      { env: { PAUSELAB_ENGINE: nativeProgram('pauselab-engine-static') } },
    );
    expect(ended).toMatchObject({
      code: 5,
      sentences: [expect.stringMatching(/pauselab-engine-static is linked statically/)],
    });
  });

  test('more blocks than memory are refused before anything is allocated', async () => {
    const ended = await pauselab([
      'run',
      profile('', '', '{ live: 1000000, minSize: 1GiB, maxSize: 1GiB }'),
      '--arm',
      'a',
      '--out',
      scratch.fresh('out'),
    ]);
    expect(ended).toMatchObject({
      code: 2,
      sentences: [expect.stringMatching(/the churn of arm (a|[a-z-]+) keeps 3.*TiB/)],
    });
  });
});

expectNothingLeft();

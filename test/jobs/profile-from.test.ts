import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RootFigures, ObservationFile } from '../../src/bundle/observation-schema.js';
import { causes } from '../../src/facts/blame.js';
import { profileFrom } from '../../src/jobs/profile-from.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { competitor, holderFigures, observationWith, jvmWith } from '../support/holder-figures.js';
import { linesOf } from '../profile/files.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

function bundleOf(observation: ObservationFile): string {
  const folder = scratch.fresh('observed');
  mkdirSync(join(folder, 'runs/observed'), { recursive: true });
  writeFileSync(join(folder, 'observation.json'), JSON.stringify(observation));
  return folder;
}

async function resolved(text: string) {
  const file = join(scratch.path, 'made.yaml');
  writeFileSync(file, text);
  return loadResolved(file);
}

describe('a profile that is made of an observation', () => {
  const { text } = profileFrom(
    bundleOf(observationWith([holderFigures(), holderFigures({ cause: 'block-io', call: null, thread: null })])),
  );

  test('is one that runs, with controls and the root that is expected', async () => {
    const { name, arms, expects, threshold_ns } = await resolved(text);
    expect(name).toBe('repeat-service');
    expect(arms.map((arm) => arm.name)).toEqual(['idle-control', 'foreign-control', 'root-1']);
    expect(threshold_ns).toBe(20e6);
    expect(expects).toEqual([
      {
        arm: 'root-1',
        cause: 'mmap-lock-reader',
        by: 'holder',
        median_ns: 470e6,
        call: 'madvise.FREE',
        kernel: '6.18.1',
      },
    ]);
  });

  test('says which figure comes from what, and what is not in it', () => {
    expect(text).toMatchSnapshot();
  });
});

test('of a JVM, of a wait for a CPU and of an earlier kernel it says what was not seen', () => {
  const holders = [
    holderFigures({
      cause: 'mmap-lock-writer',
      call: 'mmap.NONE',
      thread: { name: 'G1 Service', tid: 1, role: 'other', nice: 19 },
      crossed: null,
      meanwhile: { onCpu_ns: 1e9, offCpu_ns: 9e9 },
    }),
    holderFigures({
      cause: 'not-scheduled',
      call: null,
      thread: null,
      competitors: [competitor('cron', 500), competitor('rt', 400, { policy: 'fifo' })],
    }),
    holderFigures({
      crossed: 'unknown',
      range: null,
      waiters: [{ call: null, mode: 'mmap_lock read', waits_n: 1, threads_n: 1, nice: 0 }],
      competitors: [],
    }),
  ];
  const jvm = jvmWith('g1', ['-Xmx1g']);
  const targets = [{ pid: 100, name: 'java', threads_n: 20, rssBytes: 300 * 2 ** 20, jvm }];
  expect(profileFrom(bundleOf(observationWith(holders, { targets, kernel: '6.12.1' }))).text).toMatchSnapshot();
});

test('a window has time for five of the rarest stalls, and a JVM warms up', async () => {
  const rare = bundleOf(observationWith([holderFigures({ episodes_n: 1 })]));
  expect((await resolved(profileFrom(rare).text)).duration_ns).toBe(50e9);
  const jvm = jvmWith('g1', []);
  const g1 = holderFigures({
    call: 'mmap.NONE',
    cause: 'mmap-lock-writer',
    thread: { name: 'G1 Service', tid: 1, role: 'other', nice: 19 },
  });
  const targets = [{ pid: 100, name: 'java', threads_n: 20, rssBytes: null, jvm }];
  expect(await resolved(profileFrom(bundleOf(observationWith([g1], { targets }))).text)).toMatchObject({
    warmup_ns: 3e9,
    duration_ns: 13e9,
  });
});

describe('there is no profile', () => {
  test.each([
    ['of an observation without a stall', () => bundleOf(observationWith([])), /no stall was observed/],
    [
      'of an observation without figures',
      () => bundleOf({ ...observationWith([holderFigures()]), holders: [] }),
      /no figures of those who caused them/,
    ],
    [
      'where nothing can be repeated, and why is said',
      () => bundleOf(observationWith([holderFigures({ call: 'brk' })])),
      /cannot repeat .*mmap-lock-reader by purger, brk .*: pauselab has no operation that makes this call/,
    ],
    ['of a folder that is not there', () => join(scratch.path, 'nowhere'), /there is no such folder; expected/],
    [
      'of another folder',
      () => {
        const folder = scratch.fresh('other');
        mkdirSync(folder);
        return folder;
      },
      /it has no observation.json; expected/,
    ],
    [
      'of a run',
      () => {
        const folder = scratch.fresh('run');
        mkdirSync(folder);
        writeFileSync(join(folder, 'manifest.json'), '{}');
        return folder;
      },
      /a bundle of `pauselab run`.*expected an observation/,
    ],
  ])('%s', async (_, make, message) => {
    const [line] = await linesOf(Promise.resolve().then(() => profileFrom(make())));
    expect(line).toMatch(message);
  });
});

test('names of threads and processes cannot break out of the profile', async () => {
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 15 });
  const nice = fc.constantFrom(null, -20, 0, 19);
  const figures = fc.record({
    cause: fc.constantFrom(...causes),
    call: fc.constantFrom(null, 'madvise.FREE', 'mmap.NONE', 'munmap', '/proc/PID/smaps', 'process_madvise.DONTNEED'),
    crossed: fc.constantFrom(null, 'yes', 'no', 'unknown'),
    policy: fc.constantFrom(null, 'other', 'fifo', 'idle', 'deadline'),
    nice,
    role: fc.constantFrom('other', 'outside'),
    bytes: fc.integer({ min: 1, max: 2 ** 40 }),
    held: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(name, figures, name, async (thread, { role, bytes, held, ...more }, other) => {
      const holder: RootFigures = holderFigures({
        ...more,
        thread: { name: thread, tid: 1, role, nice: more.nice },
        range: { distinct_n: 2, medianBytes: bytes, largestBytes: bytes, alignmentBytes: 1 },
        competitors: [competitor(other, 1, { policy: more.policy })],
        ...(held ? {} : { held: null }),
      });
      const targets = [{ pid: 1, name: other, threads_n: 1, rssBytes: null, jvm: null }];
      const made = await linesOf(
        Promise.resolve().then(async () => {
          const { roots } = await Promise.resolve(profileFrom(bundleOf(observationWith([holder], { targets }))));
          expect(roots).toHaveLength(1);
        }),
      );
      // Refused in a sentence, or a profile that validation took.
      for (const line of made) expect(line).toMatch(/cannot repeat/);
    }),
    { numRuns: 60 },
  );
});

/**
 * The workloads rebuilt from published reports, short: what is counted is counted, and stands in the notes. How long
 * anything takes is the machine's affair.
 */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sentencesOf } from '../../src/facts/stated.js';
import type { HolderFigures } from '../../src/bundle/bundle-schema.js';
import { armOf, expectCountsToAgree, readBundle, type Bundle } from '../support/bundle.js';
import { expectNothingLeft, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { noisy, withinTries } from '../support/tries.js';

const scratch = scratchFolder();

async function runShort(
  profile: string,
  duration: string,
  arms: readonly string[],
  sets: readonly string[],
): Promise<Bundle> {
  const out = scratch.fresh('bundle');
  const ended = await pauselab([
    ...['run', profile, '--runs', '1', '--duration', duration, '--out', out, '--json'],
    ...arms.flatMap((arm) => ['--arm', arm]),
    ...['spoiled.foreignLoad=100%', 'spoiled.steal=100%', ...sets].flatMap((set) => ['--set', set]),
  ]);
  expect(ended.sentences).toEqual([]);
  return readBundle(out);
}

function holderOf({ summary }: Bundle, arm: string): HolderFigures {
  const { holder } = armOf(summary, arm);
  if (holder === null) throw new Error(`no holder in ${arm}`);
  return holder;
}

test('among allocating threads some chunks cross VMAs and most do not; without them none does', async () => {
  await withinTries(3, 'a chunk crosses', async () => {
    // About 200 calls a second, of which one or two in a hundred cross: some eight of them.
    const sets = ['hogs.count=0', 'holder.region=128MiB', 'controls.of=nice-4'];
    const bundle = await runShort('android-heaptask', '4s', ['nice-4'], sets);
    const { service, crossed_calls } = holderOf(bundle, 'nice-4');
    noisy(() => {
      expect(crossed_calls).toBeGreaterThan(0);
    });
    expect(crossed_calls).toBeLessThan(service.n / 2);
    const foreign = holderOf(bundle, 'foreign-control');
    expect(foreign.service.n).toBeGreaterThan(0);
    expect(foreign.crossed_calls).toBe(0);
    expect(sentencesOf(bundle.summary.notes)).toContainEqual(
      expect.stringContaining(`nice-4: ${String(crossed_calls)} of ${service.n} calls`),
    );
    expect(sentencesOf(bundle.summary.notes)).toContainEqual(
      expect.stringContaining('1,231 calls fell back to mmap_lock beside 217,735'),
    );
    for (const run of bundle.runs) expectCountsToAgree(run);
  });
});

test('100 threads make one call each a round, in the layout that the arm says', async () => {
  const bundle = await runShort(
    'lance-yang',
    '1s',
    ['free-one-vma', 'free-across-vmas'],
    ['holder.region=4MiB', 'drain=2s'],
  );
  const [inside, across] = [holderOf(bundle, 'free-one-vma'), holderOf(bundle, 'free-across-vmas')];
  for (const { service } of [inside, across]) expect(service.n).toBeGreaterThanOrEqual(100);
  expect(inside.crossed_calls).toBe(0);
  expect(across.crossed_calls).toBe(across.service.n);
  expect(holderOf(bundle, 'idle-control').service.n).toBe(0);
  expect(sentencesOf(bundle.summary.notes)).toContainEqual(
    expect.stringMatching(
      /^parallel_free: a call took .* across VMAs \(free-across-vmas\) and .* Published: 308 ms .* only the ratios compare\.$/,
    ),
  );
});

test.each([
  ['cadvisor-3679', 'clear-refs', '64MiB'],
  ['redis-fork', 'alone', '32MiB'],
  ['golang-63334', 'nice-0', '16MiB'],
  ['dotnet-128605', 'advice-24-across-vmas', '32MiB'],
  ['many-mappings', 'smaps-10000-vmas', '39MiB'],
  ['mempolicy', 'with-writer', '32MiB'],
  ['jemalloc-batch', 'first-crosses', '32MiB'],
  ['jemalloc-batch', 'last-crosses', '32MiB'],
  ['ps-cmdline', 'across-vmas', '32MiB'],
])(
  '%s: the holder of %s makes its calls, in the foreign control too, and the victims their operations',
  async (profile, arm, region) => {
    const bundle = await runShort(
      profile,
      '2s',
      [arm],
      ['hogs.count=0', `holder.region=${region}`, `controls.of=${arm}`],
    );
    for (const name of [arm, 'foreign-control']) expect(holderOf(bundle, name).service.n).toBeGreaterThan(0);
    expect(holderOf(bundle, 'idle-control').service.n).toBe(0);
    for (const run of bundle.runs) expectCountsToAgree(run);
  },
);

test('who changes a mapping waits for a fork, and its operation shows it', async () => {
  await withinTries(3, 'mprotect waits for a fork', async () => {
    const sets = ['holder.region=512MiB', 'controls.of=alone'];
    const { summary } = await runShort('redis-fork', '3s', ['alone'], sets);
    const shortest_ns = armOf(summary, 'alone').holder?.service.min_ns ?? Infinity;
    const mprotect = armOf(summary, 'alone').series.find(({ name }) => name === 'writer.mprotect');
    noisy(() => {
      expect(mprotect?.service.max_ns).toBeGreaterThan(shortest_ns / 2);
    });
  });
});

test('each call over a region of 10,000 VMAs crosses from one into another', async () => {
  const sets = ['hogs.count=0', 'controls.of=smaps-10000-vmas', 'holder.operation=madvise_cold'];
  const { service, crossed_calls } = holderOf(
    await runShort('many-mappings', '1s', ['smaps-10000-vmas'], sets),
    'smaps-10000-vmas',
  );
  expect(crossed_calls).toBeGreaterThan(0);
  expect(crossed_calls).toBe(service.n);
});

test('no range of a batch crosses where the arm says so', async () => {
  const sets = ['hogs.count=0', 'holder.region=32MiB', 'controls.of=none-crosses'];
  const bundle = await runShort('jemalloc-batch', '1s', ['none-crosses', 'first-crosses'], sets);
  expect(holderOf(bundle, 'none-crosses')).toMatchObject({ crossed_calls: 0 });
  const { crossed_calls, service } = holderOf(bundle, 'first-crosses');
  expect(crossed_calls).toBe(service.n);
});

test('writes to a mapped file are timed beside I/O hogs, which leave no file', async () => {
  const before = readdirSync('/var/tmp');
  const { summary } = await runShort('hsperfdata', '2s', ['io-hogs-4'], []);
  const write = armOf(summary, 'io-hogs-4').series.find(({ name }) => name === 'reader.mapped_file_write');
  expect(write?.service.n).toBeGreaterThan(0);
  expect(readdirSync('/var/tmp').filter((name) => !before.includes(name))).toEqual([]);
});

expectNothingLeft();

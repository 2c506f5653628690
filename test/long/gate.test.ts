/**
 * A gate that measures its candidate, and a replay. What it gates is a thread of low priority that gives memory back across
 * two VMAs: with a hog on its CPU its writer stands still half of the time, and without one hardly ever.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ManifestFile } from '../../src/bundle/bundle-schema.js';
import type { GateResult } from '../../src/verdict/gate/gated.js';
import { readBundle } from '../support/bundle.js';
import { expectNothingLeft, pauselab, type Ended } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { noisy, withinTries } from '../support/tries.js';

const scratch = scratchFolder();
// At nice 12 beside a hog (weights 70 and 1024) a slice of 4 ms is followed by about 60 ms of waiting: some ten such turns
// in the window, and most of them inside a call. With half of the region, a fast CPU ends many calls within a slice. The
// first call over touched pages takes ten times as long as the next: the warm-up has room for it.
const profile = scratch.write(
  'purge.yaml',
  `
name: purge
title: A purger of low priority
warmup: 200ms
duration: 600ms
drain: 50ms
threshold: 35ms
spoiled: { steal: 100%, foreignLoad: 100%, retries: 0 }
layout: split
holder: { operation: madvise_free, nice: 12, cpus: first, toucher: none, region: 512MiB }
hogs: { count: 1, cpus: first }
victims: [{ operation: mprotect, rate: 1000/s }]
arms: [{ name: purge, title: Across two VMAs }]
`,
);
// With four runs of the baseline and six of the candidate one division of 210 is as extreme: enough for one figure
// (docs/statistics.md).
const compared = scratch.write(
  'compare.yaml',
  `
minimumRuns: 4
allowSettings: [arms.*.hogs.count]
rules: [{ allowSaturated: true, compare: [{ metric: stalled_share, absolute: 10% }] }]
`,
);
const limited = scratch.write(
  'limits.yaml',
  'minimumRuns: 4\nrules: [{ allowSaturated: true, limits: [stalled_share <= 20%] }]',
);
const quiet = ['--set', 'hogs.count=0'];

const exitCodes = { pass: 0, fail: 3, inconclusive: 4 } as const;

async function gated(...words: string[]): Promise<Ended & { result: GateResult }> {
  const ended = await pauselab(['gate', '--json', ...words]);
  expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({ code: expect.toBeOneOf([0, 3, 4]) as number });
  const result = JSON.parse(ended.stdout) as GateResult;
  expect(ended.code).toBe(exitCodes[result.outcome]);
  return { ...ended, result };
}

let before = '';

test('a pass, a regression by hogs that were added, and a pass where they are gone', async () => {
  await withinTries(3, 'a writer stands still beside a hog, and without one does not', async () => {
    before = scratch.fresh('before');
    const worse = scratch.fresh('worse');
    const passed = await gated('--run', profile, '--policy', limited, '--out', before, ...quiet);
    expect(passed.result.counts.error).toBe(0);
    noisy(() => {
      expect(passed.result).toMatchObject({ outcome: 'pass', counts: { pass: 1 } });
    });

    const failed = await gated('--run', profile, '--baseline', before, '--policy', compared, '--out', worse);
    expect(failed.result.counts.error).toBe(0);
    noisy(() => {
      expect(failed.result).toMatchObject({ outcome: 'fail', counts: { fail: 1 } });
    });
    expect(failed.result.suites[0]).toMatchObject({
      checks: [
        {
          arm: 'purge',
          series: 'writer.mprotect',
          outcome: 'fail',
          comparison: { verdict: 'regressed', runs: { a: 4, b: 6 } },
        },
      ],
      notes: expect.arrayContaining([
        expect.objectContaining({ code: 'allowed-settings', settings: [{ path: 'hogs.count', a: '0', b: '1' }] }),
      ]) as object[],
    });
    // As many runs as a pass takes, though policy and profile say fewer.
    const { runs, manifest } = readBundle(worse);
    expect(runs).toHaveLength(3 * 6);
    expect(manifest.argv.slice(0, 4)).toEqual(['gate', '--json', '--run', profile]);
    expect(failed.sentences).toEqual([`pauselab: measured ${worse}`]);

    const gone = await gated('--candidate', before, '--baseline', worse, '--policy', compared);
    noisy(() => {
      expect(gone.result).toMatchObject({
        outcome: 'pass',
        suites: [{ checks: [{ outcome: 'pass', comparison: { noWorse: { holds: true } } }] }],
      });
    });
  });
}, 400_000);

test('fewer runs than the policy asks for are no verdict, and a replay of them is the same experiment', async () => {
  const [few, again] = [scratch.fresh('few'), scratch.fresh('again')];
  const { code, result } = await gated(
    '--run',
    profile,
    '--baseline',
    before,
    '--policy',
    compared,
    '--out',
    few,
    '--runs',
    '1',
    '--seed',
    '7',
    ...quiet,
  );
  expect({ code, outcome: result.outcome }).toEqual({ code: 4, outcome: 'inconclusive' });
  expect(result.verdict).toContain(
    'the candidate has 1 complete, undisturbed run of it, and the policy asks for at least 4',
  );

  const elsewhere = scratch.fresh('elsewhere');
  cpSync(few, elsewhere, { recursive: true });
  const file = join(elsewhere, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as ManifestFile;
  writeFileSync(
    file,
    JSON.stringify({
      ...manifest,
      host: { ...manifest.host, cpuModel: 'A CPU of long ago' },
      asked: { ...manifest.asked, allowDegraded: true },
    }),
  );
  const replayed = await pauselab(['replay', elsewhere, '--out', again, '--json']);
  expect(replayed).toMatchObject({ code: 0, sentences: [] });
  const { differences, replayOf, bundle } = JSON.parse(replayed.stdout) as {
    differences: { fact: string; then: string }[];
    replayOf: string;
    bundle: string;
  };
  expect({ replayOf, bundle }).toEqual({ replayOf: elsewhere, bundle: again });
  // Nothing else of this machine has changed in the seconds between.
  expect(differences.filter(({ fact }) => fact === 'cpuModel')).toMatchObject([
    { fact: 'cpuModel', then: 'A CPU of long ago' },
  ]);

  const [first, second] = [readBundle(few), readBundle(again)];
  const planned = ({ manifest: { profile: resolved, profileHash, seed, order } }: typeof first): object => ({
    resolved,
    profileHash,
    seed,
    order,
  });
  expect(planned(second)).toEqual(planned(first));
  expect(second.manifest.seed).toBe(7);
  expect(second.runs.map((run) => run.file.arm)).toEqual(first.runs.map((run) => run.file.arm));
  // The replay's own arguments say nothing of it, and a replay of the replay has it all the same.
  expect(second.manifest).toMatchObject({
    argv: ['replay', elsewhere, '--out', again, '--json'],
    asked: { ...first.manifest.asked, allowDegraded: true },
  });
});

test('both sides in turns: hogs that were added are a regression, and each round is one block', async () => {
  await withinTries(3, 'a writer stands still beside a hog, and without one does not', async () => {
    const folder = scratch.fresh('turns');
    const { result, sentences } = await gated(
      '--run',
      profile,
      '--policy',
      compared,
      '--base-set',
      'hogs.count=0',
      '--out',
      folder,
    );
    const [baseline, candidate] = [join(folder, 'baseline'), join(folder, 'candidate')];
    expect(sentences).toEqual([`pauselab: measured ${baseline} and ${candidate} in turns`]);
    noisy(() => {
      expect(result).toMatchObject({ outcome: 'fail', together: { finding: 'named' } });
    });
    // Six rounds, each exchanged or not.
    expect(result).toMatchObject({
      together: { divisions: 2 ** 6 },
      suites: [{ baseline: { path: baseline }, candidate: { path: candidate } }],
    });
    expect(result.suites[0]?.notes[0]).toMatchObject({
      code: 'measured-in-turns',
      sentence: 'Both sides were measured in turns. The change is hogs.count (0, 1).',
    });
    const [before, after] = [readBundle(baseline), readBundle(candidate)];
    expect([before, after].map(({ runs }) => runs.length)).toEqual([18, 18]);
    // The runs of a round are over on both sides before the next round begins on either.
    const times = [before, after].flatMap(({ runs }) =>
      runs.map(({ file }) => ({ round: file.repetition, startedAt: file.startedAt })),
    );
    expect(times.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1)).map(({ round }) => round)).toEqual(
      times.map(({ round }) => round).toSorted((a, b) => a - b),
    );
    // One size of the region: that it was found anew would be a difference.
    expect(new Set([before, after].flatMap(({ runs }) => runs.map(({ file }) => file.regionBytes))).size).toBe(1);
    const again = await gated('--baseline', baseline, '--candidate', candidate, '--policy', compared);
    expect(again.result.suites[0]?.checks).toEqual(result.suites[0]?.checks);
  });
}, 400_000);

expectNothingLeft();

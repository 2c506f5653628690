/** Two sides that were measured in turns: their rounds are the same rounds, and what differs is the change. */
import { expect, test } from 'vitest';
import type { ManifestFile } from '../../../src/bundle/bundle-schema.js';
import { planMerge } from '../../../src/bundle/merge.js';
import { openBundle } from '../../../src/bundle/store.js';
import { offeredBaselines, pairWith, readCandidate } from '../../../src/verdict/gate/pairing/pair.js';
import { gate } from '../../../src/verdict/gate/gate.js';
import type { GateResult } from '../../../src/verdict/gate/gated.js';
import { readPolicy } from '../../../src/verdict/gate/policy.js';
import { command } from '../../support/command.js';
import { scratchFolder } from '../../support/scratch.js';
import { stalled, writeFakeBundle, type FakeManifest } from '../fake-bundle.js';
import { sentencesOf } from '../../../src/facts/stated.js';

const scratch = scratchFolder();
const policy = readPolicy('rules: [{ compare: [stalls_per_minute] }]', 'gate.yaml');
/** Drifts further than the change is. */
const drift = [1, 14, 3, 11, 6, 17];
const host = {
  kernel: '6.18.0',
  preemption: 'full',
  hz: 250,
  cpuModel: 'A CPU',
  cpus: [0, 1],
  memoryBytes: 8 * 2 ** 30,
};

function bundle(name: string, counts: readonly number[], manifest: FakeManifest = {}): string {
  const path = scratch.fresh(name);
  writeFakeBundle(path, {
    runs: counts.map((count, i) => ({
      stalls: stalled(count),
      run: { startedAt: `2026-01-01T00:0${i}:00.000Z`, repetition: i + 1 },
    })),
    manifest,
  });
  return path;
}

const profile = (nice: number): object => ({
  name: 'fake',
  arms: [{ name: 'free', holder: { nice } }],
  duration_ns: 10e9,
  warmup_ns: 0,
});
const inTurns = (side: 'baseline' | 'candidate', id = 'one'): Pick<ManifestFile, 'turns'> => ({ turns: { id, side } });

function judged(baseline: string, candidate: string): GateResult {
  const offered = offeredBaselines([baseline]);
  return gate(
    readCandidate(candidate).map((side) => pairWith(side, offered, [])),
    policy,
  );
}

test('what drifts from round to round is in both sides, and does not hide the change', () => {
  const more = drift.map((count) => count + 2);
  const paired = judged(
    bundle('baseline', drift, inTurns('baseline')),
    bundle('candidate', more, inTurns('candidate')),
  );
  // Each round's sides are exchanged or not.
  expect(paired).toMatchObject({ exitCode: 3, together: { divisions: 2 ** 6, exact: true } });
  const apart = judged(
    bundle('baseline', drift, inTurns('baseline', 'one')),
    bundle('candidate', more, inTurns('candidate', 'another')),
  );
  expect(apart).toMatchObject({ exitCode: 4, together: { divisions: 924 } });
});

test('settings, kernel and JDK may differ, and are told; the machine may not', () => {
  const [a, b] = [
    { ...inTurns('baseline'), profile: profile(0) },
    { ...inTurns('candidate'), profile: profile(19) },
  ];
  const none = [0, 0, 0, 0, 0, 0];
  const changed = judged(bundle('a', none, a), bundle('b', none, { ...b, host: { ...host, kernel: '6.17.0' } }));
  expect(changed.exitCode).toBe(0);
  expect(changed.suites[0]?.notes[0]?.sentence).toMatch(
    /^Both sides were measured in turns\. The change is the kernel is 6\.18\.0 .*; arms\.free\.holder\.nice \(0, 19\)\.$/,
  );
  expect(
    judged(bundle('a', none, a), bundle('b', none, { ...b, host: { ...host, cpuModel: 'Another' } })).exitCode,
  ).toBe(4);
  expect(judged(bundle('a', none, a), bundle('b', none, { ...b, ...inTurns('candidate', 'another') })).exitCode).toBe(
    4,
  );
});

test('an arm that a JDK of one side refuses is left out of both, and the gate does not pass', () => {
  const none = [0, 0, 0, 0, 0, 0];
  const more = {
    profile: { name: 'fake', arms: [{ name: 'free' }, { name: 'zgc@new' }] },
    refusedArms: [{ code: 'jdk-not-accepted', arm: 'zgc@new', jdk: '17.0.1', accepted: '>=22' }],
  } satisfies FakeManifest;
  const result = judged(
    bundle('baseline', none, { ...inTurns('baseline'), ...more }),
    bundle('candidate', none, { ...inTurns('candidate'), ...more }),
  );
  expect(result.exitCode).toBe(4);
  expect(result.verdict).toContain('The arm zgc@new was not run in the candidate, because JDK 17.0.1 is not one that');
});

test('a saved baseline of two sides in turns is not its candidate, and a merged bundle is in turns with none', async () => {
  const none = [0, 0, 0, 0, 0, 0];
  const [before, after] = [bundle('a', none, inTurns('baseline')), bundle('b', none, inTurns('candidate'))];
  const folder = scratch.fresh('baselines');
  expect(await command('baseline', 'save', before, '--as', 'before', '--in', folder)).toMatchObject({ code: 0 });
  expect(await command('baseline', 'save', after, '--as', 'after', '--in', folder)).toMatchObject({ code: 0 });
  expect(judged(`${folder}/before`, after)).toMatchObject({ exitCode: 0, together: { divisions: 2 ** 6 } });
  expect(judged(`${folder}/after`, after).verdict).toContain('has these very runs');
  const manifest = planMerge(
    [after, bundle('later', none, { startedAt: '2026-01-02T00:00:00.000Z' })].map((path) => openBundle(path)),
  ).manifest;
  expect(manifest.turns).toBeNull();
  expect(manifest.origins[0]?.manifest.turns).toEqual({ id: 'one', side: 'candidate' });
});

test('an old baseline is told, with what to do', () => {
  const none = [0, 0, 0, 0, 0, 0];
  const at = (startedAt: string): Partial<ManifestFile> => ({ startedAt });
  const notes = (before: string, after: string): string =>
    sentencesOf(
      judged(bundle('before', none, at(before)), bundle('after', none, at(after))).suites[0]?.notes ?? [],
    ).join('\n');
  expect(notes('2026-01-01T00:00:00.000Z', '2026-01-04T01:00:00.000Z')).toMatch(
    /was measured 3 days before .* measure both sides in turns: `pauselab gate --run` with `--base-set`/,
  );
  expect(notes('2026-01-01T00:00:00.000Z', '2026-01-01T20:00:00.000Z')).not.toContain('in turns');
});

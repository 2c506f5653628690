/** A bundle of before arms had a `kind` beside one of now: they are of one profile. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openBundle } from '../../src/bundle/store.js';
import { differencesOf } from '../../src/verdict/compare/differences.js';
import { baselineOf } from '../../src/verdict/gate/pairing/baseline-key.js';
import { gate } from '../../src/verdict/gate/gate.js';
import { readPolicy } from '../../src/verdict/gate/policy.js';
import { readSide } from '../../src/verdict/evidence/read-side.js';
import { isHashOf, profileHashOf } from '../../src/profile/resolved/profile-secrets.js';
import { scratchFolder } from '../support/scratch.js';
import { changeManifest, stalled, writeFakeBundle } from './fake-bundle.js';

interface Stored {
  readonly profileHash: string;
  readonly profile: { readonly arms: readonly { readonly name: string }[] };
}

const scratch = scratchFolder();
const stored = JSON.parse(
  readFileSync(new URL('../profile/before-kinds.json', import.meta.url), 'utf8'),
) as readonly Stored[];

function bundles({ profile, profileHash }: Stored): { readonly old: string; readonly now: string } {
  const [old, now] = [scratch.fresh('old'), scratch.fresh('now')];
  for (const path of [old, now])
    writeFakeBundle(path, {
      runs: Array.from({ length: 8 }, (_, i) => ({
        arm: profile.arms.at(-1)?.name ?? '',
        stalls: stalled(0),
        run: { repetition: i + 1 },
      })),
      manifest: { profile },
    });
  changeManifest(old, { profile, profileHash });
  changeManifest(now, { profileHash: profileHashOf(openBundle(now).manifest.profile) });
  return { old, now };
}

test.each(stored)('profile hash, settings and baseline are the same', (one) => {
  const { old, now } = bundles(one);
  expect(readFileSync(`${old}/manifest.json`, 'utf8')).not.toMatch(/"kind":"(?:native|churn|jvm|app)"/);
  expect(readFileSync(`${now}/manifest.json`, 'utf8')).toMatch(/"kind":"(?:native|app)"/);
  const [before, after] = [old, now].map((path) => openBundle(path).manifest);
  expect(before?.profile).toEqual(after?.profile);
  expect(before?.profileHash).toBe(after?.profileHash);
  if (before !== undefined) expect(isHashOf(one.profileHash, before.profile)).toBe(true);

  const sides = [old, now].map((path) => readSide(path, { threshold_ns: 1 }));
  const keys = sides.map(
    (side) => baselineOf(side, [side], { name: null, savedAt: '', measuredAt: '', runs: 8 }).key.profileHash,
  );
  expect(new Set(keys).size).toBe(1);
  const [baseline, candidate] = sides;
  if (baseline === undefined || candidate === undefined) throw new Error('two bundles have two sides');
  expect(differencesOf(baseline, candidate)).toEqual([]);
  const judged = gate(
    [{ baseline, candidate, problems: [] }],
    readPolicy('rules: [{ arms: ["*"], compare: [stalled_share] }]', 'gate.yaml'),
  );
  expect(judged).toMatchObject({ exitCode: 0 });
  expect(JSON.stringify(judged)).not.toContain('The profile');
});

test('a profile that cannot be read is refused where its bundle is opened', () => {
  const path = scratch.fresh('odd');
  writeFakeBundle(path, { runs: [{}] });
  changeManifest(path, { profile: { name: 'fake', arms: [null, 3, { name: 'free' }] } });
  expect(() => openBundle(path)).toThrow(
    /manifest\.json is no valid manifest: profile\.title: .*; it was changed or cut off, or another version wrote it$/,
  );
});

/** What attacks begin from: bundles as `pauselab run` would leave them, made in a moment. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf } from '../../src/profile/resolved/hash.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { exampleStall } from '../support/stalls.js';
import { stalled, writeFakeBundle, type FakeRun } from '../verdict/fake-bundle.js';

const arm = 'free-one-vma';

/** A run for each count of stalls. Two of different days are no two copies of one. */
export async function fakeResults(
  path: string,
  counts: readonly number[] = [0, 1, 2],
  day = '2026-01-01',
): Promise<void> {
  const profile = await loadResolved('priority-inversion');
  const startedAt = `${day}T00:00:00.000Z`;
  writeFakeBundle(path, {
    runs: counts.map((count, i): FakeRun => ({ arm, stalls: stalled(count), run: { repetition: i + 1, startedAt } })),
    manifest: {
      profile,
      profileHash: hashOf(profile),
      startedAt,
      seed: profile.seed,
      order: counts.map((_, i) => ({ arm, kernel: null, repetition: i + 1 })),
      argv: ['run', 'priority-inversion'],
    },
  });
}

/** With a list of stalls beside its only run. */
export async function fakeStalls(path: string): Promise<string> {
  await fakeResults(path, [1]);
  const file = join(path, `runs/000-${arm}/stalls.json`);
  writeFileSync(file, JSON.stringify({ schemaVersion: 2, trace: null, stalls: [exampleStall], slow: [] }));
  return file;
}

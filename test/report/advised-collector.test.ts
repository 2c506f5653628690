/** The collector with which a report gives advice on a run. */
import { expect, test } from 'vitest';
import type { RunFile } from '../../src/bundle/bundle-schema.js';
import type { StoredBundle } from '../../src/bundle/store.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { rootOfRun } from '../../src/report/html/parts/advised-roots.js';
import { exampleStall } from '../support/stalls.js';

async function collectorOf(profile: string, arm: string, seen?: string | null) {
  const jvm = { collector: seen } as RunFile['jvm'];
  const stored = {
    manifest: { profile: await loadResolved(profile), kernels: [], host: {} },
    runs: [{ name: '000', arm, kernel: null, jvm }],
  } as unknown as Pick<StoredBundle, 'manifest' | 'runs'>;
  return rootOfRun({ run: '000', stall: exampleStall }, stored)?.collector;
}

test('is that of the program of a user by its threads, and else that of the profile', async () => {
  expect(await collectorOf('app', 'probes', 'zgc')).toBe('zgc');
  expect([await collectorOf('app', 'probes', null), await collectorOf('app', 'probes')]).toEqual([null, null]);
  expect(await collectorOf('g1-uncommit', 'service-nice-19', 'zgc')).toBe('g1');
});

/** What a report says of the environment is what its runs had. */
import { expect, test } from 'vitest';
import { openBundle } from '../../src/bundle/store.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { parseSet } from '../support/parse-set.js';
import { environmentPart } from '../../src/report/html/parts/environment-part.js';
import { scratchFolder } from '../support/scratch.js';
import { kernelRecord, writeFakeBundle } from '../verdict/fake-bundle.js';

const scratch = scratchFolder();

test('it lists the settings of the arms that were to run, and no load that was not read', async () => {
  const profile = await loadResolved('jdk-matrix', ['runs=1'].map(parseSet));
  const path = scratch.fresh('bundle');
  const kernel = kernelRecord('6.17.13');
  const arm = 'zgc@jdk-17';
  const machine = { steal_share: 0, ownLoad_share: null, clockSource: null, clockSourceChanged: false, guest: null };
  writeFakeBundle(path, {
    runs: [{ arm, run: { kernel: kernel.name, machine: { ...machine, foreignLoad_share: null } } }],
    manifest: { profile, kernels: [kernel], order: [{ arm, kernel: kernel.name, repetition: 1 }] },
  });
  const page = environmentPart([{ label: 'it', stored: openBundle(path) }]).toString();
  expect(page).toContain('<dt>Collector</dt><dd>zgc</dd>');
  expect(page).toContain('ZUncommitDelay');
  expect(page).not.toMatch(/shenandoah|Shenandoah|CPU time of other programs/);
});

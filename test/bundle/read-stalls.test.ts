import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stalledTime } from '../../src/attribution/totals.js';
import { readStalls } from '../../src/bundle/read-stalls.js';
import { scratchFolder } from '../support/scratch.js';
import { exampleStall, noStalls } from '../support/stalls.js';
import { writeFakeBundle } from '../verdict/fake-bundle.js';
import { kernelNamed } from '../verdict/fake-summary.js';

const scratch = scratchFolder();

function bundleOn(kernels: readonly string[]): string {
  const path = scratch.fresh('bundle');
  const names = kernels.map((_, i) => `${String(i).padStart(3, '0')}-free`);
  writeFakeBundle(path, {
    runs: kernels.map((kernel) => ({ run: { kernel } })),
    manifest: { kernels: [...new Set(kernels)].map((name) => kernelNamed(name)) },
  });
  for (const name of names)
    writeFileSync(join(path, 'runs', name, 'stalls.json'), JSON.stringify({ ...noStalls, stalls: [exampleStall] }));
  return path;
}

test('an arm on another kernel is another arm, also in sums', () => {
  const { stalls } = readStalls(bundleOn(['6.16.12', '6.17.13', '6.17.13']));
  expect(stalledTime(stalls).map(({ arm, n }) => [arm, n])).toEqual([
    ['free on 6.17.13', 2],
    ['free on 6.16.12', 1],
  ]);
});

test('where there is one kernel it is not named', () => {
  expect(readStalls(bundleOn(['6.16.12', '6.16.12'])).stalls.map(({ arm, kernel }) => [arm, kernel])).toEqual([
    ['free', null],
    ['free', null],
  ]);
});

test('a list that cannot be read is not said to be absent', () => {
  const path = bundleOn(['6.16.12']);
  const file = join(path, 'runs/000-free/stalls.json');
  rmSync(file);
  expect(readStalls(path).missing).toMatchObject([{ code: 'no-stalls-file' }]);
  symlinkSync('stalls.json', file);
  expect(readStalls(path).missing).toMatchObject([
    { code: 'unreadable', reason: expect.stringContaining('(ELOOP: ') as string },
  ]);
});

test('a folder that cannot be looked at is not said to be no bundle', () => {
  const loop = scratch.fresh('loop');
  symlinkSync(loop, loop);
  expect(() => readStalls(loop)).toThrow(/^ELOOP/);
});

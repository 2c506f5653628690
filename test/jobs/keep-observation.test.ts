/** What was seen is kept, also where the folder of the result cannot be written at the end. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openObservation } from '../../src/bundle/read-observation.js';
import { keepObservation } from '../../src/jobs/keep-observation.js';
import { fakeStall, observationFile } from '../support/observation.js';

const folder = mkdtempSync(join(tmpdir(), 'pauselab-keep-'));
const memory = join(folder, 'memory');
mkdirSync(memory);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const stalls = [fakeStall({ at_ms: 10, length_ms: 50 })];

function kept(out: string, more: { readonly memory?: string } = {}) {
  const notes: string[] = [];
  const result = keepObservation(observationFile(stalls), stalls, {
    ...{ out, targets: [], memory, ...more },
    note: (text) => notes.push(text),
  });
  return { ...result, notes };
}

test('in its place', () => {
  const { bundle, isInPlace, notes } = kept(join(folder, 'result'));
  expect([bundle, isInPlace, notes]).toEqual([join(folder, 'result'), true, []]);
  expect(openObservation(bundle).stalls).toHaveLength(1);
});

test('under another number, where the place was taken meanwhile', () => {
  const out = join(folder, 'taken');
  mkdirSync(out);
  writeFileSync(join(out, 'other'), '');
  const { bundle, isInPlace, notes } = kept(out);
  expect([bundle, isInPlace]).toEqual([`${out}-2`, true]);
  expect(notes).toEqual([expect.stringContaining('this time the bundle gets a number behind that name')]);
});

test('in memory, where its place cannot be written', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const { bundle, isInPlace, notes } = kept(join(file, 'today'));
  expect([bundle, isInPlace]).toEqual([join(memory, 'today'), false]);
  expect(notes).toEqual([
    expect.stringMatching(
      /could not be written \(ENOTDIR\).*; the bundle is kept in memory, as .*today: move it to a disk$/,
    ),
  ]);
  expect(openObservation(bundle).stalls).toHaveLength(1);
});

test('nowhere, where memory cannot be written either, and nothing is left', () => {
  const file = join(folder, 'file');
  expect(() => kept(join(file, 'late'), { memory: join(file, 'memory') })).toThrow(/ENOTDIR/);
  expect(existsSync(join(memory, 'late'))).toBe(false);
});

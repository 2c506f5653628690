/** What was seen is kept, also where the folder of the result cannot be written at the end. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isListWhole, openObservation } from '../../src/bundle/read-observation.js';
import { keepObservation, type KeepOptions } from '../../src/jobs/keep-observation.js';
import { fakeStall, observationFile } from '../support/observation.js';

const folder = mkdtempSync(join(tmpdir(), 'pauselab-keep-'));
const memory = join(folder, 'memory');
mkdirSync(memory);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const stalls = [fakeStall({ at_ms: 10, length_ms: 50 })];

function kept(out: string, more: Partial<Pick<KeepOptions, 'memory' | 'roomBytes'>> = {}, seen = stalls) {
  const notes: string[] = [];
  const result = keepObservation(observationFile(seen), seen, {
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

test('with as many of the longest stalls as the file has room for, and it says so', () => {
  const seen = [20, 90, 30, 80, 40].map((length_ms, i) => fakeStall({ at_ms: 100 * i, length_ms }));
  const roomBytes = 2.5 * JSON.stringify({ stalls: [seen[0]] }, null, 1).length;
  const { bundle, observation, stalls: listed } = kept(join(folder, 'large'), { roomBytes }, seen);
  const lengths = ({ duration_ns }: { readonly duration_ns: number }): number => duration_ns / 1e6;
  expect(listed.map(lengths)).toEqual([90, 80]);
  expect(observation.missing.at(-1)).toMatchObject({ code: 'stalls-left-out', stalls_n: 5, kept_n: 2 });
  const read = openObservation(bundle);
  expect(read.stalls.map(({ stall }) => lengths(stall))).toEqual([90, 80]);
  expect(read.missing).toEqual(observation.missing);
  expect(isListWhole(read)).toBe(false);
  expect(isListWhole(openObservation(kept(join(folder, 'small'), {}, seen).bundle))).toBe(true);
});

test('a file of stalls is within what a reader takes', () => {
  const stall = fakeStall({ at_ms: 0, length_ms: 30 });
  const large = { ...stall, states: 'D'.repeat(2 ** 20) };
  const seen = Array.from({ length: 70 }, (_, i) => ({ ...large, start_ns: i }));
  const { bundle, stalls: listed } = kept(join(folder, 'most'), {}, seen);
  expect(listed.length).toBeGreaterThan(60);
  expect(openObservation(bundle).stalls).toHaveLength(listed.length);
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

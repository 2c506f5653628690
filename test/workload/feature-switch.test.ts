import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { schedFeatures } from '../../src/host/sched-features.js';
import { featureSwitch, restoreLeftFeatures } from '../../src/workload/feature-switch.js';
import { featureFiles } from '../support/feature-files.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

function machine() {
  const folder = scratch.fresh('runtime');
  mkdirSync(folder);
  const files = featureFiles(scratch.fresh('debugfs'), 'PLACE_LAG HRTICK');
  return { folder, files, now: () => schedFeatures(files) };
}

test('a feature is set while its place has its turns, and restored in between and afterwards', () => {
  const { folder, files, now } = machine();
  const { set, check, restore } = featureSwitch('NO_HRTICK', folder, files, null);
  for (let turn = 0; turn < 2; turn += 1) {
    set();
    expect(now()).toEqual(['PLACE_LAG', 'NO_HRTICK']);
    check();
    restore();
    expect(now()).toEqual(['PLACE_LAG', 'HRTICK']);
  }
  // A place is closed after it was paused.
  restore();
  expect(now()).toEqual(['PLACE_LAG', 'HRTICK']);
});

test('a feature that something else sets during a run is found at its end', () => {
  const { folder, files } = machine();
  const { set, check } = featureSwitch('NO_HRTICK', folder, files, null);
  set();
  files.write(join(files.debugfs, 'sched/features'), 'HRTICK');
  expect(check).toThrow(/^the scheduler feature NO_HRTICK was set for this run and is not in force at its end/);
});

test('what a killed pauselab had set is restored from its folder', () => {
  const { folder, files, now } = machine();
  featureSwitch('NO_HRTICK', folder, files, null).set();
  expect(readFileSync(join(folder, 'features'), 'utf8')).toBe('HRTICK\n');
  restoreLeftFeatures(folder, files);
  expect(now()).toEqual(['PLACE_LAG', 'HRTICK']);
});

test('a folder without a note changes nothing', () => {
  const { folder, files, now } = machine();
  restoreLeftFeatures(folder, { ...files, write: () => expect.unreachable() });
  expect(now()).toEqual(['PLACE_LAG', 'HRTICK']);
});

test('what cannot be noted is not set: nobody would restore it', () => {
  const { folder, files, now } = machine();
  expect(featureSwitch('NO_HRTICK', join(folder, 'gone'), files, null).set).toThrow('ENOENT');
  expect(now()).toEqual(['PLACE_LAG', 'HRTICK']);
});

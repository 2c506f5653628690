import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Failure } from '../../src/base/failure.js';
import { schedFeatures, setSchedFeature, type FeatureFiles } from '../../src/host/sched-features.js';
import { featureFiles } from '../support/feature-files.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const listed = 'PLACE_LAG NO_WA_BIAS HRTICK';

function refusal(word: string, files: FeatureFiles, config: string | null = null): [number, string] {
  try {
    setSchedFeature(word, config, files);
  } catch (error) {
    if (error instanceof Failure) return [error.exitCode, error.message];
    throw error;
  }
  throw new Error('it was not refused');
}

test('a feature is switched in the kernel’s words, and the others stay', () => {
  const files = featureFiles(scratch.fresh('debugfs'), listed);
  expect(schedFeatures(files)).toEqual(['PLACE_LAG', 'NO_WA_BIAS', 'HRTICK']);
  setSchedFeature('NO_HRTICK', null, files);
  expect(schedFeatures(files)).toEqual(['PLACE_LAG', 'NO_WA_BIAS', 'NO_HRTICK']);
  setSchedFeature('WA_BIAS', null, files);
  setSchedFeature('HRTICK', 'CONFIG_SCHED_HRTICK=y\n', files);
  expect(schedFeatures(files)).toEqual(['PLACE_LAG', 'WA_BIAS', 'HRTICK']);
});

test('a feature that the kernel does not have is refused, with what it has', () => {
  const files = featureFiles(scratch.fresh('debugfs'), listed);
  expect(refusal('NO_HRTIK', files)).toEqual([
    2,
    expect.stringMatching(/^the running kernel has no scheduler feature HRTIK.*NO_HRTICK/),
  ]);
  expect(refusal('SPEED', files)[1]).toMatch(
    /^the running kernel has no scheduler feature SPEED; it has PLACE_LAG, WA_BIAS, HRTICK \(.*\/sched\/features\)$/,
  );
  expect(readFileSync(join(files.debugfs, 'sched/features'), 'utf8')).toBe(listed);
});

test('a feature that the kernel lists and was built without is refused', () => {
  const files = featureFiles(scratch.fresh('debugfs'), listed);
  expect(refusal('NO_HRTICK', files, '# CONFIG_SCHED_HRTICK is not set\n')).toEqual([
    5,
    'the running kernel was built without CONFIG_SCHED_HRTICK, so HRTICK does nothing there; leave NO_HRTICK out, or use a kernel that has the option',
  ]);
});

test('a kernel that takes the word and keeps its feature is refused: it is read back', () => {
  const files = { ...featureFiles(scratch.fresh('debugfs'), listed), write: () => undefined };
  expect(refusal('NO_HRTICK', files)).toEqual([
    5,
    expect.stringMatching(/and the file still has HRTICK; use a kernel/),
  ]);
});

test('what the kernel refuses is said with its error', () => {
  const write = (): never => {
    throw Object.assign(new Error('no'), { code: 'EPERM' });
  };
  expect(refusal('NO_HRTICK', { ...featureFiles(scratch.fresh('debugfs'), listed), write })).toEqual([
    5,
    expect.stringMatching(/^the scheduler feature NO_HRTICK could not be set \(EPERM of .*\); run as root on a kernel/),
  ]);
});

test.each([
  [
    'a kernel without debugfs',
    'nodev\tproc\n',
    false,
    /and the running kernel has none; use a kernel with CONFIG_DEBUG_FS/,
  ],
  [
    'a debugfs that is not mounted',
    'nodev\tdebugfs\n',
    false,
    /and none is mounted at .*; mount it \(mount -t debugfs/,
  ],
  [
    'a kernel without the file',
    'nodev\tdebugfs\n',
    true,
    /has no .*\/sched\/features \(ENOENT\); use Linux 5\.13 or newer/,
  ],
])('%s is said', (_, filesystems, isMounted, says) => {
  const debugfs = scratch.fresh('debugfs');
  mkdirSync(debugfs);
  const list = scratch.fresh('filesystems');
  writeFileSync(list, filesystems);
  const files = { debugfs, filesystems: list, isMounted: () => isMounted, write: writeFileSync };
  expect(schedFeatures(files)).toBeNull();
  expect(refusal('NO_HRTICK', files)).toEqual([5, expect.stringMatching(says)]);
});

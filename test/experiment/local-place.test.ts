import { existsSync } from 'node:fs';
import { beforeEach, expect, test, vi } from 'vitest';
import { localPlaceWith } from '../../src/experiment/place/place.js';
import { executeRun, type RunInput } from '../../src/experiment/run/one-run.js';
import { featureSwitch } from '../../src/workload/feature-switch.js';

vi.mock('../../src/workload/feature-switch.js', { spy: true });
vi.mock('../../src/experiment/run/one-run.js', { spy: true });

const done: string[] = [];
let folder = '';
beforeEach(() => {
  done.length = 0;
  vi.mocked(featureSwitch).mockImplementation((word, path) => {
    folder = path;
    return {
      set: () => done.push(`set ${word}`),
      check: () => done.push('check'),
      restore: () => done.push('restore'),
    };
  });
  vi.mocked(executeRun).mockImplementation(() => {
    done.push('run');
    return Promise.resolve({} as Awaited<ReturnType<typeof executeRun>>);
  });
});

test('a feature of this machine is in force while its place runs, checked after each run, and restored otherwise', async () => {
  const place = localPlaceWith('NO_HRTICK', { name: 'a', label: null });
  expect(place.kernel).toMatchObject({ name: 'a', feature: 'NO_HRTICK', guest: null });
  await place.pause();
  await place.resume();
  await place.run({} as RunInput);
  expect(existsSync(folder)).toBe(true);
  await place.close();
  expect(done).toEqual(['set NO_HRTICK', 'restore', 'set NO_HRTICK', 'run', 'check', 'restore']);
  expect(existsSync(folder)).toBe(false);
});

test('a feature that is refused leaves no folder', () => {
  vi.mocked(featureSwitch).mockImplementation((_, path) => {
    folder = path;
    return {
      set: () => {
        throw new Error('refused');
      },
      check: () => undefined,
      restore: () => undefined,
    };
  });
  expect(() => localPlaceWith('NO_HRTICK', { name: 'a', label: null })).toThrow('refused');
  expect(existsSync(folder)).toBe(false);
});

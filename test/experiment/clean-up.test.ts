/** Clean-ups of an experiment that fail: what was measured and why it failed are told all the same, and every guest is closed. */
import { expect, test } from 'vitest';
import { tellCleanUpFailures } from '../../src/base/clean-up.js';
import { unfit, workloadFailed } from '../../src/base/failure.js';
import { createBundle } from '../../src/bundle/store.js';
import { runExperiment, type ExperimentInput } from '../../src/experiment/experiment.js';
import type { Place } from '../../src/experiment/place.js';
import { loadResolved } from '../../src/profile/load.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const nothing = (): void => undefined;

async function inputWith(places: readonly Place[]): Promise<ExperimentInput> {
  const profile = await loadResolved('convoy');
  return {
    profile, arms: profile.arms, places: places.map((place) => () => Promise.resolve(place)), store: createBundle(scratch.fresh('out')), argv: ['run', 'convoy'], keepSecrets: false, toolVersion: '0', allowDegraded: false, trace: false, untilN: null,
    guest: { cpus: 1, memoryBytes: 2 ** 30, append: [], bootDeadline_ms: 1000 },
    interruption: { signalled: new Promise(nothing), signal: () => null, dispose: nothing },
    observer: { onCalibration: nothing, onRunStart: nothing, onPhase: nothing, onSnapshot: nothing, onRunEnd: nothing },
  };
}

test.each(['close', 'console'] as const)('a %s that fails hides no failure and leaves no other guest running', async (step) => {
  const told: string[] = [];
  tellCleanUpFailures((sentence) => { told.push(sentence); });
  const closed: string[] = [];
  const place = (name: string): Place => ({
    kernel: { name, asked: name, release: name, facts: {}, differences: [], oneTree: null, guest: null },
    size: () => Promise.reject(workloadFailed('the first failure')),
    run: () => Promise.reject(new Error('it is not reached')),
    pause: () => Promise.resolve(),
    resume: () => Promise.resolve(),
    console: () => {
      if (step === 'console') throw unfit('no console');
      return null;
    },
    close: () => {
      closed.push(name);
      return step === 'close' ? Promise.reject(unfit(`${name} could not be ended`)) : Promise.resolve();
    },
  });
  await expect(runExperiment(await inputWith(['a', 'b', 'c'].map(place)))).rejects.toThrow('the first failure');
  expect(closed).toEqual(['a', 'b', 'c']);
  expect(told).toEqual(step === 'close' ? ['a', 'b', 'c'].map((name) => `while cleaning up: ${name} could not be ended`) : Array(3).fill('while cleaning up: no console'));
});

/**
 * Clean-ups of an experiment that fail: what was measured and why it failed are told all the same, and every guest is
 * closed.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tellCleanUpFailures } from '../../src/base/clean-up.js';
import { unfit, workloadFailed } from '../../src/base/failure.js';
import { createBundle } from '../../src/bundle/store.js';
import { runExperiment, type ExperimentInput } from '../../src/experiment/experiment.js';
import { failedStart } from '../../src/experiment/run/failed-start.js';
import type { Place } from '../../src/experiment/place/place.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { parseSet } from '../support/parse-set.js';
import { filesBelow } from '../support/bundle.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const nothing = (): void => undefined;

async function inputWith(places: readonly Place[]): Promise<ExperimentInput> {
  const profile = await loadResolved('convoy');
  return {
    profile,
    arms: profile.arms,
    places: places.map((place) => () => Promise.resolve(place)),
    store: createBundle(scratch.fresh('out')),
    argv: ['run', 'convoy'],
    keepSecrets: false,
    toolVersion: '0',
    allowDegraded: false,
    trace: false,
    untilN: null,
    failIf: [],
    guest: { cpus: 1, memoryBytes: 2 ** 30, append: [], bootDeadline_ms: 1000 },
    interruption: { signalled: new Promise(nothing), signal: () => null, dispose: nothing },
    observer: { onCalibration: nothing, onRunStart: nothing, onPhase: nothing, onSnapshot: nothing, onRunEnd: nothing },
  };
}

test.each(['close', 'console'] as const)(
  'a %s that fails hides no failure and leaves no other guest running',
  async (step) => {
    const told: string[] = [];
    tellCleanUpFailures((sentence) => {
      told.push(sentence);
    });
    const closed: string[] = [];
    const place = (name: string): Place => ({
      kernel: { name, label: null, asked: name, release: name, facts: {}, differences: [], oneTree: null, guest: null },
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
    expect(told).toEqual(
      step === 'close'
        ? ['a', 'b', 'c'].map((name) => `clean-up failed: ${name} could not be ended`)
        : Array(3).fill('clean-up failed: no console'),
    );
  },
);

test('a run that failed before its window leaves no secret in what is kept of it', async () => {
  const profile = await loadResolved('app', [
    parseSet('jvm.app.args=-Ddb.password=hunter2 -jar x.jar'),
    parseSet('jvm.app.environment={API_KEY: k3yk3y}'),
  ]);
  const place: Place = {
    kernel: {
      name: 'k',
      label: null,
      asked: 'host',
      release: 'k',
      facts: {},
      differences: [],
      oneTree: null,
      guest: null,
    },
    size: () => Promise.resolve(new Map()),
    run: (request) =>
      Promise.resolve(
        failedStart({
          request,
          startedAt: new Date().toISOString(),
          failure: workloadFailed('the program said "hunter2 is wrong"'),
          files: {
            'jvm-out.log': 'k3yk3y\n',
            'jvm-launch.txt': 'set=API_KEY=k3yk3y\nargument=-Ddb.password=hunter2\n',
          },
        }),
      ),
    pause: () => Promise.resolve(),
    resume: () => Promise.resolve(),
    console: () => null,
    close: () => Promise.resolve(),
  };
  const input = {
    ...(await inputWith([place])),
    profile,
    arms: profile.arms,
    argv: ['run', 'app', '--java-args', '-Ddb.password=hunter2 -jar x.jar'],
  };
  const { failure } = await runExperiment(input);
  expect(failure?.message).toContain('the program said "<redacted> is wrong"');
  const kept = filesBelow(input.store.path)
    .map((file) => join(input.store.path, file))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  expect(kept).toContain('argument=-Ddb.password=<redacted>');
  expect(kept).not.toMatch(/hunter2|k3yk3y/);
});

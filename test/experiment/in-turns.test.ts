/** Two sides in turns: one order, two bundles, regions of one size; and what is kept where it does not end well. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workloadFailed } from '../../src/base/failure.js';
import { createBundles } from '../../src/bundle/store.js';
import type { ExperimentSettings } from '../../src/experiment/experiment.js';
import { runInTurns } from '../../src/experiment/experiment.js';
import { failedStart } from '../../src/experiment/run/failed-start.js';
import type { RunInput, RunOutput } from '../../src/experiment/run/one-run.js';
import type { Place } from '../../src/experiment/place/place.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { parseSet } from '../support/parse-set.js';
import { readSide } from '../../src/verdict/evidence/read-side.js';
import { measuredInTurns } from '../../src/verdict/evidence/side.js';
import { readBundle } from '../support/bundle.js';
import { scratchFolder } from '../support/scratch.js';
import { said } from '../support/stated.js';

const scratch = scratchFolder();
const nothing = (): void => undefined;

interface Seen {
  /** Bytes of the region, by side and arm. */
  readonly regions: Map<string, number>;
  readonly order: string[];
  sized: number;
}

function output(request: RunInput, spoiled: readonly string[] = []): RunOutput {
  const failed = failedStart({
    request,
    startedAt: new Date().toISOString(),
    failure: workloadFailed('not this time'),
    files: {},
  });
  return {
    ...failed,
    file: { ...failed.file, status: 'complete', failures: [], disturbances: spoiled.map((text) => said(text)) },
  };
}

interface Case {
  readonly base?: readonly string[];
  readonly candidate?: readonly string[];
  readonly run?: (request: RunInput, nth: number) => RunOutput;
  readonly signal?: () => NodeJS.Signals | null;
}

async function measured({ base = [], candidate = [], run = (request) => output(request), signal = () => null }: Case) {
  const folder = scratch.fresh('turns');
  const stores = createBundles(folder, ['baseline', 'candidate']);
  const seen: Seen = { regions: new Map(), order: [], sized: 0 };
  const side = async (settings: readonly string[], i: number) => {
    const profile = await loadResolved('convoy', ['runs=3', ...settings].map(parseSet));
    const store = stores[i];
    if (store === undefined) throw new Error('no store');
    return { profile, arms: profile.arms, store, places: [open] };
  };
  let current = '';
  const place: Place = {
    kernel: {
      name: '6.18.0',
      label: null,
      asked: 'host',
      release: '6.18.0',
      facts: {},
      differences: [],
      oneTree: null,
      guest: null,
    },
    size: (_, arms) => {
      seen.sized += 1;
      const keys = new Set(
        arms.flatMap((arm) => (arm.holder === null ? [] : [`${arm.holder.operation} ${arm.holder.pages} calibrated`])),
      );
      return Promise.resolve(
        new Map(
          [...keys].map((key) => [
            key,
            { operation: key, pages: 'small', target_hold_ns: 1, bytes: 4096 * seen.sized, hold_ns: 1, probes: [] },
          ]),
        ),
      );
    },
    run: (request) => {
      seen.order.push(`${current} ${request.arm.name} ${request.repetition}`);
      seen.regions.set(`${current} ${request.arm.name}`, request.regionBytes);
      return Promise.resolve(run(request, seen.order.length));
    },
    pause: () => Promise.resolve(),
    resume: () => Promise.resolve(),
    console: () => null,
    close: () => Promise.resolve(),
  };
  const open = (): Promise<Place> => Promise.resolve(place);
  const settings: ExperimentSettings = {
    argv: ['gate', '--run', 'convoy', '--base-java-args', '-Dpassword=hunter2 -jar x.jar'],
    keepSecrets: false,
    toolVersion: '0',
    allowDegraded: false,
    trace: false,
    untilN: null,
    failIf: [],
    guest: { cpus: 1, memoryBytes: 2 ** 30, append: [], bootDeadline_ms: 1000 },
    interruption: { signalled: new Promise(nothing), signal, dispose: nothing },
    observer: {
      onCalibration: nothing,
      onRunStart: (one) => {
        current = one.side ?? 'none';
      },
      onPhase: nothing,
      onSnapshot: nothing,
      onRunEnd: nothing,
    },
  };
  const result = await runInTurns({ baseline: await side(base, 0), candidate: await side(candidate, 1) }, settings);
  return {
    ...result,
    folder,
    ...seen,
    paths: { baseline: join(folder, 'baseline'), candidate: join(folder, 'candidate') },
  };
}

test('each round holds all arms of both sides, in one random order, and each side has its bundle', async () => {
  const { order, paths, summaries, failure, sized } = await measured({ base: ['hogs.count=3'] });
  expect(failure).toBeNull();
  expect(summaries.map(({ status }) => status)).toEqual(['complete', 'complete']);
  const perRound = order.length / 3;
  for (const round of [0, 1, 2]) {
    const own = order.slice(round * perRound, (round + 1) * perRound);
    expect(own.every((run) => run.endsWith(` ${round + 1}`))).toBe(true);
    expect(new Set(own).size).toBe(perRound);
    expect(own.filter((run) => run.startsWith('baseline'))).toHaveLength(perRound / 2);
  }
  // Not one side after the other: then they would change 5 times.
  expect(order.filter((run, i) => i > 0 && run.split(' ')[0] !== order[i - 1]?.split(' ')[0]).length).toBeGreaterThan(
    7,
  );
  const [baseline, candidate] = [
    readSide(paths.baseline, { threshold_ns: 1 }),
    readSide(paths.candidate, { threshold_ns: 1 }),
  ];
  expect(measuredInTurns(baseline, candidate)).toBe(true);
  expect(measuredInTurns(baseline, baseline)).toBe(false);
  const { manifest, runs } = readBundle(paths.baseline);
  expect(manifest.order.map(({ arm, repetition }) => `baseline ${arm} ${repetition}`)).toEqual(
    order.filter((run) => run.startsWith('baseline')),
  );
  expect(runs.map(({ file }) => file.name.slice(0, 3))).toEqual(runs.map((_, i) => String(i).padStart(3, '0')));
  expect(sized).toBe(1);
  expect(JSON.stringify(manifest)).not.toContain('hunter2');
});

test('one size of a region for both sides, unless the stall that is aimed at is the change', async () => {
  const alike = await measured({ base: ['holder.nice=5'] });
  expect(new Set(alike.regions.values()).size).toBe(1);
  const aimed = await measured({ base: ['stall.leastHold=9ms'] });
  expect(aimed.sized).toBe(2);
  const of = (side: string): number[] =>
    [...aimed.regions].flatMap(([key, bytes]) => (key.startsWith(side) ? [bytes] : []));
  expect(new Set(of('baseline'))).toEqual(new Set([4096]));
  expect(new Set(of('candidate'))).toEqual(new Set([8192]));
});

test('a spoiled run is repeated on its side, in its round', async () => {
  const { paths, order } = await measured({
    base: ['hogs.count=3'],
    run: (request, nth) => output(request, nth === 1 ? ['steal'] : []),
  });
  const [first = ''] = order;
  expect(order.at(-1)).toBe(first);
  const own = readBundle(first.startsWith('baseline') ? paths.baseline : paths.candidate);
  expect(own.runs.filter(({ file }) => file.repetition === 1 && file.arm === first.split(' ')[1])).toHaveLength(2);
});

test('where a run fails neither bundle is whole, and the sentence names the side', async () => {
  const { failure, summaries } = await measured({
    base: ['hogs.count=3'],
    run: (request, nth) =>
      nth === 5
        ? {
            ...output(request),
            file: { ...output(request).file, failures: [said('the workload ended', 'workload')], status: 'failed' },
          }
        : output(request),
  });
  expect(failure?.message).toMatch(
    /^run (?:baseline|candidate)\/00\d-\S+ failed: the workload ended(?:; \d+ further runs were not made)?$/,
  );
  expect(summaries.map(({ status }) => status)).toEqual(['failed', 'failed']);
});

test.each([
  ['jvm-crashed', 'jvm-crashed'],
  ['holder-refused', 'holder-refused'],
  ['unclassified', 'workload'],
])('a run that failed with the code %s ends the experiment with the code %s', async (code, expected) => {
  const { failure } = await measured({
    run: (request) => {
      const whole = output(request);
      return { ...whole, file: { ...whole.file, failures: [said('it ended', code)], status: 'failed' } };
    },
  });
  expect(failure?.code).toBe(expected);
});

test('an interruption leaves two partial bundles', async () => {
  let runs = 0;
  const { summaries } = await measured({
    base: ['hogs.count=3'],
    run: (request) => {
      runs += 1;
      return output(request);
    },
    signal: () => (runs >= 4 ? 'SIGINT' : null),
  });
  expect(summaries.map(({ status }) => status)).toEqual(['partial', 'partial']);
});

test('both bundles go into one new or empty folder, and what holds no run is removed', () => {
  const folder = scratch.fresh('both');
  const stores = createBundles(folder, ['baseline', 'candidate']);
  expect(readdirSync(folder).sort()).toEqual(['baseline', 'candidate']);
  for (const store of stores) store.discard();
  expect(existsSync(folder)).toBe(false);
  mkdirSync(folder);
  writeFileSync(join(folder, 'manifest.json'), '{}');
  expect(() => createBundles(folder, ['baseline', 'candidate'])).toThrow(
    `the output folder ${folder} exists and is not empty; choose another with --out, or remove it`,
  );
  expect(readdirSync(folder)).toEqual(['manifest.json']);
  const numbered = createBundles(folder, ['baseline', 'candidate'], { numbered: true });
  expect(numbered.map(({ path }) => path)).toEqual([`${folder}-2/baseline`, `${folder}-2/candidate`]);
});

/**
 * A gate that measures its candidate, and a replay, in short: figures that are the same on every machine. What hogs do to
 * a writer, in a gate against a baseline and in turns, is in test/long/gate.test.ts.
 */
import { expect, test } from 'vitest';
import type { GateResult } from '../../src/verdict/gate/gated.js';
import { readBundle } from '../support/bundle.js';
import { expectNothingLeft, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { shortProfile } from '../support/short-profile.js';

const scratch = scratchFolder();
const profile = scratch.write('short.yaml', shortProfile);
/** A writer at 1000/s for 300 ms makes 300 operations, if it is not kept waiting beyond the drain. */
const limits = (limit: string, minimumRuns = 2): string =>
  scratch.write('limits.yaml', `minimumRuns: ${minimumRuns}\nrules: [{ allowSaturated: true, limits: [${limit}] }]`);

async function gated(policy: string, ...words: string[]) {
  const out = scratch.fresh('out');
  const ended = await pauselab([
    ...['gate', '--json', '--run', profile, '--arm', 'one-vma', '--runs', '2', '--policy', policy, '--out', out],
    ...words,
  ]);
  expect(ended).toMatchObject({ signal: null, code: expect.toBeOneOf([0, 3, 4]) as number });
  return { ...ended, out, result: JSON.parse(ended.stdout) as GateResult };
}

test('a pass, a failed limit and too few runs each have their exit code, and a replay is the same experiment', async () => {
  const passed = await gated(limits('longest_ns <= 1h'));
  expect(passed).toMatchObject({
    code: 0,
    sentences: [`pauselab: measured ${passed.out}`],
    result: { outcome: 'pass', counts: { fail: 0, error: 0 } },
  });
  const judge = (policy: string) => pauselab(['gate', '--json', '--candidate', passed.out, '--policy', policy]);
  const failed = await judge(limits('service.p50_ns <= 1ns'));
  expect({ code: failed.code, result: JSON.parse(failed.stdout) as GateResult }).toMatchObject({
    code: 3,
    result: { outcome: 'fail', counts: { pass: 0, error: 0 } },
  });
  const undecided = await judge(limits('longest_ns <= 1h', 3));
  expect(undecided.code).toBe(4);
  expect((JSON.parse(undecided.stdout) as GateResult).verdict).toContain(
    'has 2 complete, undisturbed runs of it, and the policy asks for at least 3',
  );

  const again = scratch.fresh('again');
  const replayed = await pauselab(['replay', passed.out, '--out', again, '--json']);
  expect(JSON.parse(replayed.stdout)).toMatchObject({ replayOf: passed.out, bundle: again });
  const planned = (path: string): object => {
    const { manifest, runs } = readBundle(path);
    const { profile: resolved, profileHash, seed, order } = manifest;
    return { resolved, profileHash, seed, order, arms: runs.map(({ file }) => file.arm) };
  };
  expect(planned(again)).toEqual(planned(passed.out));
});

test('both sides in turns: a bundle each, one region, and one run a side decides nothing', async () => {
  const compared = scratch.write(
    'compare.yaml',
    'minimumRuns: 2\nallowSettings: [arms.*.hogs.count]\nrules: [{ allowSaturated: true, compare: [{ metric: stalled_share, absolute: 10% }] }]\n',
  );
  const { code, out, result } = await gated(compared, '--runs', '1', '--base-set', 'hogs.count=0');
  expect({ code, outcome: result.outcome }).toEqual({ code: 4, outcome: 'inconclusive' });
  expect(result.suites[0]?.notes[0]).toMatchObject({
    code: 'measured-in-turns',
    sentence: 'Both sides were measured in turns. The change is hogs.count (0, 1).',
  });
  const sides = ['baseline', 'candidate'].map((side) => readBundle(`${out}/${side}`));
  expect(sides.map(({ runs }) => runs.length)).toEqual([3, 3]);
  expect(new Set(sides.flatMap(({ runs }) => runs.map(({ file }) => file.regionBytes))).size).toBe(1);
});

expectNothingLeft();

/** What `npm test` counts of vitest's tests. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { together, vitest } from '../../scripts/test/checks.mjs';
import { tallyOf } from '../../scripts/test/reporter.mjs';

interface FakeTest {
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly note?: string;
  readonly errors?: readonly Error[];
}

/** A file with these tests; with `error` a hook of it failed. */
function moduleOf(tests: readonly FakeTest[], error?: Error): object {
  const module = {
    relativeModuleId: 'a.test.ts',
    errors: () => (error === undefined ? [] : [error]),
    children: {
      allSuites: () => [],
      allTests: () => tests.map((one, i) => ({ fullName: `test ${i}`, result: () => one, parent: module })),
    },
  };
  return module;
}

const tally = (...tests: FakeTest[]): object => tallyOf([moduleOf(tests)], [], false);

test('tests and errors outside of tests are counted, each failure by its place and the first line of its error', () => {
  const failed: FakeTest = { state: 'failed', errors: [new Error('expected 1, got 2\nand more')] };
  expect(tally({ state: 'passed' }, failed)).toEqual({
    passed: 1,
    failures: ['a.test.ts > test 1: expected 1, got 2'],
    skipped: [],
  });
  expect(tallyOf([], [new Error('late')], false)).toMatchObject({ passed: 0, failures: ['outside of tests: late'] });
});

test('a test that was skipped says why, or counts as failed', () => {
  expect(tally({ state: 'skipped', note: 'needs root' })).toMatchObject({
    failures: [],
    skipped: ['test 0: needs root'],
  });
  expect(tally({ state: 'skipped' })).toMatchObject({
    failures: ['a.test.ts > test 0: skipped without a reason'],
    skipped: [],
  });
});

test('one that was not asked for does not, nor one whose hook failed and counts already', () => {
  const skipped: FakeTest = { state: 'skipped' };
  expect(tallyOf([moduleOf([skipped])], [], true)).toMatchObject({ failures: [], skipped: [] });
  expect(tallyOf([moduleOf([skipped], new Error('hook'))], [], false)).toMatchObject({
    failures: ['a.test.ts: hook'],
    skipped: [],
  });
});

describe('vitest', () => {
  const called = async (
    filter: readonly string[],
    tally: string | null,
    code = 0,
  ): Promise<{ args: string[]; failures: string[] }> => {
    let args: string[] = [];
    const { failures } = await vitest(['machine'], filter, (given: string[], _: string, env: NodeJS.ProcessEnv) => {
      args = given;
      if (tally !== null) writeFileSync(env.PAUSELAB_TALLY ?? '', tally);
      return Promise.resolve({ code, output: '' });
    });
    return { args, failures };
  };
  const none = '{"passed": 0, "failures": [], "skipped": []}';
  const one = '{"passed": 1, "failures": [], "skipped": []}';

  test('that ends with 0 and ran no test of its projects failed', async () => {
    const whole = await called([], none);
    expect(whole.failures).toEqual(['no test ran']);
    expect(whole.args).not.toContain('--passWithNoTests');
    expect((await called([], null)).failures).toEqual(['no test ran']);
    expect((await called([], one)).failures).toEqual([]);
  });

  test('may have no test that a filter chose', async () => {
    const chosen = await called(['test/docs.test.ts'], none);
    expect(chosen.failures).toEqual([]);
    expect(chosen.args).toContain('--passWithNoTests');
  });

  test('that ends with another code has failed, whatever it counted', async () => {
    expect((await called([], one, 1)).failures).toEqual(['vitest ended with 1']);
    const counted = '{"passed": 1, "failures": ["a"], "skipped": []}';
    expect((await called([], counted, 1)).failures).toEqual(['a']);
  });
});

test('of two parts the counts are added, and that no test ran in either is a failure', () => {
  const none = { passed: 0, failures: [], skipped: [] };
  expect(
    together([
      { passed: 2, failures: ['x'], skipped: ['a'] },
      { passed: 3, failures: [], skipped: ['b'] },
    ]),
  ).toEqual({ passed: 5, failures: ['x'], skipped: ['a', 'b'] });
  expect(together([none, { ...none, passed: 1 }]).failures).toEqual([]);
  expect(together([none, none]).failures).toEqual(['no test ran']);
});

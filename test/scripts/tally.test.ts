/** What `npm test` counts of vitest's tests. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { together, vitest } from '../../scripts/test/checks.mjs';
import { tallyOf } from '../../scripts/test/reporter.mjs';

interface FakeTest {
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly note?: string;
}

/** A file with these tests; with `error` a hook of it failed. */
function moduleOf(tests: readonly FakeTest[], error?: Error): object {
  const module = {
    errors: () => (error === undefined ? [] : [error]),
    children: {
      allSuites: () => [],
      allTests: () => tests.map((one, i) => ({ fullName: `test ${i}`, result: () => one, parent: module })),
    },
  };
  return module;
}

const tally = (...tests: FakeTest[]): object => tallyOf([moduleOf(tests)], [], false);

test('tests and errors outside of tests are counted', () => {
  expect(tally({ state: 'passed' }, { state: 'failed' })).toMatchObject({ passed: 1, failed: 1, skipped: [] });
  expect(tallyOf([], [new Error('late')], false)).toMatchObject({ passed: 0, failed: 1 });
});

test('a test that was skipped says why, or counts as failed', () => {
  expect(tally({ state: 'skipped', note: 'needs root' })).toMatchObject({ failed: 0, skipped: ['test 0: needs root'] });
  expect(tally({ state: 'skipped' })).toMatchObject({ failed: 1, skipped: [], unexplained: ['test 0'] });
});

test('one that was not asked for does not, nor one whose hook failed and counts already', () => {
  const skipped: FakeTest = { state: 'skipped' };
  expect(tallyOf([moduleOf([skipped])], [], true)).toMatchObject({ failed: 0, skipped: [] });
  expect(tallyOf([moduleOf([skipped], new Error('hook'))], [], false)).toMatchObject({ failed: 1, skipped: [] });
});

describe('vitest that ends with 0', () => {
  const called = async (
    filter: readonly string[],
    tally: string | null,
  ): Promise<{ args: string[]; failed: number }> => {
    const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    let args: string[] = [];
    const { failed } = await vitest(['machine'], filter, (given: string[], _: string, env: NodeJS.ProcessEnv) => {
      args = given;
      if (tally !== null) writeFileSync(env.PAUSELAB_TALLY ?? '', tally);
      return Promise.resolve({ code: 0, output: '' });
    });
    printed.mockRestore();
    return { args, failed };
  };
  const none = '{"passed": 0, "failed": 0, "skipped": []}';

  test('and ran no test of its projects failed', async () => {
    const whole = await called([], none);
    expect(whole.failed).toBe(1);
    expect(whole.args).not.toContain('--passWithNoTests');
    expect((await called([], null)).failed).toBe(1);
    expect((await called([], '{"passed": 1, "failed": 0, "skipped": []}')).failed).toBe(0);
  });

  test('may have no test that a filter chose', async () => {
    const chosen = await called(['test/docs.test.ts'], none);
    expect(chosen.failed).toBe(0);
    expect(chosen.args).toContain('--passWithNoTests');
  });
});

test('of two parts the counts are added, and that no test ran in either is a failure', () => {
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const none = { passed: 0, failed: 0, skipped: [] };
  expect(
    together([
      { passed: 2, failed: 1, skipped: ['a'] },
      { passed: 3, failed: 0, skipped: ['b'] },
    ]),
  ).toEqual({
    passed: 5,
    failed: 1,
    skipped: ['a', 'b'],
  });
  expect(together([none, { ...none, passed: 1 }]).failed).toBe(0);
  expect(together([none, none]).failed).toBe(1);
  expect(printed).toHaveBeenCalledWith('no test ran, which counts as one failure\n');
  printed.mockRestore();
});

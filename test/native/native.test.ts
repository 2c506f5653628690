/** The native unit tests, plain and under the sanitizers: each of their cases is a test here. */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { reportedCases } from './doctest-report.js';
import { nativeProgram } from './programs.js';

const run = promisify(execFile);

const variants = [
  { name: 'native-tests', wrapper: [], title: 'native tests' },
  {
    name: 'native-tests-asan',
    wrapper: [],
    title: 'native tests under AddressSanitizer and UndefinedBehaviorSanitizer',
  },
  // ThreadSanitizer's shadow memory has a fixed place, which address randomisation may have taken.
  { name: 'native-tests-tsan', wrapper: ['setarch', '-R'], title: 'native tests under ThreadSanitizer' },
];

describe.each(variants)('$title', ({ name, wrapper }) => {
  const program = nativeProgram(name);
  const list = execFileSync(program, ['--reporters=xml', '--list-test-cases'], { encoding: 'utf8' });
  const names = reportedCases(list).map((listed) => listed.name);
  // One run for all cases. A crash leaves the case that crashed and those after it without a result: they fail.
  const output = run('env', [...wrapper, program, '--reporters=xml'], { maxBuffer: 2 ** 26 }).catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  );

  test('the program has cases, and each has a name of its own', () => {
    expect(names.length).toBeGreaterThan(30);
    expect(new Set(names).size).toBe(names.length);
  });

  // Each waits for the whole run, which a machine under load may hold up for long.
  test.each(names)('%s', { timeout: 300_000 }, async (title) => {
    const { stdout, stderr } = await output;
    const result = reportedCases(stdout).find((reported) => reported.name === title);
    const why = result === undefined ? 'it did not run' : result.details;
    expect(result?.hasPassed, `${why}\n${stderr}`).toBe(true);
  });
});

/** A program of native unit tests: each of its cases is a test here. */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { reportedCases } from '../native/doctest-report.js';
import { nativeProgram } from '../native/programs.js';

const run = promisify(execFile);

interface NativeTests {
  readonly title: string;
  readonly name: string;
  readonly wrapper?: readonly string[];
  /** Cases that are left out, as doctest's patterns. */
  readonly without?: readonly string[];
}

export const plain: NativeTests = { title: 'native tests', name: 'native-tests' };
export const addressSanitizer: NativeTests = {
  title: 'native tests under AddressSanitizer and UndefinedBehaviorSanitizer',
  name: 'native-tests-asan',
};
/** Its shadow memory has a fixed place, which address randomisation may have taken. */
export const threadSanitizer: NativeTests = {
  title: 'native tests under ThreadSanitizer',
  name: 'native-tests-tsan',
  wrapper: ['setarch', '-R'],
};

/** They take most of the time under a sanitizer: regions and heaps of real size. */
export const heavyCases: readonly string[] = [
  'every holder operation releases and restores*',
  'a range of the heap crosses VMAs*',
  'among allocating threads some chunks cross*',
  'a churn counts what it allocates*',
  'each of 100 threads makes one call*',
];

export function testNativeProgram({ title, name, wrapper = [], without = [] }: NativeTests): void {
  describe(title, () => {
    const program = nativeProgram(name);
    const chosen = without.length === 0 ? [] : [`--test-case-exclude=${without.join(',')}`];
    const list = execFileSync(program, ['--reporters=xml', '--list-test-cases', ...chosen], { encoding: 'utf8' });
    const names = reportedCases(list).map((listed) => listed.name);
    // One run for all cases. A crash leaves the case that crashed and those after it without a result: they fail.
    const output = run('env', [...wrapper, program, '--reporters=xml', ...chosen], { maxBuffer: 2 ** 26 }).catch(
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
}

/** The native unit tests, plain and under the sanitizers: each of their cases is a test here. */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
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
  const cases = execFileSync(program, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  // One run for all cases; a crash leaves the cases after it without a line, and they fail.
  const output = run('env', [...wrapper, program]).catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  );

  test.each(cases)('%s', async (title) => {
    const { stdout, stderr } = await output;
    const line = stdout.split('\n').find((text) => text === `ok ${title}` || text.startsWith(`not ok ${title}`));
    expect(line ?? `no line for it; stderr: ${stderr}`).toBe(`ok ${title}`);
  });
});

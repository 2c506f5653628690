/**
 * A JVM's off-heap load and the engine's churn allocate the same blocks in the same order, so that an allocator's
 * answers can be compared.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { nativeProgram } from '../native/programs.js';
import { compileJava, installedJdks, jar } from '../support/jdks.js';

const folder = mkdtempSync(join(tmpdir(), 'pauselab-test-churn-'));
const program = [
  '-Xshare:auto',
  '-cp',
  `${jar}:${compileJava(folder, join(dirname(fileURLToPath(import.meta.url)), 'ChurnInterop.java'))}`,
  'ChurnInterop',
];
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const draws = 20_000;
/** Seed, live blocks, least and largest size: a power of two and other bounds, one size alone, the largest span. */
const churns = [
  [1, 64, 16_384, 1_048_576],
  [2, 64, 16_384, 1_048_576],
  [0, 1, 4096, 4096],
  [4_294_967_295, 1000, 1, 2_147_483_646],
  [77, 10_000_000, 1024, 102_400],
].map((numbers) => numbers.map(String));

const native = (numbers: readonly string[]): string =>
  execFileSync(nativeProgram('pauselab-board-tool'), ['draws', ...numbers, String(draws)], { encoding: 'utf8' });

describe.each(installedJdks())('a JVM $version', { timeout: 120_000 }, ({ java }) => {
  test.each(churns)('draws for seed %s of %s blocks from %s to %s bytes what the engine draws', (...numbers) => {
    const lines = execFileSync(java, [...program, ...numbers, String(draws)], { encoding: 'utf8' });
    expect(lines.split('\n')).toHaveLength(draws + 1);
    expect(lines).toBe(native(numbers));
  });
});

test('another seed is another churn', () => {
  const [one, other] = churns.map(native);
  expect(one).not.toBe(other);
});

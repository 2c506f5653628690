import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A check is a function that resolves to `{passed, failures[], skipped[]}`: a failure is what `npm test` says of it at its end. A check that is one command counts as one. Its
 * output is held back and printed in one piece, once `printAfter` has ended too, so that checks can run side by side.
 * With `stdio: 'inherit'` it is printed at once.
 */
export async function oneCommand(title, args, { stdio = 'pipe', printAfter } = {}) {
  const { code, output } = await node(args, stdio);
  await printAfter;
  const hasPassed = code === 0;
  process.stdout.write(`${hasPassed ? 'passed' : 'FAILED'}: ${title}\n`);
  if (!hasPassed) process.stdout.write(output);
  return { passed: Number(hasPassed), failures: hasPassed ? [] : [title], skipped: [] };
}

/**
 * Counts vitest's tests of these projects. If vitest stopped early, or ran no test without a filter, that is a failure: a
 * filter may leave none of these projects.
 * @param {readonly string[]} names
 * @param {readonly string[]} filter
 * @param {typeof node} [start]
 * @returns {Promise<{ passed: number, failures: string[], skipped: string[] }>}
 */
export async function vitest(names, filter, start = node) {
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-test-'));
  const file = join(folder, 'tally.json');
  const projects = names.flatMap((name) => ['--project', name]);
  const mayBeNone = filter.length > 0 ? ['--passWithNoTests'] : [];
  const reporters = ['--reporter=default', '--reporter=./scripts/test/reporter.mjs'];
  try {
    const { code } = await start(
      ['node_modules/vitest/vitest.mjs', 'run', ...mayBeNone, ...projects, ...reporters, ...filter],
      'inherit',
      { PAUSELAB_TALLY: file },
    );
    const tally = readTally(file);
    if (code !== 0 && tally.failures.length === 0) tally.failures.push(`vitest ended with ${code}`);
    return filter.length > 0 ? tally : atLeastOne(tally);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The sum of vitest's counts. If no test ran in any of them, that is a failure.
 * @param {readonly { passed: number, failures: readonly string[], skipped: readonly string[] }[]} tallies
 * @returns {{ passed: number, failures: string[], skipped: string[] }}
 */
export function together(tallies) {
  return atLeastOne({
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failures: tallies.flatMap(({ failures }) => failures),
    skipped: tallies.flatMap(({ skipped }) => skipped),
  });
}

function atLeastOne(tally) {
  if (tally.passed + tally.failures.length > 0) return tally;
  return { ...tally, failures: ['no test ran'] };
}

function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failures: [], skipped: [] };
  }
}

function node(args, stdio, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', stdio, stdio],
      env: { ...process.env, ...env },
    });
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code: code ?? signal, output: Buffer.concat(chunks).toString() });
    });
  });
}

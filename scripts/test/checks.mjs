import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A check is a function that resolves to `{passed, failed, skipped[]}`. A check that is one command counts as one. Its
 * output is held back and printed in one piece, so that two checks can run side by side. With `inherit` it is printed
 * at once.
 */
export async function oneCommand(title, args, stdio = 'pipe') {
  const { code, output } = await node(args, stdio);
  const hasPassed = code === 0;
  process.stdout.write(`${hasPassed ? 'passed' : 'FAILED'}: ${title}\n`);
  if (!hasPassed) process.stdout.write(output);
  return { passed: Number(hasPassed), failed: Number(!hasPassed), skipped: [] };
}

/** Counts vitest's tests. If no test ran, or vitest stopped early, that is a failure. */
export async function vitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-test-'));
  const file = join(folder, 'tally.json');
  const projects = ['unit', 'shared', 'machine'].flatMap((name) => ['--project', name]);
  const reporters = ['--reporter=default', '--reporter=./scripts/test/reporter.mjs'];
  try {
    const { code } = await node(
      ['node_modules/vitest/vitest.mjs', 'run', ...projects, ...reporters, ...args],
      'inherit',
      { PAUSELAB_TALLY: file },
    );
    const tally = readTally(file);
    if (tally.passed + tally.failed === 0) {
      process.stdout.write('no test ran, which counts as one failure\n');
      tally.failed = 1;
    } else if (code !== 0 && tally.failed === 0) {
      process.stdout.write(`vitest ended with ${code}, which counts as one failure\n`);
      tally.failed = 1;
    }
    return tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: [] };
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

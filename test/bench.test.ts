/**
 * Benches are not compiled, so what they call may change under them: each that needs no machine makes one try of one
 * case here.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { repository } from './support/pauselab.js';

const run = promisify(execFile);

test.each([
  [['gates', '--gates', '1', '--only', 'one'], / {2}service\.p99_ns, p99 ×2, log-sd 0\.4: now \d/],
  [['gates', '--gates', '1', '--only', 'drift'], / {2}100 checks, ×1\.5, in turns: exit 3 \d/],
  [
    ['observations', '--gates', '1', '--only', 'power'],
    / {2}a quarter of the rate, bursts of some 10 s,.*: said to differ \d/,
  ],
  [['alarms', '--gates', '1', '--only', 'stall-burst'], / {2}stall-burst: any verdict of a difference \d/],
])('bench/compare/errors.mjs %j ends with its last line', async (words, line) => {
  const { stdout } = await run(process.execPath, ['bench/compare/errors.mjs', ...words], { cwd: repository });
  expect(stdout).toMatch(line);
});

test('bench/observe-many.mjs has a line for each kind of stalls', async () => {
  const { stdout } = await run(process.execPath, ['bench/observe-many.mjs', '--stalls', '20'], { cwd: repository });
  for (const kind of ['stop', 'convoy', 'mutex', 'alone', 'records'])
    expect(stdout).toMatch(new RegExp(`  ${kind}: \\d+ stalls: [\\d.]+ ms a stall`));
});

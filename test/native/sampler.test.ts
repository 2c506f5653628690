/** What the sampler says of itself when it ends. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { programs } from '../../src/workload/programs.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

test.each([
  ['of a run', () => []],
  ['of an observation', () => [`waits=${scratch.fresh('waits')}`]],
])('that %s says which threads it could not look at, also when these have ended', async (_, options) => {
  const target = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
  // The sampler may open files for two.
  await until('five threads', () => readdirSync(`/proc/${String(target.pid)}/task`).length >= 5);
  const samples = scratch.fresh('samples');
  const words = [samples, '10000000', String(process.pid), ...options(), String(target.pid)];
  const sampler = spawn('bash', ['-c', 'ulimit -n 10; exec "$0" "$@"', programs.sampler(), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let said = '';
    sampler.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = new Promise((resolve) => sampler.once('close', resolve));
    await until('a look', () => existsSync(samples) && statSync(samples).size > 1000);
    target.kill('SIGKILL');
    expect(await ended).toBe(0);
    const [, , missed_n = 0] = said.split(' ').map(Number);
    expect(missed_n).toBeGreaterThan(0);
  } finally {
    target.kill('SIGKILL');
    sampler.kill('SIGKILL');
  }
});

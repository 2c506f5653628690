/** When the sampler ends, and what it says of itself then. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readSamples } from '../../src/record/samples.js';
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

test('it ends with its processes, and until then looks at those beside them too', async () => {
  const [target, beside] = [1, 2].map(() => spawn('sleep', ['600'], { stdio: 'ignore' }));
  const path = scratch.fresh('samples');
  // The second process of the list is not there.
  const list = `beside=${String(beside?.pid)},${2 ** 22}`;
  const sampler = spawn(
    programs.sampler(),
    [path, '10000000', String(process.pid), `waits=${scratch.fresh('waits')}`, list, String(target?.pid)],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  try {
    const ended = new Promise((resolve) => sampler.once('close', resolve));
    const seen = (): number[] => (existsSync(path) ? [...readSamples(path, 0n).stream.timelines.keys()] : []);
    await until('a look at both', () => seen().length === 2);
    expect(seen().toSorted()).toEqual([target?.pid, beside?.pid].toSorted());
    target?.kill('SIGKILL');
    expect(await ended).toBe(0);
    expect(beside?.exitCode).toBeNull();
  } finally {
    for (const child of [target, beside, sampler]) child?.kill('SIGKILL');
  }
});

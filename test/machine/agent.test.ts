/** Agents by the command: which process each arm's agent looks at, what is recorded, and how a bad one ends the run. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readBundle } from '../support/bundle.js';
import { expectNothingLeft, pauselab } from '../support/pauselab.js';
import { isAlive } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

const profile = (agent: string): string =>
  scratch.write(
    'p.yaml',
    `name: p\ntitle: P\nagent: ${agent}\nholder: { operation: read_smaps, region: 4MiB, active: false }\nhogs: { count: 0 }\nruns: 1\nwarmup: 200ms\nduration: 500ms\nspoiled: { steal: 100%, foreignLoad: 100%, retries: 0 }\nvictims: [{ operation: mmap_munmap, rate: 100/s }]\narms: [{ name: a }]\n`,
  );

test('the agent looks at the victims’ process, in the foreign control at another, and in the idle control at none', async () => {
  const [out, seen] = [scratch.fresh('out'), scratch.fresh('seen')];
  const command = `[sh, -c, 'echo {pid} $(ps -o ni= -p $$) >> ${seen}; echo looked >&2']`;
  const ended = await pauselab(['run', profile(`{ command: ${command}, nice: 7, pause: 50ms }`), '--out', out]);
  // A busy machine leaves the verdict open.
  expect([0, 4], ended.stderr).toContain(ended.code);
  const byArm = new Map(readBundle(out).runs.map(({ file }) => [file.arm, file]));
  expect(byArm.get('idle-control')?.agent).toBeNull();
  const lines = readFileSync(seen, 'utf8').trim().split('\n');
  expect(lines.every((line) => line.endsWith(' 7'))).toBe(true);
  for (const arm of ['a', 'foreign-control']) {
    const file = byArm.get(arm);
    const { agent } = file ?? {};
    expect(agent).toMatchObject({ name: 'sh', lastComplaint: 'looked' });
    expect(agent?.window_n).toBeGreaterThan(0);
    expect(agent?.cpu_ns).toBeGreaterThan(0);
    expect(agent?.ends['exit code 0']).toBeGreaterThan(1);
    expect(lines.filter((line) => line.startsWith(`${String(agent?.pid)} `)).length).toBeGreaterThan(1);
  }
  expect(byArm.get('a')?.agent?.pid).not.toBe(byArm.get('foreign-control')?.agent?.pid);
  expect(ended.stdout).toMatch(/agent sh: \d+ starts \(\d+ exit code 0.*its last message: looked/);
});

test('beside a churn the agent looks at its process, in the foreign control at the second one', async () => {
  const out = scratch.fresh('out');
  const beside = scratch.write(
    'churn.yaml',
    "name: p\ntitle: P\nagent: { command: [cat, '/proc/{pid}/smaps_rollup'], pause: 50ms }\nchurn: { rate: 100 }\nhogs: { count: 0 }\nruns: 1\nwarmup: 200ms\nduration: 500ms\nspoiled: { steal: 100%, foreignLoad: 100%, retries: 0 }\nvictims: [{ operation: mmap_munmap, rate: 100/s }]\narms: [{ name: a }]\n",
  );
  const ended = await pauselab(['run', beside, '--out', out]);
  expect([0, 4], ended.stderr).toContain(ended.code);
  const byArm = new Map(readBundle(out).runs.map(({ file }) => [file.arm, file]));
  expect(byArm.get('idle-control')?.agent).toBeNull();
  const pidsOf = (arm: string) => (byArm.get(arm)?.churn?.processes ?? []).map(({ pid }) => pid);
  expect(byArm.get('a')?.agent?.pid).toBe(pidsOf('a')[0]);
  expect(pidsOf('foreign-control')).toHaveLength(2);
  expect(byArm.get('foreign-control')?.agent?.pid).toBe(pidsOf('foreign-control')[1]);
});

test('an agent that keeps running ends after the run, with everything that it started', async () => {
  const [out, seen] = [scratch.fresh('out'), scratch.fresh('seen')];
  const command = `[sh, -c, 'sleep 1000 & echo $! $$ >> ${seen}; : {pid}; wait']`;
  const ended = await pauselab(['run', profile(`{ command: ${command}, mode: stay }`), '--arm', 'a', '--out', out]);
  // A busy machine leaves the verdict open.
  expect([0, 4], ended.stderr).toContain(ended.code);
  const file = readBundle(out).runs.find(({ file: one }) => one.arm === 'a')?.file;
  expect(file?.agent).toMatchObject({ starts_n: 1, window_n: 1, ends: { 'ended by pauselab after the window': 1 } });
  const started = readFileSync(seen, 'utf8').trim().split(/\s+/).map(Number);
  // The idle control has no agent, the foreign control has one.
  expect(started).toHaveLength(4);
  expect(started.every((pid) => pid > 1)).toBe(true);
  await until('the agents and what they started have ended', () => !started.some(isAlive));
});

describe('an agent that does not do what it should ends the run', () => {
  test.each([
    ["{ command: [no-such-agent, '{pid}'] }", 5, 'the agent’s program no-such-agent is not on this machine'],
    ["{ command: [sh, -c, 'echo broken >&2; exit 3', '{pid}'] }", 6, 'ended with exit code 3'],
    ["{ command: [sh, -c, 'echo bye >&2', '{pid}'], mode: stay }", 6, 'ended by itself after'],
  ])('%s', async (agent, code, problem) => {
    const out = scratch.fresh('out');
    const ended = await pauselab(['run', profile(agent), '--arm', 'a', '--out', out]);
    expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({ code });
    expect(ended.stderr.replaceAll("'s program", '’s program')).toContain(problem);
    if (code === 6) expect(ended.stderr).toMatch(/with the message "(broken|bye)"; /);
    else expect(existsSync(out)).toBe(false);
  });
});

expectNothingLeft();

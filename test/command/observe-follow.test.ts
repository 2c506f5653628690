/**
 * `pauselab observe --follow` beside a process that the test stops now and then. Beside one that waits for a lock it is in
 * test/machine/observe-follow.test.ts.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readBundleFile } from '../../src/bundle/store.js';
import { cgroupOf, pidsIn } from '../support/cgroup.js';
import { follow } from '../support/following.js';
import { expectFault, expectNothingLeft, mainFile, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { skipEach } from '../support/skip-each.js';
import { noisy, withinTries } from '../support/tries.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const canUseKernel = process.getuid?.() === 0 && existsSync('/sys/kernel/btf/vmlinux');

/** It wakes each millisecond, so that a stop is a stall. */
function busySleeper(): number {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1)'], { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child.pid ?? 0;
}

/** Stops the process until somebody has seen it. */
async function stoppedUntil(pid: number, what: string, isSeen: () => boolean): Promise<void> {
  await until(what, async () => {
    process.kill(pid, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 60));
    process.kill(pid, 'SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, 200));
    return isSeen();
  });
}

const isStop = (line: string): boolean => /^\d{4}-\d\d-\d\dT[\d:.]+Z {2}\S+ m?s: .* was stopped for /.test(line);

describe('what stalls a process', () => {
  skipEach(!canUseKernel, 'needs root, and BTF of this kernel');
  test.each(['ebpf', 'tracefs', 'sampling'])(
    'is shown while it is observed, and the result when it is interrupted: %s',
    async (tier) => {
      await withinTries(3, `stops are shown by ${tier}`, async () => {
        const pid = busySleeper();
        const out = scratch.fresh('followed');
        const following = follow(['--pid', String(pid), '--tier', tier, '--out', out]);
        const isShown = (): boolean => following.lines().filter(isStop).length >= 2;
        await following.beforeItEnds(noisy(() => stoppedUntil(pid, 'two stops are shown', isShown)));
        // Nothing is kept before the end.
        expect(existsSync(out)).toBe(false);
        following.kill('SIGINT');
        expect(await following.code).toBe(130);
        // On a busy machine the reason for a few stalls is not known.
        expect(following.lines().join('\n')).toMatch(/^\nGiving memory back (?:is not|was not seen to be) the reason/m);
        expect(readBundleFile('stalls', join(out, 'runs/observed/stalls.json')).stalls.length).toBeGreaterThanOrEqual(
          2,
        );
      });
    },
  );

  test('is an object per line with --json, and never twice; the observation comes last', async () => {
    const pid = busySleeper();
    const out = scratch.fresh('followed');
    const following = follow(['--pid', String(pid), '--until-stalls', '3', '--json', '--out', out]);
    await stoppedUntil(pid, 'three stalls end it', () => existsSync(join(out, 'observation.json')));
    expect(await following.code).toBe(0);
    const objects = following
      .lines()
      .map((line) => JSON.parse(line) as { kind: string; at?: string; start_ns?: number; thread?: { tid: number } });
    const last = objects.pop() as
      { kind: string; stalls?: { start_ns: number; thread: { tid: number } }[] } | undefined;
    expect(last?.kind).toBe('observation');
    expect(objects.length).toBeGreaterThanOrEqual(3);
    const seen = objects.map(({ thread, start_ns }) => `${thread?.tid} ${start_ns}`);
    expect(new Set(seen).size).toBe(seen.length);
    expect((last?.stalls ?? []).map(({ thread, start_ns }) => `${thread.tid} ${start_ns}`)).toEqual(
      expect.arrayContaining(seen),
    );
    for (const { kind, at = '' } of objects) {
      expect(kind).toBe('stall');
      expect(new Date(at).toISOString()).toBe(at);
    }
  });

  test('is kept beside the folder of --out if something else took that meanwhile', async () => {
    const out = scratch.fresh('taken');
    const following = follow(['--pid', String(busySleeper()), '--json', '--out', out]);
    await until('it observes', following.hasBegun);
    mkdirSync(join(out, 'of another command'), { recursive: true });
    following.kill('SIGINT');
    expect(await following.code).toBe(130);
    expect(JSON.parse(following.lines().at(-1) ?? '')).toMatchObject({ bundle: `${out}-2` });
    expect(existsSync(join(`${out}-2`, 'observation.json'))).toBe(true);
  });

  test('is no longer observed when nobody reads it', async () => {
    const pid = busySleeper();
    const out = scratch.fresh('unread');
    const child = spawn(
      'sh',
      [
        '-c',
        `"$@" | head -n 1`,
        'sh',
        process.execPath,
        mainFile,
        'observe',
        '--follow',
        '--pid',
        String(pid),
        '--out',
        out,
      ],
      { stdio: 'ignore' },
    );
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await stoppedUntil(pid, 'it ends', () => existsSync(join(out, 'observation.json')));
  });
});

describe('a cgroup', () => {
  skipEach(!canUseKernel, 'needs root, and BTF of this kernel');
  test('is observed with all its processes, and processes that start in it meanwhile are counted', async () => {
    const parent = spawn('sh', ['-c', 'read line; sleep 60 & sleep 60 & wait'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const folder = cgroupOf(parent.pid ?? 0);
    onTestFinished(() => {
      for (const pid of pidsIn(folder)) process.kill(pid, 'SIGKILL');
    });
    const following = follow(['--cgroup', folder, '--json', '--out', scratch.fresh('cgroup')]);
    await until('it observes', following.hasBegun);
    parent.stdin.end('go\n');
    await until('the process has started two', () => pidsIn(folder).length === 3);
    following.kill('SIGTERM');
    expect(await following.code).toBe(143);
    const last = JSON.parse(following.lines().at(-1) ?? '') as {
      targets: { pid: number }[];
      missing: { code: string; processes_n?: number }[];
    };
    expect(last.targets.map(({ pid }) => pid)).toEqual([parent.pid]);
    expect(last.missing).toContainEqual(expect.objectContaining({ code: 'processes-started', processes_n: 2 }));
  });
});

describe('wrong input', () => {
  test.each([
    [['--cgroup', '/there is none'], /^pauselab: --cgroup \/there is none: no process that can be observed is in this/],
    [
      ['--pid', String(process.pid), '--for', '1s', '--threshold', '2s'],
      /^pauselab: --threshold 2\.00 s is longer than --for 1\.00 s/,
    ],
  ])('is refused in one sentence: %j', async (args, said) => {
    expectFault(await pauselab(['observe', ...args]), { code: 2, says: [said] });
  });
});

expectNothingLeft();

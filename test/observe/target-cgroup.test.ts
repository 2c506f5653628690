/** The processes of a cgroup, and those that start during an observation. */
import { spawn } from 'node:child_process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isInside, pidsInCgroup, cgroupPlaceOf, startedMeanwhile } from '../../src/observe/target-cgroup.js';
import { targetOf } from '../../src/observe/target.js';
import { everyPid } from '../../src/workload/process-identity.js';
import { childrenOf } from '../support/processes.js';
import { until } from '../support/until.js';

const version2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';
const version1 = [
  '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
  '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
  '33 31 0:34 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd',
  '34 31 0:38 /docker/abc /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
].join('\n');

const isIn = (cgroup: string, mountinfo: string, text: string): boolean =>
  isInside(text, cgroupPlaceOf(cgroup, mountinfo));

describe('a cgroup', () => {
  test.each(['/shop', '/shop/', 'shop', '/sys/fs/cgroup/shop', '/sys/fs/cgroup/shop/'])(
    'of version 2 has the processes of it and below it: %s',
    (cgroup) => {
      expect(isIn(cgroup, version2, '0::/shop\n')).toBe(true);
      expect(isIn(cgroup, version2, '0::/shop/worker 1\n')).toBe(true);
      expect(isIn(cgroup, version2, '0::/shopping\n')).toBe(false);
      expect(isIn(cgroup, version2, '0::/\n')).toBe(false);
    },
  );

  test('of version 1 is one of its hierarchy where its folder says which', () => {
    const text = '4:memory:/docker/abc/shop\n3:cpu,cpuacct:/web\n2:name=systemd:/user\n0::/\n';
    expect(isIn('/sys/fs/cgroup/cpu,cpuacct/web', version1, text)).toBe(true);
    expect(isIn('/sys/fs/cgroup/systemd/user', version1, text)).toBe(true);
    expect(isIn('/sys/fs/cgroup/systemd/web', version1, text)).toBe(false);
    // A folder whose mount shows a part of the hierarchy.
    expect(isIn('/sys/fs/cgroup/memory/shop', version1, text)).toBe(true);
    expect(isIn('/docker/abc/shop', version1, text)).toBe(true);
  });

  test('outside of our cgroup namespace is that of no other path', () => {
    const host =
      '30 23 0:26 /../.. /host/cgroup rw - cgroup2 cgroup2 rw\n31 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw';
    expect(isIn('/host/cgroup/shop', host, '0::/../../shop/worker\n')).toBe(true);
    expect(isIn('/host/cgroup/shop', host, '0::/shop\n')).toBe(false);
    expect(isIn('/sys/fs/cgroup/shop', host, '0::/../../shop\n')).toBe(false);
    for (const path of ['/', '/shop', '/../shop', '/../../shop'])
      expect(isIn('/host/cgroup', host, `0::${path}\n`)).toBe(true);
    expect(isIn('/sys/fs/cgroup', host, '0::/../shop\n')).toBe(false);
    expect(isIn('/sys/fs/cgroup', host, '0::/shop\n')).toBe(true);
  });

  test('that nothing has has no processes', () => {
    expect(pidsInCgroup('/there is no such cgroup')).toEqual([]);
    expect(pidsInCgroup('/sys/fs/cgroup/there/is/none')).toEqual([]);
    expect(pidsInCgroup('')).toEqual([]);
  });
});

test('processes that a target starts meanwhile are found, at any depth, and none of others', async () => {
  const shell = spawn('sh', ['-c', 'read line; sh -c "sleep 60 & wait" & wait'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
  onTestFinished(() => {
    for (const pid of [...descendants(shell.pid ?? 0), bystander.pid ?? 0]) process.kill(pid, 'SIGKILL');
  });
  const targets = [targetOf(shell.pid ?? 0)];
  const before = new Set(everyPid());
  expect(startedMeanwhile(targets, [], before)).toEqual([]);
  shell.stdin.end('go\n');
  const started = await until('the shell has a child and a grandchild', () => {
    const found = descendants(shell.pid ?? 0).slice(1);
    return found.length === 2 ? found : null;
  });
  // This process is the parent of the target, so its own child processes do not count.
  expect(startedMeanwhile(targets, [], before)).toEqual([]);
  expect(startedMeanwhile(targets, [], before, bystander.pid ?? 0).sort()).toEqual(started.sort());
});

function descendants(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(descendants)];
}

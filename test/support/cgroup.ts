/** A cgroup of a test's own, where this machine lets it make one. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from './until.js';

/** Its folder; removed when the test has ended and `pid` with it. */
export function cgroupOf(pid: number): string {
  const folder = join(mountPoint(), `pauselab-test-${process.pid}`);
  mkdirSync(folder);
  onTestFinished(async () => {
    await until('the cgroup is removed', () => {
      try {
        rmdirSync(folder);
        return true;
      } catch {
        return false;
      }
    });
  });
  writeFileSync(join(folder, 'cgroup.procs'), String(pid));
  return folder;
}

export function pidsIn(folder: string): number[] {
  return readFileSync(join(folder, 'cgroup.procs'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

/** Of the freezer (version 1), or of version 2. */
function mountPoint(): string {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  const point =
    /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup \S+ \S*\bfreezer\b/m.exec(mounts)?.[1] ??
    /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(mounts)?.[1];
  if (point === undefined) throw new Error('no cgroup is mounted here');
  return point;
}

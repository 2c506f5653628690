/** How long cgroups kept a process back. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { throttled_ns } from '../../src/host/cpu-throttling.js';

const folder = mkdtempSync(join(tmpdir(), 'pauselab-throttling-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** `cgroups`: of each thread, as in /proc/PID/task/TID/cgroup; `stats`: files below the mount points `v1` and `v2`. */
function machine(cgroups: readonly string[], stats: Readonly<Record<string, string>>): string {
  const proc = mkdtempSync(join(folder, 'proc-'));
  const mount = (point: string, type: string, options: string) =>
    `30 23 0:27 / ${join(proc, point)} rw,relatime shared:5 - ${type} cgroup ${options}\n`;
  mkdirSync(join(proc, 'self'));
  writeFileSync(
    join(proc, 'self/mountinfo'),
    mount('other', 'cgroup', 'rw,cpuset') + mount('v1', 'cgroup', 'rw,cpu,cpuacct') + mount('v2', 'cgroup2', 'rw'),
  );
  for (const [i, text] of cgroups.entries()) {
    mkdirSync(join(proc, `7/task/${7 + i}`), { recursive: true });
    writeFileSync(join(proc, `7/task/${7 + i}/cgroup`), text);
  }
  for (const [path, text] of Object.entries(stats)) {
    mkdirSync(join(proc, path), { recursive: true });
    writeFileSync(join(proc, path, 'cpu.stat'), text);
  }
  return proc;
}

const v2 = (usec: number) => `usage_usec 5\nnr_throttled 3\nthrottled_usec ${usec}\n`;
const v1 = (ns: number) => `nr_periods 9\nnr_throttled 3\nthrottled_time ${ns}\n`;

test('its cgroup and those above it count', () => {
  const stats = { 'v2/app/worker': v2(20), 'v2/app': v2(300), 'v2/other': v2(4000) };
  expect(throttled_ns(7, machine(['1:name=systemd:/other\n0::/app/worker\n'], stats))).toBe(320_000);
});

test('a cgroup of version 1 counts, in nanoseconds', () => {
  const stats = { 'v1/app': v1(77), 'other/app': v1(5), 'v2/app': v1(5) };
  expect(throttled_ns(7, machine(['4:cpuset:/app\n2:cpu,cpuacct:/app\n0::/\n'], stats))).toBe(77);
});

test('the cgroup of a single thread counts, and what threads share counts once', () => {
  const stats = { 'v2/app/slow': v2(20), 'v2/app': v2(300) };
  expect(throttled_ns(7, machine(['0::/app\n', '0::/app/slow\n', '0::/app/slow\n'], stats))).toBe(320_000);
});

test('a cgroup without a limit is no time, and one that cannot be read is unknown', () => {
  expect(throttled_ns(7, machine(['0::/app\n'], { 'v2/app': 'usage_usec 5\n' }))).toBe(0);
  expect(throttled_ns(7, machine(['0::/../..\n'], {}))).toBeNull();
  expect(throttled_ns(8, machine(['0::/app\n'], { 'v2/app': v2(300) }))).toBeNull();
});

/** How long cgroups kept a process back, and the limit of our own. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cpuLimit } from '../../src/host/cpu-limit.js';
import { throttlingMeter, type ThrottlingMeter } from '../../src/host/cpu-throttling.js';
import { machineWith, mountOf, type FakeMachine } from '../support/kernel-files.js';

const v1Mounts = mountOf('other', 'cgroup', 'rw,cpuset') + mountOf('v1', 'cgroup', 'rw,cpu,cpuacct');
const v2Mount = mountOf('v2', 'cgroup2', 'rw');

/** `cgroups`: of each thread, as in /proc/PID/task/TID/cgroup; `files`: below the mount points `v1` and `v2`. */
function machine(cgroups: readonly string[], files: Readonly<Record<string, string>>, mounts = v1Mounts + v2Mount) {
  return machineWith({
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': mounts,
    'proc/7/cgroup': cgroups[0] ?? '',
    ...Object.fromEntries(cgroups.map((text, i) => [`proc/7/task/${7 + i}/cgroup`, text])),
    // What every root has.
    'v1/cpu.stat': 'nr_throttled 0\nthrottled_time 0\n',
    'v1/release_agent': '',
    'v2/cpu.stat': 'usage_usec 5\n',
    ...files,
  });
}

/** As counted from the start on, by a meter that was made when all counters were 0. */
function throttled_ns(pid: number, of: FakeMachine): number | null {
  const counters = Object.entries(of.files).filter(([name]) => name.endsWith('cpu.stat'));
  for (const [name, text] of counters) of.put(name, text.replace(/(throttled_\w+) \d+/, '$1 0'));
  const meter = throttlingMeter(pid, { threads: 'all', files: of });
  for (const [name, text] of counters) of.put(name, text);
  meter.end();
  return sum_ns(meter);
}

/** Null: not known. */
function sum_ns({ times }: Pick<ThrottlingMeter, 'times'>): number | null {
  return times(0n)?.reduce((sum, { throttled_ns: of_ns }) => sum + of_ns, 0) ?? null;
}

const v2 = (name: string, usec: number) => ({
  [`v2${name}/cgroup.type`]: 'domain\n',
  [`v2${name}/cpu.stat`]: `usage_usec 5\nnr_throttled 3\nthrottled_usec ${usec}\n`,
});
const v1 = (name: string, ns: number) => ({
  [`${name}/cpu.stat`]: `nr_periods 9\nnr_throttled 3\nthrottled_time ${ns}\n`,
});

describe('the time for which a process was kept back', () => {
  test('counts its cgroup and those above it', () => {
    const files = { ...v2('/app/worker', 20), ...v2('/app', 300), ...v2('/other', 4000) };
    expect(throttled_ns(7, machine(['1:name=systemd:/other\n0::/app/worker\n'], files))).toBe(320_000);
  });

  test('is in nanoseconds in a cgroup of version 1, and no other hierarchy counts', () => {
    const files = { ...v1('v1/app', 77), ...v1('other/app', 5), ...v2('/app', 5) };
    expect(throttled_ns(7, machine(['4:cpuset:/app\n2:cpu,cpuacct:/app\n0::/app\n'], files))).toBe(77);
  });

  test('counts the cgroup of a single thread, and what threads share once', () => {
    const files = { ...v2('/app/slow', 20), ...v2('/app', 300) };
    const of = machine(['0::/app\n', '0::/app/slow\n', '0::/app/slow\n'], files);
    expect(throttled_ns(7, of)).toBe(320_000);
    expect(throttled_ns(7, machine(['0::/app:with a colon\n'], v2('/app:with a colon', 1)))).toBe(1000);
  });

  test('is none without a limit, in the root, and on a kernel without cgroups', () => {
    const withoutLimit = { 'v2/app/cgroup.type': 'domain\n', 'v2/app/cpu.stat': 'usage_usec 5\n' };
    expect(throttled_ns(7, machine(['0::/app\n'], withoutLimit))).toBe(0);
    expect(throttled_ns(7, machine(['0::/\n'], {}))).toBe(0);
    expect(throttled_ns(7, machineWith({ 'proc/7/task/7/comm': 'x' }))).toBe(0);
  });

  test('is not known of a cgroup beside ours, and not the time of our own', () => {
    const own = { 'v2/cgroup.type': 'domain\n', 'v2/cpu.stat': 'throttled_usec 9\n' };
    for (const path of ['/..', '/../..', '/../target', '/../target/app'])
      expect(throttled_ns(7, machine([`0::${path}\n`], { ...own, ...v2('/target', 4) }))).toBeNull();
    expect(throttled_ns(7, machine(['0::/\n', '0::/../target\n'], own))).toBeNull();
  });

  test('is not known of a process that is gone, nor where the file is refused or has no mount', () => {
    expect(throttled_ns(8, machine(['0::/app\n'], v2('/app', 300)))).toBeNull();
    expect(throttled_ns(7, machineWith({ 'proc/self/cgroup': '0::/\n', 'proc/7/task/7/comm': 'x' }))).toBeNull();
    expect(throttled_ns(7, machine(['2:cpu:/app\n'], v2('/app', 300), v2Mount))).toBeNull();
    expect(throttled_ns(7, machine(['0::/app\n'], { 'v2/app/cgroup.type': 'domain\n' }))).toBeNull();
  });

  test('is read below the part of the hierarchy that is mounted', () => {
    const mounted = (root: string, path: string) =>
      throttled_ns(
        7,
        machine(
          [`0::${path}\n`],
          { 'v2/cgroup.type': 'domain\n', 'v2/cpu.stat': 'throttled_usec 9\n', ...v2('/app', 4) },
          mountOf('v2', 'cgroup2', 'rw', root),
        ),
      );
    expect(mounted('/docker/x', '/docker/x/app')).toBe(13_000);
    expect(mounted('/docker/x', '/docker/x')).toBe(9000);
    // Of a mount of the host, where our cgroup namespace begins two levels below.
    expect(mounted('/../..', '/../../app')).toBe(13_000);
    for (const path of ['/docker/xy', '/docker/y/app', '/app', '/']) expect(mounted('/docker/x', path)).toBeNull();
    for (const path of ['/', '/app', '/../app', '/../../..']) expect(mounted('/../..', path)).toBeNull();
  });
});

describe('a meter', () => {
  const files = () => machine(['0::/app\n'], v2('/app', 300));
  const put = (of: ReturnType<typeof files>, usec: number) => {
    of.put('v2/app/cpu.stat', `throttled_usec ${usec}\n`);
  };

  test('counts from its start, also after the end of the process, and of its cgroup', () => {
    const of = files();
    const meter = throttlingMeter(7, { threads: 'all', files: of });
    meter.look();
    expect(meter.times(0n)).toEqual([]);
    put(of, 350);
    rmSync(join(of.proc, '7'), { recursive: true });
    meter.look();
    expect(sum_ns(meter)).toBe(50_000);
    put(of, 360);
    meter.look();
    rmSync(join(of.root, 'v2/app'), { recursive: true });
    meter.end();
    expect(sum_ns(meter)).toBe(60_000);
  });

  test('has the time between two looks, and counts nothing after its end', () => {
    const of = files();
    const before_ns = process.hrtime.bigint();
    const meter = throttlingMeter(7, { threads: 'all', files: of });
    meter.look();
    const between_ns = process.hrtime.bigint();
    put(of, 350);
    meter.look();
    meter.look();
    meter.end();
    put(of, 900);
    meter.look();
    meter.end();
    const [time, ...others] = meter.times(before_ns) ?? [];
    expect(others).toEqual([]);
    expect(time?.throttled_ns).toBe(50_000);
    expect(time?.start_ns).toBeGreaterThan(0);
    expect(time?.start_ns).toBeLessThanOrEqual(Number(between_ns - before_ns));
    expect(time?.end_ns).toBeGreaterThanOrEqual(Number(between_ns - before_ns));
  });

  describe('of a process that moves', () => {
    const moved = (to: string, others: Readonly<Record<string, string>>, look: 'look' | 'end', isMain = true) => {
      const of = machine(['0::/app\n'], { ...v2('/app', 300), ...others });
      const meter = throttlingMeter(7, { threads: 'all', files: of });
      put(of, 310);
      of.put('proc/7/task/7/cgroup', `0::${to}\n`);
      if (isMain) of.put('proc/7/cgroup', `0::${to}\n`);
      meter[look]();
      return { of, meter };
    };

    test('does not know, where the other cgroup is not visible, or has counted before', () => {
      for (const look of ['look', 'end'] as const) {
        expect(moved('/../target', {}, look).meter.times(0n)).toBeNull();
        expect(moved('/other', v2('/other', 5000), look).meter.times(0n)).toBeNull();
      }
      // One of its threads alone.
      expect(moved('/other', v2('/other', 5000), 'end', false).meter.times(0n)).toBeNull();
    });

    test('goes on in a cgroup that has counted nothing yet, or that it had looked at', () => {
      const { of, meter } = moved('/other', v2('/other', 0), 'look');
      of.put('v2/other/cpu.stat', 'throttled_usec 7\n');
      meter.end();
      expect(sum_ns(meter)).toBe(17_000);
      expect(sum_ns(moved('/', {}, 'end').meter)).toBe(10_000);
    });
  });

  test('leaves out cgroups of single threads, if asked', () => {
    const of = machine(['0::/app\n', '0::/app/held\n'], { ...v2('/app', 0), ...v2('/app/held', 0) });
    const meters = (['main', 'all'] as const).map((threads) => throttlingMeter(7, { threads, files: of }));
    of.put('v2/app/held/cpu.stat', 'throttled_usec 70\n');
    for (const meter of meters) meter.end();
    expect(meters.map(sum_ns)).toEqual([0, 70_000]);
  });
});

describe('the limit of our own CPU time', () => {
  const limited = (path: string, files: Readonly<Record<string, string>>, mounts = v1Mounts + v2Mount) =>
    cpuLimit(machineWith({ 'proc/self/cgroup': path, 'proc/self/mountinfo': mounts, 'v2/cpu.stat': '', ...files }));
  const group = (name: string, max: string) => ({ [`v2${name}/cgroup.type`]: 'domain', [`v2${name}/cpu.max`]: max });

  test('is the lowest of its cgroup and those above it', () => {
    const files = { ...group('/pod/app', 'max 100000'), ...group('/pod', '50000 100000') };
    expect(limited('0::/pod/app\n', files)).toMatchObject({
      kind: 'limit',
      cpus: 0.5,
      file: expect.stringMatching(/v2\/pod\/cpu\.max$/) as string,
    });
    expect(limited('0::/pod/app\n', { ...files, ...group('/pod/app', '20000 100000') })).toMatchObject({ cpus: 0.2 });
  });

  test('is that of version 1', () => {
    const files = (quota: string) => ({
      'v1/release_agent': '',
      'v1/app/cpu.cfs_quota_us': quota,
      'v1/app/cpu.cfs_period_us': '100000',
    });
    expect(limited('2:cpu,cpuacct:/app\n0::/\n', files('150000'))).toMatchObject({ kind: 'limit', cpus: 1.5 });
    expect(limited('2:cpu,cpuacct:/app\n0::/\n', files('-1'))).toEqual({ kind: 'none' });
  });

  test('is none, or none that is visible in a container, or not known', () => {
    expect(limited('0::/app\n', group('/app', 'max 100000'))).toEqual({ kind: 'none' });
    expect(limited('0::/\n', { 'v2/cgroup.type': 'domain', 'v2/cpu.max': 'max 100000' })).toEqual({
      kind: 'none-visible',
    });
    expect(limited('0::/gone\n', {})).toEqual({ kind: 'unknown' });
    expect(limited('0::/../app\n', group('/app', '1 2'))).toEqual({ kind: 'unknown' });
    expect(limited('2:cpu:/app\n', {}, v2Mount)).toEqual({ kind: 'unknown' });
  });
});

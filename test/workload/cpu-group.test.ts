import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { groupThreads } from '../../src/workload/threads/cpu-group.js';
import { scratchFolder } from '../support/scratch.js';
import { sentencesOf } from '../../src/facts/stated.js';

const scratch = scratchFolder();
const runtime = scratch.fresh('runtime');
mkdirSync(runtime);
const limit = { quota_ns: 10_000_000, period_ns: 200_000_000 };

/**
 * Plain files in place of a hierarchy: what is written is kept, and of what a kernel makes there is what `home` says.
 */
function hierarchy(
  controllers: string,
  path = '/',
): { root: string; home: string; files: Parameters<typeof groupThreads>[4] } {
  const root = scratch.fresh('cgroup');
  const home = join(root, path);
  mkdirSync(home, { recursive: true });
  for (const folder of new Set([root, home])) {
    writeFileSync(join(folder, 'cgroup.controllers'), controllers);
    writeFileSync(join(folder, 'cgroup.subtree_control'), '');
  }
  return { root, home, files: { root, membership: () => `0::${path}\n` } };
}

/** Those made by this process. */
function cgroupsIn(home: string): string[] {
  return readdirSync(home)
    .filter((name) => name.startsWith(`pauselab-${process.pid}-`))
    .map((name) => join(home, name));
}

test('the threads go into a threaded cgroup below that of their process, and what was asked is read back', () => {
  const { home, files } = hierarchy('cpuset cpu io\n', '/a/b');
  const applied = groupThreads('holder', [77], { cpuMax: limit }, runtime, files);
  expect(applied.problems).toEqual([]);
  const [own = ''] = cgroupsIn(home);
  expect(readFileSync(join(runtime, 'cgroups'), 'utf8')).toContain(
    `${JSON.stringify({ cgroup: own, takesBack: true })}\n`,
  );
  expect(readFileSync(join(own, 'cgroup.type'), 'utf8')).toBe('threaded');
  expect(readFileSync(join(own, 'cpu.max'), 'utf8')).toBe('10000 200000');
  expect(readFileSync(join(own, 'cgroup.threads'), 'utf8')).toBe('77');
  expect(readFileSync(join(home, 'cgroup.subtree_control'), 'utf8')).toBe('+cpu');
  writeFileSync(join(own, 'cpu.stat'), 'usage_usec 5\nnr_periods 9\nnr_throttled 4\nthrottled_usec 760000\n');
  expect(applied.use()).toEqual({ ...limit, periods: 9, throttledPeriods: 4, throttled_ns: 760_000_000 });
  // A kernel's files go with their folder.
  for (const name of readdirSync(own)) rmSync(join(own, name));
  applied.remove();
  expect(cgroupsIn(home)).toEqual([]);
  expect(readFileSync(join(home, 'cgroup.subtree_control'), 'utf8')).toBe('-cpu');
});

test('a controller that another pauselab needs still is handed on', () => {
  const { home, files } = hierarchy('cpu\n');
  const applied = groupThreads('holder', [77], { cpuMax: limit }, runtime, files);
  mkdirSync(join(home, 'pauselab-1-another'));
  for (const own of cgroupsIn(home)) for (const name of readdirSync(own)) rmSync(join(own, name));
  applied.remove();
  expect(readFileSync(join(home, 'cgroup.subtree_control'), 'utf8')).toBe('+cpu');
});

test('a controller that was handed on already stays so', () => {
  const { home, files } = hierarchy('cpu\n');
  writeFileSync(join(home, 'cgroup.subtree_control'), 'cpu memory\n');
  groupThreads('holder', [77], { cpuMax: limit }, runtime, files).remove();
  expect(readFileSync(join(home, 'cgroup.subtree_control'), 'utf8')).toBe('cpu memory\n');
});

test('without the controller nothing is made, and it is said', () => {
  const { home, files } = hierarchy('memory pids\n');
  const applied = groupThreads('holder', [77], { cpuMax: limit }, runtime, files);
  expect(sentencesOf(applied.problems)).toEqual([
    expect.stringMatching(
      /^the limit on CPU time of holder could not be set \(.* has no cgroup v2 with the cpu controller\); run as root .* or in a guest \(--kernel\)$/,
    ),
  ]);
  expect(applied.use()).toBeNull();
  expect(readdirSync(home).some((name) => name.startsWith('pauselab'))).toBe(false);
});

test('what the kernel refuses is said with its reason', () => {
  const { home, files } = hierarchy('cpu\n');
  rmSync(join(home, 'cgroup.subtree_control'));
  mkdirSync(join(home, 'cgroup.subtree_control'));
  expect(groupThreads('holder', [77], { cpuMax: limit }, runtime, files).problems[0]).toMatchObject({
    code: 'cpu-limit-refused',
    reason: expect.stringContaining('EISDIR') as string,
  });
});

test('what cannot be noted is not made: nobody would remove it', () => {
  const { home, files } = hierarchy('cpu\n');
  expect(groupThreads('holder', [77], { cpuMax: limit }, join(runtime, 'gone'), files).problems[0]).toMatchObject({
    code: 'cpu-limit-refused',
    reason: expect.stringContaining('ENOENT') as string,
  });
  expect(cgroupsIn(home)).toEqual([]);
});

test('a weight is set and read back, beside a limit or without one', () => {
  const { home, files } = hierarchy('cpu\n');
  const hogs = groupThreads('hogs', [78, 78], { cpuWeight: 1 }, runtime, files);
  expect(hogs).toMatchObject({ problems: [], weight: 1 });
  expect(hogs.use()).toBeNull();
  const [own = ''] = cgroupsIn(home);
  expect(readFileSync(join(own, 'cpu.weight'), 'utf8')).toBe('1');
  expect(readdirSync(own)).not.toContain('cpu.max');
  expect(groupThreads('holder', [77], { cpuMax: limit, cpuWeight: 10_000 }, runtime, files)).toMatchObject({
    problems: [],
    weight: 10_000,
  });
});

test('a weight that is not in force is said: it is no silent default', () => {
  const { files } = hierarchy('memory\n');
  expect(groupThreads('hogs', [78], { cpuWeight: 1 }, runtime, files)).toMatchObject({
    weight: null,
    problems: [
      {
        code: 'cpu-weight-refused',
        sentence: expect.stringMatching(/^the cgroup weight of hogs could not be set \(.*\); run as root/) as string,
      },
    ],
  });
  expect(
    groupThreads('holder', [77], { cpuMax: limit, cpuWeight: 1 }, runtime, files).problems.map(({ code }) => code),
  ).toEqual(['cpu-limit-refused', 'cpu-weight-refused']);
});

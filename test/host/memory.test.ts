/**
 * How much memory is ours, and what an end by SIGKILL was: from files as the kernel writes them, and from a real
 * cgroup.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { availableMemoryBytes, memoryLimit, smallestMemoryLimitBytes, watchOomKills } from '../../src/host/memory.js';
import { repository } from '../support/pauselab.js';
import { machineWith as filesOf } from '../support/kernel-files.js';

const mib = 2 ** 20;

/** The machine has 8 GiB available. */
const machineWith = (files: Readonly<Record<string, string>>) =>
  filesOf({ 'proc/meminfo': 'MemTotal: 9000000 kB\nMemAvailable: 8388608 kB\n', ...files });

const v2 = {
  'proc/self/mountinfo': '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n',
  'proc/self/cgroup': '0::/a/b\n',
};
const v1 = {
  'proc/self/mountinfo':
    '31 23 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n35 23 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n',
  'proc/self/cgroup': '9:name=systemd:/\n4:memory:/a\n0::/\n',
};
const unlimited = '9223372036854771712\n';

describe('what may be used is the least of', () => {
  test.each([
    [
      'the machine, where no cgroup has a limit',
      { ...v2, 'sys/fs/cgroup/a/b/memory.max': 'max\n', 'sys/fs/cgroup/a/memory.max': 'max\n' },
      8192,
    ],
    [
      'the machine, where a limit is higher',
      { ...v2, 'sys/fs/cgroup/a/b/memory.max': String(2 ** 40), 'sys/fs/cgroup/a/b/memory.current': '0' },
      8192,
    ],
    [
      'its cgroup, less what is used, with the cache that can be dropped',
      {
        ...v2,
        'sys/fs/cgroup/a/b/memory.max': String(512 * mib),
        'sys/fs/cgroup/a/b/memory.current': String(200 * mib),
        'sys/fs/cgroup/a/b/memory.stat': `anon 5\ninactive_file ${50 * mib}\n`,
      },
      362,
    ],
    [
      'one above it',
      {
        ...v2,
        'sys/fs/cgroup/a/b/memory.max': 'max\n',
        'sys/fs/cgroup/a/memory.max': String(256 * mib),
        'sys/fs/cgroup/a/memory.current': String(56 * mib),
      },
      200,
    ],
    [
      'memory.high, above which everything is slow',
      {
        ...v2,
        'sys/fs/cgroup/a/b/memory.max': String(512 * mib),
        'sys/fs/cgroup/a/b/memory.high': String(128 * mib),
        'sys/fs/cgroup/a/b/memory.current': '0',
      },
      128,
    ],
    [
      'cgroup v1',
      {
        ...v1,
        'sys/fs/cgroup/memory/a/memory.limit_in_bytes': String(300 * mib),
        'sys/fs/cgroup/memory/a/memory.usage_in_bytes': String(100 * mib),
        'sys/fs/cgroup/memory/a/memory.stat': `total_inactive_file ${10 * mib}\n`,
        'sys/fs/cgroup/memory/memory.limit_in_bytes': unlimited,
      },
      210,
    ],
    [
      'the root of v1',
      {
        ...v1,
        'sys/fs/cgroup/memory/a/memory.limit_in_bytes': unlimited,
        'sys/fs/cgroup/memory/memory.limit_in_bytes': String(100 * mib),
        'sys/fs/cgroup/memory/memory.usage_in_bytes': '0',
      },
      100,
    ],
    [
      'the mount of a container that sees the path of its host',
      {
        'proc/self/mountinfo': '30 23 0:26 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
        'proc/self/cgroup': '0::/docker/x\n',
        'sys/fs/cgroup/memory.max': String(64 * mib),
        'sys/fs/cgroup/memory.current': '0',
      },
      64,
    ],
    [
      'nothing, where more is used than the limit',
      { ...v2, 'sys/fs/cgroup/a/b/memory.max': String(64 * mib), 'sys/fs/cgroup/a/b/memory.current': String(65 * mib) },
      0,
    ],
  ] as const)('%s', (_, files, expected) => {
    expect(availableMemoryBytes(machineWith(files)) / mib).toBe(expected);
  });
});

test('the smallest limit does not depend on what is used', () => {
  const nested = (outerUsed: number) =>
    machineWith({
      ...v2,
      'sys/fs/cgroup/a/b/memory.max': String(512 * mib),
      'sys/fs/cgroup/a/b/memory.current': String(mib),
      'sys/fs/cgroup/a/memory.max': String(1024 * mib),
      'sys/fs/cgroup/a/memory.current': String(outerUsed * mib),
    });
  for (const [used, tightest] of [
    [2, 512],
    [1000, 1024],
  ] as const) {
    expect((memoryLimit(nested(used))?.bytes ?? 0) / mib).toBe(tightest);
    expect(smallestMemoryLimitBytes(nested(used))).toBe(512 * mib);
  }
  expect(smallestMemoryLimitBytes(machineWith(v2))).toBeNull();
});

describe('an end by SIGKILL', () => {
  test('is the kernel’s where the cgroup counts one, by either version', () => {
    for (const [base, name] of [
      [v2, 'sys/fs/cgroup/a/b/memory.events'],
      [v1, 'sys/fs/cgroup/memory/a/memory.oom_control'],
    ] as const) {
      const files = machineWith({ ...base, 'proc/vmstat': 'oom_kill 3\n', [name]: 'low 0\noom_kill 2\n' });
      const why = watchOomKills(files);
      expect(why()).toBe('');
      files.put(name, 'low 0\noom_kill 3\n');
      expect(why()).toMatch(
        /^, as the kernel ended a process of this cgroup because memory ran out \(oom_kill\); lower/,
      );
    }
  });

  test('is probably so where only the machine counts one, and perhaps where nothing counts', () => {
    const files = machineWith({
      ...v2,
      'proc/vmstat': 'oom_kill 3\n',
      'sys/fs/cgroup/a/b/memory.events': 'oom_kill 0\n',
    });
    const why = watchOomKills(files);
    files.put('proc/vmstat', 'oom_kill 4\n');
    expect(why()).toMatch(
      /^, probably by the kernel because memory ran out: it ended a process of this machine meanwhile/,
    );
    expect(watchOomKills(machineWith(v2))()).toMatch(/^, perhaps by the kernel/);
  });
});

/** A memory cgroup of this test's own; null where none can be made. */
function ownCgroup(): { readonly folder: string; readonly version: 1 | 2 } | null {
  for (const { base, version } of [
    { base: '/sys/fs/cgroup/memory', version: 1 },
    { base: '/sys/fs/cgroup', version: 2 },
  ] as const) {
    const folder = join(base, `pauselab-test-${process.pid}`);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    onTestFinished(() => {
      rmdirSync(folder);
    });
    if (existsSync(join(folder, version === 1 ? 'memory.limit_in_bytes' : 'memory.max'))) return { folder, version };
  }
  return null;
}

test('a real cgroup is respected, and its kill is told', ({ skip }) => {
  const own = ownCgroup();
  if (own === null) {
    skip('no memory cgroup can be made here');
    return;
  }
  writeFileSync(join(own.folder, own.version === 1 ? 'memory.limit_in_bytes' : 'memory.max'), String(256 * mib));
  const script = `
    import { memoryLimit, watchOomKills } from ${JSON.stringify(join(repository, 'dist/host/memory.js'))};
    import { spawnSync } from 'node:child_process';
    const limit = memoryLimit();
    const why = watchOomKills();
    const { signal } = spawnSync(process.execPath, ['-e', 'const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1));']);
    console.log(JSON.stringify({ bytes: limit?.bytes, signal, why: why() }));`;
  // The shell goes into the cgroup, and Node is born in it. The child is the largest, so it is the one that is ended.
  const { stdout, stderr } = spawnSync(
    'sh',
    [
      '-c',
      'echo $$ > "$0/cgroup.procs" && exec "$1" --input-type=module -e "$2"',
      own.folder,
      process.execPath,
      script,
    ],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    bytes: 256 * mib,
    signal: 'SIGKILL',
    why: expect.stringMatching(
      /^, as the kernel ended a process of this cgroup because memory ran out \(oom_kill\): its limit is 256 MiB/,
    ) as string,
  });
});

test('here, too, it is a number', () => {
  expect(availableMemoryBytes()).toBeGreaterThan(0);
  expect(memoryLimit()?.bytes ?? Infinity).toBeGreaterThan(0);
});

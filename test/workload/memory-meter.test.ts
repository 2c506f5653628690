import { join } from 'node:path';
import { expect, test } from 'vitest';
import { countingCgroupOf, proportionalBytes, residentBytes } from '../../src/host/process-memory.js';
import { memoryMeter, pssSaidBy } from '../../src/workload/watch/memory-meter.js';
import { machineWith as filesOf } from '../support/kernel-files.js';

const MiB = 2 ** 20;

test('resident memory of a process is what its counters say, and grows with what it touches', () => {
  const before = residentBytes(process.pid) ?? 0;
  const touched = Buffer.alloc(64 * MiB, 1);
  const after = residentBytes(process.pid) ?? 0;
  // Other memory may have been given back meanwhile.
  expect(after - before).toBeGreaterThan(touched.length / 2);
  // 0 is no process.
  expect(residentBytes(0)).toBeNull();
});

test('the proportional share is of the size of what is resident', async () => {
  const share = (await proportionalBytes(process.pid)) ?? 0;
  expect(share).toBeGreaterThan(MiB);
  expect(share).toBeLessThan((residentBytes(process.pid) ?? 0) * 1.5);
  expect(await proportionalBytes(0)).toBeNull();
});

test('of several looks there is a mean and a peak, of all processes together and of each', () => {
  const sizes = [
    [10, 1],
    [30, 1],
    [20, 7],
  ].map(
    ([a = 0, b = 0]) =>
      new Map([
        [1, a * MiB],
        [2, b * MiB],
      ]),
  );
  let look = 0;
  const meter = memoryMeter([1, 2], process.pid, (pid) => sizes[look]?.get(pid) ?? null);
  for (look = 0; look < sizes.length; look += 1) meter.look();
  // One of them is gone: the sum would be that of another workload.
  meter.look();
  const use = meter.use(new Map([[1, 5 * MiB]]));
  expect(use).toMatchObject({ samples_n: 3, rssMeanBytes: 23 * MiB, rssPeakBytes: 31 * MiB, pssBytes: null });
  expect(
    use?.processes.map(({ pid, rssMeanBytes, rssPeakBytes, pssBytes }) => [pid, rssMeanBytes, rssPeakBytes, pssBytes]),
  ).toEqual([
    [1, 20 * MiB, 30 * MiB, 5 * MiB],
    [2, 3 * MiB, 7 * MiB, null],
  ]);
  expect(
    meter.use(
      new Map([
        [1, 5 * MiB],
        [2, MiB],
      ]),
    )?.pssBytes,
  ).toBe(6 * MiB);
  expect(memoryMeter([1], process.pid, () => null).use(new Map())).toBeNull();
});

test('what a process said of its memory is taken from its documents', () => {
  expect(pssSaidBy([{ layout: [] }, { churn: [] }, null, 'x', { memory: { pssBytes: 5 } }])).toEqual([5]);
  expect(pssSaidBy([{ memory: {} }, { memory: { pssBytes: 'x' } }])).toEqual([]);
});

const mounts = `30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
31 20 0:27 / /sys/fs/memory rw - cgroup cgroup rw,memory
`;

/** For process 7. */
const machineWith = (membership: string, files: Readonly<Record<string, string>>) =>
  filesOf({ 'proc/self/mountinfo': mounts, 'proc/7/cgroup': membership, ...files });

test.each([
  ['v2', '0::/user/run\n', 'sys/fs/cgroup/user/run', 'memory.current'],
  ['v1', '4:memory:/box\n1:cpu:/\n0::/\n', 'sys/fs/memory/box', 'memory.usage_in_bytes'],
])('a cgroup that counts memory is found: %s', (_, membership, folder, counter) => {
  const files = machineWith(membership, { [`${folder}/${counter}`]: '4096\n', [`${folder}/cgroup.procs`]: '1\n22\n' });
  const found = countingCgroupOf(7, files);
  expect(found?.folder).toBe(join(files.root, folder));
  expect(found?.bytes()).toBe(4096);
  expect(found?.pids()).toEqual([1, 22]);
});

test('the root of a hierarchy counts nobody’s memory, nor does a cgroup without the controller', () => {
  expect(
    countingCgroupOf(
      7,
      machineWith('4:memory:/\n0::/\n', {
        'sys/fs/memory/memory.usage_in_bytes': '1',
        'sys/fs/cgroup/memory.current': '1',
      }),
    ),
  ).toBeNull();
  expect(countingCgroupOf(7, machineWith('0::/user\n', { 'sys/fs/cgroup/user/cgroup.procs': '1' }))).toBeNull();
});

test('the cgroup of another container is not that of the same name in ours', () => {
  const ours = { 'sys/fs/cgroup/box/memory.current': '4096\n', 'sys/fs/cgroup/memory.current': '8192\n' };
  for (const path of ['/../box', '/..', '/../../box/..'])
    expect(countingCgroupOf(7, machineWith(`0::${path}\n`, ours))).toBeNull();
});

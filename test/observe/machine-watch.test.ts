/** What the machine did to the observed processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readLoadIfShown, type LoadReading } from '../../src/host/machine-load.js';
import { watchMachine } from '../../src/observe/machine-watch.js';
import { statedGap } from '../../src/words/observation-words.js';
import { evidenceOf } from '../attribution/fake-evidence.js';
import { machineWith, mountOf } from '../support/kernel-files.js';

const second_ns = 1_000_000_000n;

test('what the hypervisor took is a share of all CPUs, from the start of the observation on, whatever way is used', () => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  let reads = 0;
  const read = (): LoadReading => {
    const at = reads++;
    return {
      time_ns: 100n * second_ns + BigInt(at) * (second_ns / 4n),
      cpus_n: 8,
      busy_ns: 0,
      steal_ns: at * 1e9,
      own_ns: 0,
      clockSource: null,
    };
  };
  const machine = watchMachine([], 99e9, { read });
  vi.advanceTimersByTime(500);
  machine.end();
  vi.advanceTimersByTime(5000);
  const { steal, cpuCount } = machine.addTo(evidenceOf([]));
  expect(cpuCount).toBe(8);
  expect(steal).toEqual(
    [0, 1, 2].map((n) => ({ start_ns: 1e9 + n * 0.25e9, end_ns: 1.25e9 + n * 0.25e9, steal_share: 0.5 })),
  );
});

test('a process that is not kept back, also after its end; one that was never seen is not known, and that is said', async () => {
  const child = spawn('sleep', ['60']);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child, 'spawn');
  const [pid, gone] = [child.pid ?? 0, 2 ** 30];
  const machine = watchMachine([{ pid }, { pid: gone }], 0);
  const throttled = () => [...(machine.addTo(evidenceOf([])).throttled ?? [])];
  const expected = [
    [pid, []],
    [gone, null],
  ];
  expect(throttled()).toEqual(expected);
  child.kill('SIGKILL');
  await once(child, 'exit');
  machine.end();
  expect(throttled()).toEqual(expected);
  expect(machine.gaps()).toEqual([{ code: 'throttling-unread', pid: gone }]);
});

test('a limit has the times at which the readings found it, and none of those after the end', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const files = machineWith({
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': mountOf('v2', 'cgroup2', 'rw'),
    'proc/7/cgroup': '0::/app\n',
    'proc/7/task/7/cgroup': '0::/app\n',
    'v2/app/cgroup.type': 'domain\n',
    'v2/app/cpu.stat': 'throttled_usec 300\n',
  });
  const put = (usec: number): void => {
    files.put('v2/app/cpu.stat', `throttled_usec ${usec}\n`);
  };
  const start_ns = Number(process.hrtime.bigint());
  const machine = watchMachine([{ pid: 7 }], start_ns, { read: () => null, files });
  vi.advanceTimersByTime(250);
  put(350);
  vi.advanceTimersByTime(250);
  machine.end();
  // What pauselab itself uses up while it explains what was seen.
  put(9000);
  vi.advanceTimersByTime(5000);
  const [times] = [...(machine.addTo(evidenceOf([])).throttled ?? [])].map(([, of]) => of);
  expect(times).toMatchObject([{ throttled_ns: 50_000 }]);
  expect(times?.[0]?.start_ns).toBeGreaterThan(0);
  expect(machine.gaps()).toEqual([
    { code: 'steal-unread' },
    { code: 'cgroup-throttled', pid: 7, throttled_ns: 50_000 },
  ]);
});

test('a machine that hides /proc/stat is observed, and what the hypervisor took is not known', () => {
  expect(readLoadIfShown(null, '/proc/none')).toBeNull();
  const machine = watchMachine([], 0, { read: () => null });
  machine.end();
  expect(machine.addTo(evidenceOf([]))).toMatchObject({ steal: [], cpuCount: 2 });
  expect(machine.gaps().map((gap) => statedGap(gap).sentence)).toEqual([
    'pauselab could not read whether the hypervisor took CPU time, because /proc/stat is hidden (/proc is mounted with subset=pid). Waits for a CPU may come from the hypervisor',
  ]);
});

test('the time of a limit is not called that of a clock', () => {
  expect(statedGap({ code: 'cgroup-throttled', pid: 7, throttled_ns: 42e9 }).sentence).toBe(
    'a limit of CPU time (cpu.max) of the cgroup of 7, or of one above it, stopped its threads for 42.0 s in all. This sums CPUs and cgroups, so it can exceed the time observed. Waits for a CPU may come from it',
  );
  expect(statedGap({ code: 'throttling-unread', pid: 7 }).sentence).toBe(
    'pauselab could not read whether a limit of CPU time (cpu.max) stopped threads of 7: their cgroup is not visible, or they moved to another one. Waits for a CPU may come from it. In a container, start pauselab with --cgroupns=host',
  );
});

/** What the machine did to the observed processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { LoadReading } from '../../src/host/machine-load.js';
import { watchMachine } from '../../src/observe/machine-watch.js';
import { statedGap } from '../../src/words/observation-words.js';
import { evidenceOf } from '../attribution/fake-evidence.js';

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
  const machine = watchMachine([], 99e9, read);
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
    [pid, false],
    [gone, null],
  ];
  expect(throttled()).toEqual(expected);
  child.kill('SIGKILL');
  await once(child, 'exit');
  machine.end();
  expect(throttled()).toEqual(expected);
  expect(machine.gaps()).toEqual([{ code: 'throttling-unread', pid: gone }]);
});

test('the time of a limit is not called that of a clock', () => {
  expect(statedGap({ code: 'cgroup-throttled', pid: 7, throttled_ns: 42e9 }).sentence).toBe(
    'the cgroup of 7, or one above it, used up its CPU time (cpu.max) and was kept back for 42.0 s, added up over all CPUs and these cgroups, which can be more than the time observed: waits for a CPU may come from that',
  );
  expect(statedGap({ code: 'throttling-unread', pid: 7 }).sentence).toBe(
    'whether a limit of CPU time (cpu.max) kept 7 back is not known, because its cgroup is not visible to pauselab: a wait for a CPU may come from that',
  );
});

/** What is read of a machine during a window: a process that has ended leaves what is unknown unknown. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { machineLoad, runMeters } from '../../src/experiment/run/run-meters.js';
import type { LoadReading } from '../../src/host/machine-load.js';
import type { PreparedWorkload } from '../../src/workload/prepared.js';
import { machineWith, mountOf } from '../support/kernel-files.js';

const reading = (at_s: number, own_s: number): LoadReading => ({
  time_ns: BigInt(at_s * 1e9),
  cpus_n: 2,
  busy_ns: 2 * at_s * 1e9,
  steal_ns: 0.1 * at_s * 1e9,
  own_ns: own_s * 1e9,
  clockSource: 'tsc',
});

test('the last reading with all processes counts, if it covers most of the window', () => {
  const [begin, last, end] = [reading(0, 0), reading(7, 13.3), reading(8, 0)];
  const known = machineLoad([begin, last, end], { begin, end: last });
  expect(known.foreignLoad_share).toBeCloseTo(0.05, 10);
  expect(known.ownLoad_share).toBeCloseTo(0.95, 10);
  expect(known.steal_share).toBeCloseTo(0.05, 10);
  const early = reading(4, 7.6);
  const unknown = machineLoad([begin, early, end], { begin, end: early });
  expect(unknown).toMatchObject({ foreignLoad_share: null, ownLoad_share: null });
  expect(unknown.steal_share).toBeCloseTo(0.05, 10);
  expect(machineLoad([begin, end], null).foreignLoad_share).toBeNull();
});

test('a look at the start that did not see all processes costs only the time until the next look', async () => {
  const pid = process.pid;
  let beside_ns: number | null = null;
  const workload: Pick<PreparedWorkload, 'pids' | 'victimsPid' | 'besideCpu_ns'> = {
    pids: [pid],
    victimsPid: pid,
    besideCpu_ns: () => beside_ns,
  };
  const meters = runMeters(workload as PreparedWorkload, [pid], [0, 1]);
  meters.onWindowStart();
  beside_ns = 0;
  meters.onSnapshot();
  // The last look comes much later than the second came after the first.
  const { loads } = meters.readings();
  const until_ns = process.hrtime.bigint() + 10n * ((loads[1]?.time_ns ?? 0n) - (loads[0]?.time_ns ?? 0n));
  while (process.hrtime.bigint() < until_ns) await new Promise(setImmediate);
  meters.onWindowEnd();
  const { machine } = meters.readings();
  expect(machine.foreignLoad_share).not.toBeNull();
  expect(machine.ownLoad_share).not.toBeNull();
});

test('a limit counts from the warm-up to the end of the work, with the time of each', () => {
  const pid = process.pid;
  const files = machineWith({
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': mountOf('v2', 'cgroup2', 'rw'),
    [`proc/${pid}/cgroup`]: '0::/app\n',
    'v2/app/cgroup.type': 'domain\n',
    'v2/app/cpu.stat': 'throttled_usec 1\n',
  });
  const workload: Pick<PreparedWorkload, 'pids' | 'victimsPid'> = { pids: [pid], victimsPid: pid };
  const meters = runMeters(workload as PreparedWorkload, [pid], [0, 1], files);
  const phases = [
    () => {
      meters.onWindowStart();
    },
    () => {
      meters.onSnapshot();
    },
    () => {
      meters.onWorkEnd();
    },
    // The analysis.
    () => {
      meters.onWindowEnd();
    },
  ];
  const ends_ns = phases.map((phase, i) => {
    files.put('v2/app/cpu.stat', `throttled_usec ${10 ** (i + 1) + 1}\n`);
    phase();
    return Number(process.hrtime.bigint());
  });
  const times = meters.readings().throttling.times(0n) ?? [];
  expect(times.map(({ throttled_ns }) => throttled_ns)).toEqual([10_000, 90_000, 900_000]);
  expect(times[1]?.start_ns).toBe(times[0]?.end_ns);
  expect(times[1]?.start_ns).toBeLessThanOrEqual(ends_ns[0] ?? 0);
});

test('a workload that ended before any look used an unknown time, and others too', async () => {
  const child = spawn('sleep', ['60']);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const workload: Pick<PreparedWorkload, 'pids' | 'victimsPid'> = { pids: [pid], victimsPid: pid };
  const meters = runMeters(workload as PreparedWorkload, [pid], [0, 1]);
  meters.onWindowStart();
  child.kill('SIGKILL');
  await once(child, 'exit');
  meters.onWindowEnd();
  const { machine, used, loads } = meters.readings();
  expect(machine).toMatchObject({ foreignLoad_share: null, ownLoad_share: null });
  expect(used).toEqual({ cpu_ns: 0, over_ns: 0 });
  expect(loads).toHaveLength(2);
});

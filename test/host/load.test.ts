import { expect, test } from 'vitest';
import {
  cpuTimeOf,
  loadBetween,
  parseStat,
  readLoad,
  readLoadOf,
  type LoadReading,
} from '../../src/host/machine-load.js';

/** CPU 0, 1 and 3; in the first line a CPU is counted that is not online any more. */
const stat = `cpu  900 900 900 900 900 900 900 900 900 900
cpu0 100 20 30 4000 50 6 7 80 90 9
cpu1 1 0 0 0 0 0 0 2 0 0
cpu3 1000 0 0 0 0 0 0 500 0 0
intr 1 2 3
`;
const cpu0 = { busy_ns: (100 + 20 + 30 + 6 + 7) * 1e7, steal_ns: 80 * 1e7 };

test('busy is all but idle, waiting for a disk, and stolen; guests are in user and nice already', () => {
  expect(parseStat(stat, [0])).toEqual({ cpus_n: 1, ...cpu0 });
});

test('CPUs that the experiment may not use do not count, and all that are online do if none is named', () => {
  const two = { cpus_n: 2, busy_ns: cpu0.busy_ns + 1e7, steal_ns: 82 * 1e7 };
  expect(parseStat(stat, [0, 1])).toEqual(two);
  const all = { cpus_n: 3, busy_ns: two.busy_ns + 1000e7, steal_ns: 582 * 1e7 };
  expect(parseStat(stat, null)).toEqual(all);
  // A process without taskset may use CPUs that are not online, too.
  expect(parseStat(stat, [0, 1, 2, 3])).toEqual(all);
  expect(parseStat(stat, [0, 2])).toEqual({ cpus_n: 1, ...cpu0 });
});

test('a container that numbers its CPUs anew shows those that it may use', () => {
  expect(parseStat(stat, [0, 40, 41])).toMatchObject({ cpus_n: 3 });
  expect(parseStat(stat, [40])).toMatchObject({ cpus_n: 3 });
});

test('an old kernel’s short line', () => {
  expect(parseStat('cpu0 1 2 3 4\n', null)).toEqual({ cpus_n: 1, busy_ns: 6e7, steal_ns: 0 });
});

const before: LoadReading = {
  time_ns: 5_000_000_000n,
  cpus_n: 2,
  busy_ns: 10e9,
  steal_ns: 1e9,
  own_ns: 4e9,
  clockSource: 'tsc',
};

test('shares are of the time of the CPUs that were read, and our own work is not foreign', () => {
  const after: LoadReading = {
    time_ns: 7_000_000_000n,
    cpus_n: 2,
    busy_ns: 13e9,
    steal_ns: 1.4e9,
    own_ns: 6e9,
    clockSource: 'tsc',
  };
  expect(loadBetween(before, after)).toEqual({
    steal_share: 0.1,
    foreignLoad_share: 0.25,
    ownLoad_share: 0.5,
    clockSource: 'tsc',
    clockSourceChanged: false,
  });
});

test('ticks that run late give no share below 0, and no time no share above all', () => {
  const after: LoadReading = { ...before, busy_ns: 10e9, steal_ns: 0.9e9, own_ns: 5e9, clockSource: 'hpet' };
  expect(loadBetween(before, after)).toEqual({
    steal_share: 0,
    foreignLoad_share: 0,
    ownLoad_share: 0,
    clockSource: 'hpet',
    clockSourceChanged: true,
  });
});

test('a reading with a process that is gone is none, because its time would pass for that of others', () => {
  expect(readLoadOf(null, [process.pid, 2 ** 30])).toBeNull();
  expect(readLoadOf(null, [process.pid], null)).toBeNull();
  expect(cpuTimeOf(2 ** 30)).toBeNull();
  expect(readLoadOf(null, [process.ppid], 7e9)?.own_ns).toBeGreaterThan(7e9);
});

test('a reading of this machine counts this process among its own', () => {
  const reading = readLoad(null);
  expect(reading.own_ns).toBeGreaterThan(0);
  expect(reading.busy_ns).toBeGreaterThan(0);
});

test('a program on a CPU that the experiment may not use is no other load', () => {
  const at = (time_s: number, busy: readonly number[], steal: readonly number[]): LoadReading => ({
    ...before,
    time_ns: BigInt(time_s) * 1_000_000_000n,
    own_ns: 0,
    ...parseStat(busy.map((ticks, cpu) => `cpu${cpu} ${ticks} 0 0 0 0 0 0 ${steal[cpu] ?? 0} 0 0\n`).join(''), [0, 1]),
  });
  const load = loadBetween(at(0, [0, 0, 0, 0], []), at(1, [50, 0, 100, 100], [0, 20, 100, 100]));
  expect(load).toMatchObject({ foreignLoad_share: 0.25, steal_share: 0.1 });
});

import { expect, test } from 'vitest';
import {
  cpuTimeOf,
  loadBetween,
  parseStat,
  readLoad,
  readLoadOf,
  type LoadReading,
} from '../../src/host/machine-load.js';

const stat = `cpu  100 20 30 4000 50 6 7 80 90 9
cpu0 1 1 1 1 1 1 1 1 1 1
intr 1 2 3
`;

test('busy is all but idle, waiting for a disk, and stolen; guests are in user and nice already', () => {
  expect(parseStat(stat)).toEqual({ busy_ns: (100 + 20 + 30 + 6 + 7) * 1e7, steal_ns: 80 * 1e7 });
});

test('an old kernel’s short line', () => {
  expect(parseStat('cpu  1 2 3 4\n')).toEqual({ busy_ns: 6e7, steal_ns: 0 });
});

const before: LoadReading = { time_ns: 5_000_000_000n, busy_ns: 10e9, steal_ns: 1e9, own_ns: 4e9, clockSource: 'tsc' };

test('shares are of all CPUs’ time, and our own work is not foreign', () => {
  const after: LoadReading = {
    time_ns: 7_000_000_000n,
    busy_ns: 13e9,
    steal_ns: 1.4e9,
    own_ns: 6e9,
    clockSource: 'tsc',
  };
  expect(loadBetween(before, after, 2)).toEqual({
    steal_share: 0.1,
    foreignLoad_share: 0.25,
    ownLoad_share: 0.5,
    clockSource: 'tsc',
    clockSourceChanged: false,
  });
});

test('ticks that run late give no share below 0, and no time no share above all', () => {
  const after: LoadReading = { ...before, busy_ns: 10e9, steal_ns: 0.9e9, own_ns: 5e9, clockSource: 'hpet' };
  expect(loadBetween(before, after, 2)).toEqual({
    steal_share: 0,
    foreignLoad_share: 0,
    ownLoad_share: 0,
    clockSource: 'hpet',
    clockSourceChanged: true,
  });
});

test('a reading with a process that is gone is none, because its time would pass for that of others', () => {
  expect(readLoadOf([process.pid, 2 ** 30])).toBeNull();
  expect(readLoadOf([process.pid], null)).toBeNull();
  expect(cpuTimeOf(2 ** 30)).toBeNull();
  expect(readLoadOf([process.ppid], 7e9)?.own_ns).toBeGreaterThan(7e9);
});

test('a reading of this machine counts this process among its own', () => {
  const reading = readLoad();
  expect(reading.own_ns).toBeGreaterThan(0);
  expect(reading.busy_ns).toBeGreaterThan(0);
});

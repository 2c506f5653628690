import { describe, expect, test } from 'vitest';
import type { CpuTopology } from '../../src/host/cpus.js';
import { preemptionFactor, weightOf } from '../../src/host/weights.js';
import { loadResolved } from '../../src/profile/written/load.js';
import type { ResolvedHogs, ResolvedHolder } from '../../src/profile/resolved/resolved.js';
import { nativeArm } from '../support/native-arm.js';

const topology: CpuTopology = { allowed: [0, 1, 2, 3], siblings: (cpu) => [cpu] };
const arm = nativeArm((await loadResolved('priority-inversion')).arms.find(({ name }) => name === 'free-across-vmas'));

function factor(hogs: Partial<ResolvedHogs>, holder: Partial<ResolvedHolder> = {}): number {
  return factorOrUnknown(hogs, holder) ?? NaN;
}

function factorOrUnknown(hogs: Partial<ResolvedHogs>, holder: Partial<ResolvedHolder> = {}): number | null {
  return preemptionFactor({ holder: { ...arm.holder, ...holder }, hogs: { ...arm.hogs, ...hogs } }, topology);
}

describe('weights are the kernel’s', () => {
  test.each([
    [-20, 88761],
    [-10, 9548],
    [0, 1024],
    [1, 820],
    [5, 335],
    [10, 110],
    [19, 15],
  ])('nice %i weighs %i', (nice, weight) => {
    expect(weightOf({ nice, policy: 'other' })).toBe(weight);
    expect(weightOf({ nice, policy: 'batch' })).toBe(weight);
  });

  test('SCHED_IDLE weighs 3, whatever its nice value', () => {
    expect(weightOf({ nice: -20, policy: 'idle' })).toBe(3);
    expect(weightOf({ nice: 19, policy: 'idle' })).toBe(3);
  });

  test('a step of nice is about a quarter', () => {
    for (let nice = -20; nice < 19; nice += 1) {
      const ratio = weightOf({ nice, policy: 'other' }) / weightOf({ nice: nice + 1, policy: 'other' });
      expect(ratio).toBeGreaterThan(1.18);
      expect(ratio).toBeLessThan(1.32);
    }
  });
});

// What was measured of a 4 ms slice: 275 ms beside one hog, 557 to 679 ms beside two.
test.each([
  [1, 273],
  [2, 546],
  [4, 1092],
])('nice 19 beside %i hogs is off its CPU for %i ms after a slice of 4 ms', (count, off_ms) => {
  expect(Math.round(4 * (factor({ count }) - 1))).toBe(off_ms);
});

test('SCHED_IDLE waits five times as long', () => {
  expect((factor({}, { policy: 'idle' }) - 1) / (factor({}) - 1)).toBeCloseTo(5, 10);
});

test('equals share', () => {
  expect(factor({ count: 1 }, { nice: 0 })).toBe(2);
  expect(factor({ count: 3, nice: 7 }, { nice: 7 })).toBe(4);
});

test('nobody is in the way without hogs, or with hogs on other CPUs', () => {
  expect(factor({ count: 0 })).toBe(1);
  expect(factor({ count: 4, cpus: { kind: 'second' } })).toBe(1);
  expect(factor({ count: 4, cpus: { kind: 'list', cpus: [2, 3] } })).toBe(1);
});

test('a holder of several CPUs goes to the freer one', () => {
  const cpus = { kind: 'list', cpus: [0, 1] } as const;
  expect(factor({ count: 1, cpus }, { cpus, nice: 0 })).toBe(1);
  expect(factor({ count: 2, cpus }, { cpus, nice: 0 })).toBe(2);
  expect(factor({ count: 4, cpus }, { cpus, nice: 0 })).toBe(3);
});

describe('real-time policies are not scheduled by weight', () => {
  test('beside a real-time hog on its CPU nothing is known, whatever the holder is', () => {
    for (const policy of ['other', 'idle', 'fifo 1', 'rr 50'] as const)
      expect(factorOrUnknown({ policy: 'fifo 2' }, { policy })).toBeNull();
  });

  test('a real-time hog on another CPU, or none, is in nobody’s way', () => {
    expect(factor({ policy: 'rr 2', cpus: { kind: 'second' } })).toBe(1);
    expect(factor({ policy: 'fifo 2', count: 0 })).toBe(1);
  });

  test('hogs that are not take nothing from a real-time holder', () => {
    expect(factor({ count: 4 }, { policy: 'fifo 1' })).toBe(1);
  });
});

describe('a cgroup with a weight', () => {
  test('of 100 counts as a thread of nice 0, whatever the nice values in it', () => {
    expect(factor({}, { cpuWeight: 100 })).toBeCloseTo(2, 10);
    expect(factor({ cpuWeight: 100 }, { nice: 0 })).toBeCloseTo(2, 10);
    expect(factor({}, { nice: 0, cpuWeight: 1 })).toBeCloseTo(1 + 1024 / 10, 10);
  });

  test('is shared by all hogs in it', () => {
    expect(factor({ count: 4, cpuWeight: 100 }, { nice: 0 })).toBeCloseTo(2, 10);
    expect(factor({ count: 4 }, { nice: 0 })).toBeCloseTo(5, 10);
  });
});

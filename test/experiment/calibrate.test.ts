import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearestProbe, nextSize, shareOfMemory } from '../../src/experiment/plan/calibrate.js';
import { targetHold_ns } from '../../src/experiment/plan/check-plan.js';
import type { CpuTopology } from '../../src/host/cpus.js';
import { preemptionFactor } from '../../src/host/weights.js';
import { loadResolved } from '../../src/profile/written/load.js';
import type { NativeArm } from '../../src/profile/resolved/resolved.js';
import { nativeArm } from '../support/native-arm.js';

const topology: CpuTopology = { allowed: [0, 1], siblings: (cpu) => [cpu] };
const arm = nativeArm((await loadResolved('priority-inversion')).arms.find(({ name }) => name === 'free-across-vmas'));
const MiB = 2 ** 20;

function target(stall: NativeArm['stall'], hogs = 1): number {
  return targetHold_ns({ ...arm, stall, hogs: { ...arm.hogs, count: hogs } }, topology);
}

test('a hold, stretched by preemption, is the stall aimed at', () => {
  expect(target({ aim_ns: 550e6, leastHold_ns: 1e6 }) * (preemptionFactor(arm, topology) ?? NaN)).toBeCloseTo(550e6, 3);
  expect(target({ aim_ns: 550e6, leastHold_ns: 1e6 }, 2)).toBeCloseTo(550e6 / (1 + (2 * 1024) / 15), 3);
});

test('never below the least hold, and without hogs the stall itself', () => {
  expect(target({ aim_ns: 550e6, leastHold_ns: 20e6 })).toBe(20e6);
  expect(target({ aim_ns: 550e6, leastHold_ns: 20e6 }, 0)).toBe(550e6);
});

test.each([
  [64, 4e6, 8e6, 128],
  [64, 8e6, 4e6, 32],
  [64, 1e3, 8e6, 1024], // at most 16-fold
  [64, 1e9, 8e6, 4], // and at least a sixteenth
  [64, 3e6, 8e6, 170], // in whole huge pages
  [2, 8e6, 1e3, 2], // of which there is at least one
])('%i MiB that hold for %d ns and should for %d ns become %i MiB', (bytes, hold_ns, target_ns, next) => {
  expect(nextSize(bytes * MiB, hold_ns, target_ns)).toBe(next * MiB);
});

test('where hold is proportional to bytes, the next size is right to half a huge page', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2048 }),
      fc.double({ min: 0.1, max: 15, noNaN: true }),
      fc.integer({ min: 1, max: 1000 }),
      (pages, factor, nsPerPage) => {
        const bytes = pages * 2 * MiB;
        const hold_ns = pages * nsPerPage;
        const target_ns = hold_ns * factor;
        const next = nextSize(bytes, hold_ns, target_ns) / (2 * MiB);
        expect(Math.abs(next - Math.max(1, target_ns / nsPerPage))).toBeLessThanOrEqual(0.5 + 1e-6);
      },
    ),
  );
});

test('of all probes the one nearest to the target is taken, of equal ones the last', () => {
  const probe = (MiBs: number, hold_ns: number) => ({ bytes: MiBs * MiB, hold_ns, calls: 3 });
  const probes = [probe(64, 2e6), probe(256, 7e6), probe(292, 11.4e6), probe(205, 5e6)];
  expect(nearestProbe(probes, 8e6)?.bytes).toBe(256 * MiB);
  expect(nearestProbe(probes, null)?.bytes).toBe(205 * MiB);
  expect(nearestProbe([probe(64, 4e6), probe(128, 16e6)], 8e6)?.bytes).toBe(128 * MiB);
  expect(nearestProbe([], 8e6)).toBeUndefined();
});

test('a region of each of 100 threads takes a quarter of the memory together, the published size at most', () => {
  const GiB = 2 ** 30;
  expect(shareOfMemory(100, 24 * GiB)).toBe(60 * MiB);
  expect(shareOfMemory(100, 1024 * GiB)).toBe(256 * MiB);
  // Too little for that, which is refused then, and not done with less than a huge page in each half.
  expect(shareOfMemory(100, GiB)).toBe(4 * MiB);
});

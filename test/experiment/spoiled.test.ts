import { expect, test } from 'vitest';
import { spoiledBy, spoiledByHost } from '../../src/experiment/spoiled.js';
import type { MachineLoad } from '../../src/host/load.js';

const limits = { steal_share: 0.05, foreignLoad_share: 0.25, retries: 2 };
const calm: MachineLoad = { steal_share: 0.05, foreignLoad_share: 0.25, clockSource: 'tsc', clockSourceChanged: false };

test('at its limits a run is still evidence', () => {
  expect(spoiledBy(calm, limits)).toEqual([]);
});

test.each<[Partial<MachineLoad>, string]>([
  [{ steal_share: 0.0501 }, 'the hypervisor took 5.01 % of the CPU time (limit 5 %)'],
  [{ foreignLoad_share: 0.4 }, 'other programs used 40 % of the CPU time (limit 25 %)'],
  [{ clockSource: 'hpet', clockSourceChanged: true }, 'the kernel changed its clock source to hpet'],
  [{ clockSource: null, clockSourceChanged: true }, 'the kernel changed its clock source to one that cannot be read'],
])('%j spoils it', (load, reason) => {
  expect(spoiledBy({ ...calm, ...load }, limits)).toEqual([reason]);
});

test('every reason is named', () => {
  expect(spoiledBy({ steal_share: 1, foreignLoad_share: 1, clockSource: 'hpet', clockSourceChanged: true }, limits)).toHaveLength(3);
});

test('what the host did to a guest spoils its run: CPUs kept waiting, a clock that went wrong', () => {
  expect(spoiledByHost({ runDelay_share: 0.05, clock_ratio: 1.04 }, 10e9, limits)).toEqual([]);
  expect(spoiledByHost({ runDelay_share: 0.06, clock_ratio: 1 }, 10e9, limits)).toEqual(["the host kept the guest's CPUs waiting for 6 % of the time (limit 5 %)"]);
  expect(spoiledByHost({ runDelay_share: 0, clock_ratio: 0.9 }, 10e9, limits)).toEqual(["the guest's clock went 0.90 times as fast as the host's"]);
});

test('in a short run a clock is not called wrong for what may be a message read late', () => {
  expect(spoiledByHost({ runDelay_share: 0, clock_ratio: 1.06 }, 1e9, limits)).toEqual([]);
  expect(spoiledByHost({ runDelay_share: 0, clock_ratio: 31 }, 1e9, limits)).toHaveLength(1);
});

/** Regions that are sized for the CPU time of a call: what decides their size, and what is refused. */
import { expect, test } from 'vitest';
import { nextSize } from '../../src/experiment/plan/calibrate.js';
import { checkPlan, hasRegion, regionKey, targetHold_ns } from '../../src/experiment/plan/check-plan.js';
import type { CpuTopology } from '../../src/host/cpus.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { problemsIn, resolveFiles, valid } from '../profile/files.js';

const topology: CpuTopology = { allowed: [0, 1], siblings: (cpu) => [cpu] };

const ladder = valid(
  'duration: 10s\nlayout: split\narms:\n' +
    '  - { name: a, holder: { region: { hold: 300us } } }\n' +
    '  - { name: b, holder: { region: { hold: 10ms } } }\n' +
    '  - { name: c, holder: { region: { hold: 10ms } }, hogs: { count: 2 } }\n' +
    '  - { name: d }\n',
);

test('each hold has a region of its own, whatever the stalls and hogs of the arm are', async () => {
  const { arms } = await resolveFiles({ 'p.yaml': ladder });
  const steps = arms.filter(hasRegion).filter(({ control }) => control === null);
  const holds = steps.filter(({ holder }) => holder.region.kind === 'hold');
  expect(holds.map((arm) => targetHold_ns(arm, topology))).toEqual([300_000, 10_000_000, 10_000_000]);
  const [a, b, c, d] = steps.map(regionKey);
  expect(b).toBe(c);
  expect(new Set([a, b, d]).size).toBe(3);
});

test('a hold below a millisecond gets less than a huge page, if that is what it takes', () => {
  expect(nextSize(2 ** 22, 400_000, 50_000, 2 ** 16)).toBe(2 ** 19);
  expect(nextSize(2 ** 22, 400_000, 50_000)).toBe(2 ** 21);
});

test('a hold that does not fit four times into the window is refused with what would fit', async () => {
  const resolved = await resolveFiles({ 'p.yaml': ladder }, 'holder.nice=19', 'duration=2s');
  expect(() => {
    checkPlan(resolved, resolved.arms, 2);
  }).toThrow(
    /holder\.region\.hold gives it 10\.0 ms of CPU time, .* use --duration \ds, or lower holder\.region\.hold$/,
  );
});

test.each([
  ['madvise_dontneed_chunks', /chooses the sizes of its calls/],
  ['parallel_free', /100 threads that share the memory, so no region can be sized for a CPU time/],
])('%s cannot be sized for a hold', async (operation, says) => {
  const profile = valid().replace(/^holder: .*$/m, `holder: { operation: ${operation}, region: { hold: 1ms } }`);
  expect((await problemsIn(profile)).join('\n')).toMatch(says);
});

test('the shipped ladder goes from 0.1 to 20 ms, and its controls hold as long as one of its steps', async () => {
  const { arms } = await loadResolved('hold-ladder', []);
  const keys = arms.filter(hasRegion).map((arm) => [arm.control, targetHold_ns(arm, topology) / 1e6]);
  expect(keys.filter(([control]) => control === null).map(([, hold]) => hold)).toEqual([0.1, 0.3, 1, 3, 10, 20]);
  expect(keys.filter(([control]) => control !== null).map(([, hold]) => hold)).toEqual([10, 10]);
});

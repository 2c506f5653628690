import { expect, test, vi } from 'vitest';
import { loadResolved } from '../../src/profile/written/load.js';
import { isInJvm } from '../../src/profile/resolved/resolved.js';
import { oncePerInput, triedAllocator } from '../../src/workload/native/tools.js';

test('what is found by starting programs is found once for each input', () => {
  const find = vi.fn((input: { readonly jdk: string }) => ({ ...input }));
  const once = oncePerInput(find);
  expect(once({ jdk: '17' })).toBe(once({ jdk: '17' }));
  once({ jdk: '25' });
  expect(find).toHaveBeenCalledTimes(2);
});

test('all arms of a profile that have one allocator share its trial', async () => {
  const { arms } = await loadResolved('g1-uncommit');
  const trials = arms.filter(isInJvm).map(({ jvm }) => triedAllocator(jvm.allocator));
  expect(trials.length).toBeGreaterThan(2);
  expect(new Set(trials).size).toBe(1);
});

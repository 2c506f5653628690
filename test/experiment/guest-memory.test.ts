import { expect, test } from 'vitest';
import { certainBytes, guestMemoryProblem } from '../../src/experiment/place/guest-memory.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { parseSet } from '../support/parse-set.js';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const guests = (n: number, size = 2 * GiB) =>
  Array.from({ length: n }, () => ({ memoryBytes: size, imageBytes: () => 100 * MiB }));
const warned = (n: number, available: number, certain = 0): string | undefined => {
  const problem = guestMemoryProblem(guests(n), certain, available);
  expect(problem?.refusal ?? null).toBeNull();
  return problem?.warning ?? undefined;
};

test('guests that fit with all of their memory, beside QEMU itself, are no problem', () => {
  expect(guestMemoryProblem([], 0, 0)).toBeNull();
  expect(guestMemoryProblem(guests(2), 0, 4.25 * GiB)).toBeNull();
});

test('guests that fit unless they use all of their memory are no failure: the size that fits is said', () => {
  expect(warned(3, 6.2 * GiB)).toBe(
    '3 guests of up to 6 GiB in total may not fit: all of them are open until the experiment ends, each takes memory as it uses it, ' +
      'and 6.2 GiB of memory are available here. If memory runs out, the kernel ends a guest, and the runs on its kernel are lost; ' +
      '--guest-memory 1984MiB fits, or measure fewer kernels at a time',
  );
  expect(warned(1, 2 * GiB)).toBe(
    'a guest of up to 2 GiB may not fit: it takes memory as it uses it, and 2 GiB of memory are available here. ' +
      'If memory runs out, the kernel ends a guest, and the runs on its kernel are lost; --guest-memory 1792MiB fits',
  );
});

test('no size is proposed that a guest could not boot with', () => {
  expect(warned(3, GiB)).toMatch(/are lost; measure fewer kernels at a time$/);
});

test('guests whose files, or the profile, need more than there is are refused', () => {
  const refusal = (n: number, available: number, certain: number): unknown =>
    guestMemoryProblem(guests(n), certain, available)?.refusal;
  expect(refusal(3, 0.8 * GiB, 0)).toMatchObject({
    exitCode: 5,
    message:
      '3 guests do not fit: all of them are open until the experiment ends, they use at least 600 MiB, and 819 MiB of memory are available here; ' +
      'free memory, or measure fewer kernels at a time',
  });
  expect(refusal(1, 1.2 * GiB, GiB)).toMatchObject({
    message: expect.stringMatching(/^a guest does not fit: it uses at least 1\.1 GiB, and .*; free memory$/) as string,
  });
});

test('what arms certainly use: a region of a given size, or live blocks, and no region that is sized later', async () => {
  const bytesOf = async (name: string, ...set: readonly string[]): Promise<number> =>
    certainBytes((await loadResolved(name, set.map(parseSet))).arms);
  expect(await bytesOf('convoy')).toBe(0);
  expect(await bytesOf('convoy', 'holder.region=512MiB')).toBe(512 * MiB);
  expect(await bytesOf('glibc-trim')).toBeGreaterThan(MiB);
});

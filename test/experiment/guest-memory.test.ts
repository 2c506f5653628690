import { expect, test } from 'vitest';
import { refuseTooMuchMemory } from '../../src/experiment/place/guest-memory.js';

const GiB = 2 ** 30;
const guests = (...sizes: readonly number[]) => sizes.map((size) => ({ memoryBytes: size * GiB }));

test('guests that are open together have to fit together, beside QEMU itself', () => {
  refuseTooMuchMemory([], 0);
  refuseTooMuchMemory(guests(2, 2), 4.25 * GiB);
  expect(() => {
    refuseTooMuchMemory(guests(2, 2, 2), 6 * GiB);
  }).toThrow(
    expect.objectContaining({
      exitCode: 5,
      message:
        '3 guests with 6 GiB in total do not fit: all of them are open until the experiment ends, and 6 GiB of memory are available here; ' +
        'lower --guest-memory, or measure fewer kernels at a time',
    }) as Error,
  );
});

test('a single guest too', () => {
  expect(() => {
    refuseTooMuchMemory(guests(2), 2 * GiB);
  }).toThrow('a guest of 2 GiB does not fit: 2 GiB of memory are available here; lower --guest-memory');
});

import { expect, test } from 'vitest';
import { renderKernels } from '../../src/cli/text/doctor-kernels.js';

const row = (operation: string, lock: string, errno: string | null = null) => ({
  operation,
  layout: 'isolated' as const,
  lock,
  errno,
});

test('kernels side by side: what differs is marked, refused and missing calls are shown', () => {
  const text = renderKernels([
    {
      kernel: '6.16.12',
      fit: true,
      unfit: [],
      locks: [
        row('madvise_free_page', 'mmap_lock read'),
        row('mprotect', 'mmap_lock write'),
        row('madvise_guard_page', 'refused', 'EINVAL'),
      ],
    },
    {
      kernel: '6.17.13',
      fit: true,
      unfit: [],
      locks: [row('madvise_free_page', 'VMA lock'), row('mprotect', 'mmap_lock write')],
    },
  ]);
  expect(text).toMatch(/^call +range +6\.16\.12 +6\.17\.13$/m);
  expect(text).toMatch(/^madvise_free_page +one VMA +mmap_lock read +VMA lock +differs$/m);
  expect(text).toMatch(/^mprotect +one VMA +mmap_lock write +mmap_lock write$/m);
  expect(text).toMatch(/^madvise_guard_page +one VMA +refused \(EINVAL\) +not tried +differs$/m);
});

test('an unfit guest has its reason', () => {
  expect(renderKernels([{ kernel: '6.1', fit: false, unfit: ['CPUs: 1 may be used'], locks: [] }])).toContain(
    '6.1 has no lock table: CPUs: 1 may be used.',
  );
});

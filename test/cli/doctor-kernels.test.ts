import { expect, test } from 'vitest';
import { renderKernels } from '../../src/cli/text/doctor-kernels.js';
import { withDeclarations, type FoundRow } from '../../src/catalogue/lock-row.js';
import type { KernelLocks } from '../../src/jobs/examination.js';

const row = (operation: string, lock: FoundRow['lock'], errno: string | null = null): FoundRow => ({
  operation,
  layout: 'isolated',
  lock,
  errno,
  figures: null,
});

const table = (release: string, rows: readonly FoundRow[], kernel = release): KernelLocks => ({
  kernel,
  release,
  fit: true,
  unfit: [],
  locks: withDeclarations(rows, release),
});

test('kernels side by side: what differs is marked, refused and missing calls are shown', () => {
  const text = renderKernels([
    table('6.16.12', [
      row('madvise_free_page', 'mmap_lock read'),
      row('mprotect', 'mmap_lock write'),
      row('madvise_guard_page', 'refused', 'EINVAL'),
    ]),
    table('6.17.13', [row('madvise_free_page', 'VMA lock'), row('mprotect', 'mmap_lock write')]),
  ]);
  expect(text).toMatch(/^call +range +6\.16\.12 +6\.17\.13$/m);
  expect(text).toMatch(/^madvise_free_page +one VMA +mmap_lock read +VMA lock +differs$/m);
  expect(text).toMatch(/^mprotect +one VMA +mmap_lock write +mmap_lock write$/m);
  expect(text).toMatch(/^madvise_guard_page +one VMA +refused \(EINVAL\) +not tried +differs$/m);
  expect(text).not.toContain('different from');
});

test('a row that differs from the declarations of its kernel is named, and undecided rows are counted', () => {
  const text = renderKernels([
    table('6.18.5', [row('madvise_free_page', 'mmap_lock read'), row('mprotect', 'undecided')]),
  ]);
  expect(text).toContain('6.18.5: 1 of 2 are undecided.');
  expect(text).toContain(
    "6.18.5: different from pauselab's declarations for this kernel: madvise_free_page inside one VMA takes mmap_lock read, but VMA lock is declared.",
  );
});

test('many kernels have short cells, and versions as names where these tell them apart', () => {
  const rows = [row('mprotect', 'mmap_lock write'), row('madvise_free_page', 'VMA lock'), row('brk', 'undecided')];
  const releases = ['6.17.13+deb13-cloud-amd64', '6.18.5+deb13-cloud-amd64', '7.0.13+deb13-cloud-amd64'];
  const text = renderKernels([...releases.map((release) => table(release, rows)), table('7.1.0', rows, 'mine')]);
  expect(text).toMatch(/^call +range +6\.17\.13 +6\.18\.5 +7\.0\.13 +mine$/m);
  expect(text).toMatch(/^mprotect +one VMA +write +write +write +write$/m);
  expect(text).toMatch(/^brk +one VMA +\? +\? +\? +\?$/m);
  const twice = renderKernels([releases[0], releases[0], ...releases].map((release = '') => table(release, rows)));
  expect(twice).toMatch(/^call +range +6\.17\.13\+deb13-cloud-amd64 /m);
});

test('an unfit guest has its reason', () => {
  expect(renderKernels([{ ...table('6.1', []), fit: false, unfit: ['CPUs: 1 may be used'] }])).toContain(
    '6.1 has no lock table: CPUs: 1 may be used.',
  );
});

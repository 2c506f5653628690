/** The examination of this machine: right or undecided, never wrong, whatever else the machine does. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { hostFacts } from '../../src/host/facts.js';

interface Row {
  readonly operation: string;
  readonly layout: string;
  readonly lock: string;
}

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Linux 6.17 and later, with per-VMA locks. */
const expected: readonly Row[] = [
  ...['madvise_dontneed_page', 'madvise_dontneed_locked_page', 'madvise_free_page'].flatMap((operation) => [
    { operation, layout: 'isolated', lock: 'VMA lock' },
    { operation, layout: 'crossing', lock: 'mmap_lock read' },
  ]),
  ...['madvise_cold_page', 'madvise_pageout_page'].map((operation) => ({ operation, layout: 'isolated', lock: 'mmap_lock read' })),
  ...['madvise_hugepage_page', 'madvise_sequential', 'mmap_munmap', 'mprotect', 'mremap'].map((operation) => ({ operation, layout: 'isolated', lock: 'mmap_lock write' })),
];

const { kernel, perVmaLocks } = hostFacts();
const [major = 0, minor = 0] = kernel.split('.').map(Number);
const isPatched = perVmaLocks !== false && (major > 6 || (major === 6 && minor >= 17));

test.skipIf(!isPatched)('the lock of every call is as the kernel has it, or undecided', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'doctor', '--json']);
  const { fit, locks, conclusion } = JSON.parse(stdout) as { fit: boolean; locks: Row[]; conclusion: string };
  expect(fit).toBe(true);
  const found = expected.map(({ operation, layout }) => locks.find((row) => row.operation === operation && row.layout === layout));
  // That a call takes no mmap_lock is less than which lock it takes, and not wrong.
  const isOpen = (row: Row | undefined, wanted: Row): boolean => row?.lock === 'undecided' || (row?.lock === 'no mmap_lock' && wanted.lock === 'VMA lock');
  const wrong = expected.filter((row, i) => found[i]?.lock !== row.lock && !isOpen(found[i], row));
  expect(wrong).toEqual([]);
  const undecided = expected.filter((row, i) => isOpen(found[i], row)).length;
  console.log(`${undecided} of ${expected.length} calls undecided`);
  // On a machine under load some stay open, but a table that is open throughout has found nothing.
  expect(undecided).toBeLessThan(expected.length / 2);
  expect(conclusion).toContain(`Linux ${kernel}`);
}, 180_000);

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

/** That a call takes no mmap_lock is less than which lock it takes, and not wrong. */
function isOpen(row: Row | undefined, wanted: Row): boolean {
  return row?.lock === 'undecided' || (row?.lock === 'no mmap_lock' && wanted.lock === 'VMA lock');
}

/** On a machine under load calls may stay open, and it is asked once more; wrong is not allowed in either try. */
const tries = 2;
const fewestDecided = 3;

test.skipIf(!isPatched)('the lock of every call is as the kernel has it, or undecided', async () => {
  let decided = 0;
  for (let attempt = 1; attempt <= tries && decided < fewestDecided; attempt += 1) {
    const { stdout } = await promisify(execFile)(process.execPath, [main, 'doctor', '--json']);
    const { fit, locks, conclusion } = JSON.parse(stdout) as { fit: boolean; locks: Row[]; conclusion: string };
    expect(fit).toBe(true);
    expect(conclusion).toContain(`Linux ${kernel}`);
    const found = expected.map((wanted) => ({ wanted, row: locks.find((row) => row.operation === wanted.operation && row.layout === wanted.layout) }));
    expect(found.filter(({ wanted, row }) => row?.lock !== wanted.lock && !isOpen(row, wanted))).toEqual([]);
    decided = found.filter(({ wanted, row }) => !isOpen(row, wanted)).length;
    console.log(`try ${attempt}: ${decided} of ${expected.length} calls decided`);
  }
  expect(decided).toBeGreaterThanOrEqual(fewestDecided);
}, 300_000);

import { describe, expect, test } from 'vitest';
import { holderRows } from '../../src/doctor/declared.js';
import { notAsDeclared } from '../../src/words/lock-words.js';
import { conclude } from '../../src/doctor/examine.js';
import { agrees, type Lock, type LockRow } from '../../src/catalogue/lock-row.js';
import { declaredLock, probesOfTable } from '../../src/doctor/probes.js';
import { renderExamination } from '../../src/cli/commands/doctor-command.js';
import { canCross, lockOn } from '../../src/catalogue/locks.js';
import { callOfHolder, holderOperations, operationNamed } from '../../src/catalogue/operations.js';

const newest = '7.3.0';

const hostOf = (kernel: string, transparentHugePages = 'madvise') => ({ kernel, transparentHugePages });

/** A table as declared for a kernel but for some rows, by operation and range. */
function tableWith(other: Readonly<Record<string, Lock>> = {}, kernel = newest): LockRow[] {
  return probesOfTable().map((probe): LockRow => {
    const layout = probe.layout === 'crossing' ? 'crossing' : 'isolated';
    const declared = declaredLock(probe, kernel);
    const lock = other[`${probe.operation} ${layout}`] ?? declared;
    return {
      operation: probe.operation,
      layout,
      lock,
      declared,
      asDeclared: agrees(lock, declared),
      errno: null,
      figures: null,
    };
  });
}

test('what was not found agrees and contradicts with nothing', () => {
  expect(agrees('undecided', 'none')).toBeNull();
  expect(agrees('refused', 'none')).toBeNull();
  expect(agrees('no mmap_lock', 'VMA lock')).toBe(true);
  expect(agrees('no mmap_lock', 'mmap_lock read')).toBe(false);
});

describe('every holder operation', () => {
  test.each(holderOperations)('%s declares the lock of the call that it makes, on every kernel', (operation) => {
    const facts = operationNamed(operation);
    for (const kernel of ['6.1.0', '6.12.1', '6.17.13', '6.19.0', newest]) {
      const rows = holderRows(tableWith({}, kernel), kernel).filter((row) => row.operation === operation);
      expect(rows.map(({ declared }) => declared)).toEqual(
        [false, ...(canCross(facts) ? [true] : [])].map((crossing) => lockOn(facts, kernel, { crossing })),
      );
      expect([kernel, rows.map(({ asDeclared }) => asDeclared)]).toEqual([kernel, rows.map(() => true)]);
    }
  });

  test.each(holderOperations)('%s is found out when the kernel takes another lock', (operation) => {
    const call = callOfHolder[operation];
    const declared = lockOn(operationNamed(call), newest, { crossing: false });
    const wrong = declared === 'mmap_lock write' ? 'mmap_lock read' : 'mmap_lock write';
    const rows = holderRows(tableWith({ [`${call} isolated`]: wrong }), newest);
    const [first] = rows.filter((row) => row.operation === operation);
    expect(first).toMatchObject({ layout: 'isolated', call, lock: wrong, asDeclared: false });
  });

  test('has nothing said of it where its call could not be found', () => {
    const rows = holderRows(
      tableWith({ 'madvise_free_page isolated': 'undecided', 'madvise_free_page crossing': 'refused' }),
      newest,
    ).filter(({ operation }) => operation === 'madvise_free');
    expect(rows.map(({ asDeclared }) => asDeclared)).toEqual([null, null]);
  });
});

test.each(['6.1.0', '6.12.1', '6.17.13', '6.18.5', '6.19.0', '7.2.0'])(
  'on %s what holds there is as declared, whatever later kernels take',
  (kernel) => {
    const locks = tableWith({}, kernel);
    const conclusion = conclude(hostOf(kernel), [], locks, holderRows(locks, kernel));
    expect(conclusion).not.toContain('Not as pauselab declares');
    expect(conclusion).toContain(
      kernel < '6.17' ? 'stalls every writer of the process' : 'only when its range spans VMAs',
    );
  },
);

test('smaps of 7.2 is as declared on 7.2, and not on 7.1', () => {
  const found = { 'proc_smaps isolated': 'no mmap_lock', 'proc_smaps_rollup isolated': 'mmap_lock read' } as const;
  expect(notAsDeclared(tableWith(found, '7.2.0'))).toEqual([]);
  expect(notAsDeclared(tableWith(found, '7.1.13'))).toEqual([
    'proc_smaps inside one VMA takes no mmap_lock, but mmap_lock read is declared',
  ]);
});

describe('a 6.18 without the change of 6.17', () => {
  const kernel = '6.18.5';
  const locks = tableWith(
    { 'madvise_free_page isolated': 'mmap_lock read', 'proc_maps isolated': 'mmap_lock read' },
    kernel,
  );
  const holders = holderRows(locks, kernel);
  const conclusion = conclude(hostOf(kernel), [], locks, holders);

  test('has every row named that is not as declared, victims and holders', () => {
    expect([...notAsDeclared(locks), ...notAsDeclared(holders)]).toEqual([
      'madvise_free_page inside one VMA takes mmap_lock read, but VMA lock is declared',
      'proc_maps inside one VMA takes mmap_lock read, but VMA lock is declared',
      'madvise_free inside one VMA takes mmap_lock read (found for madvise_free_page), but VMA lock is declared',
      'parallel_free inside one VMA takes mmap_lock read (found for madvise_free_page), but VMA lock is declared',
      'read_maps inside one VMA takes mmap_lock read (found for proc_maps), but VMA lock is declared',
      'read_maps across VMAs takes mmap_lock read (found for proc_maps), but VMA lock is declared',
    ]);
    expect(conclusion).toContain(
      "Different from pauselab's declarations for this kernel: madvise_free_page inside one VMA takes",
    );
    expect(conclusion).toContain('stalls every writer of the process');
  });

  test('has them marked in the table', () => {
    const lines = renderExamination({ conclusion, locks, checks: [] }).split('\n');
    expect(lines.filter((line) => line.includes('not as declared')).map((line) => line.split(/\s+/)[0])).toEqual([
      'madvise_free_page',
      'proc_maps',
    ]);
  });
});

test('a kernel as declared has nothing named', () => {
  const locks = tableWith();
  const conclusion = conclude(hostOf(newest), [], locks, holderRows(locks, newest));
  expect(conclusion).toMatch(/^Fit\..*only when its range spans VMAs, or when they work on the same VMA\.$/);
});

test('undecided rows are counted, and their figures are in the table', () => {
  const locks = tableWith({ 'brk isolated': 'undecided' }).map((row) =>
    row.lock === 'undecided' ? { ...row, figures: '3 done, none kept waiting' } : row,
  );
  expect(conclude(hostOf('6.18'), [], locks, [])).toContain('Undecided: 1.');
  expect(renderExamination({ conclusion: '', locks, checks: [] })).toMatch(
    /^brk +one VMA +undecided +3 done, none kept waiting$/m,
  );
});

test('calls that huge pages forbid to test are counted apart, with what to change', () => {
  const locks = tableWith({ 'brk isolated': 'undecided', 'madvise_collapse_page isolated': 'undecided' });
  const saidWith = (huge: string): string => conclude(hostOf('6.18', huge), [], locks, []);
  expect(saidWith('always')).toContain(
    'Not tested: 1, because transparent huge pages are set to "always"; ' +
      'write madvise to /sys/kernel/mm/transparent_hugepage/enabled. Undecided: 1. Other programs kept the CPUs busy',
  );
  expect(saidWith('madvise')).toContain('Undecided: 2.');
  expect(saidWith('madvise')).not.toContain('Not tested');
});

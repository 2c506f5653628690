import { describe, expect, test } from 'vitest';
import { callOfHolder, differences, holderRows } from '../../src/doctor/declared.js';
import { conclude } from '../../src/doctor/examine.js';
import type { LockRow } from '../../src/doctor/lock-row.js';
import { agrees, type Lock } from '../../src/doctor/lock-verdict.js';
import { declaredLock, probesOfTable } from '../../src/doctor/probes.js';
import { renderExamination } from '../../src/cli/doctor.js';
import { holderOperations, operationNamed } from '../../src/profile/operations.js';

/** A table as declared but for some rows, by operation and range. */
function tableWith(other: Readonly<Record<string, Lock>> = {}): LockRow[] {
  return probesOfTable().map((probe): LockRow => {
    const layout = probe.layout === 'crossing' ? 'crossing' : 'isolated';
    const declared = declaredLock(probe);
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
  test.each(holderOperations)('%s declares the lock of the call that it makes', (operation) => {
    const rows = holderRows(tableWith()).filter((row) => row.operation === operation);
    const { lockClass, crossingLockClass } = operationNamed(operation);
    expect(rows.map(({ declared }) => declared)).toEqual([
      lockClass,
      ...(crossingLockClass === undefined ? [] : [crossingLockClass]),
    ]);
    expect(rows.map(({ asDeclared }) => asDeclared)).toEqual(rows.map(() => true));
  });

  test.each(holderOperations)('%s is found out when the kernel takes another lock', (operation) => {
    const call = callOfHolder[operation];
    const wrong = operationNamed(call).lockClass === 'mmap_lock write' ? 'mmap_lock read' : 'mmap_lock write';
    const [first] = holderRows(tableWith({ [`${call} isolated`]: wrong })).filter((row) => row.operation === operation);
    expect(first).toMatchObject({ layout: 'isolated', call, lock: wrong, asDeclared: false });
  });

  test('has nothing said of it where its call could not be found', () => {
    const rows = holderRows(
      tableWith({ 'madvise_free_page isolated': 'undecided', 'madvise_free_page crossing': 'refused' }),
    ).filter(({ operation }) => operation === 'madvise_free');
    expect(rows.map(({ asDeclared }) => asDeclared)).toEqual([null, null]);
  });
});

describe('an older kernel', () => {
  const locks = tableWith({ 'madvise_free_page isolated': 'mmap_lock read', 'proc_maps isolated': 'mmap_lock read' });
  const holders = holderRows(locks);
  const conclusion = conclude({ kernel: '6.12.1' }, [], locks, holders);

  test('has every row named that is not as declared, victims and holders', () => {
    expect([...differences(locks), ...differences(holders)]).toEqual([
      'madvise_free_page inside one VMA takes mmap_lock read, declared is VMA lock',
      'proc_maps inside one VMA takes mmap_lock read, declared is VMA lock',
      'madvise_free inside one VMA takes mmap_lock read (found of madvise_free_page), declared is VMA lock',
      'parallel_free inside one VMA takes mmap_lock read (found of madvise_free_page), declared is VMA lock',
      'read_maps inside one VMA takes mmap_lock read (found of proc_maps), declared is VMA lock',
      'read_maps across VMAs takes mmap_lock read (found of proc_maps), declared is VMA lock',
    ]);
    expect(conclusion).toContain(
      'Not as pauselab declares for Linux 6.17 and later: madvise_free_page inside one VMA takes',
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
  const conclusion = conclude({ kernel: '6.18' }, [], locks, holderRows(locks));
  expect(conclusion).toMatch(/^Fit\..*only when its range spans VMAs, or when they work on the same VMA\.$/);
});

test('undecided rows are counted, and their figures are in the table', () => {
  const locks = tableWith({ 'brk isolated': 'undecided' }).map((row) =>
    row.lock === 'undecided' ? { ...row, figures: '3 done, none kept waiting' } : row,
  );
  expect(conclude({ kernel: '6.18' }, [], locks, [])).toContain('Undecided: 1.');
  expect(renderExamination({ conclusion: '', locks, checks: [] })).toMatch(
    /^brk +one VMA +undecided +3 done, none kept waiting$/m,
  );
});

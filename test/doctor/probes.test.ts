import { describe, expect, test } from 'vitest';
import { byFamily, bySmallFamily, knownCalls, probesOfTable } from '../../src/doctor/probes.js';
import { seriesOf, type Probe } from '../../src/doctor/trial.js';
import { allocatorConflict, operationNamed, victimOperations } from '../../src/catalogue/operations.js';

const all = probesOfTable();
const names = (probes: readonly Probe[]): string[] => probes.map(seriesOf).sort();

test('every victim operation that needs no holder of its own is in the table, calls on a range twice', () => {
  expect(new Set(all.map(({ operation }) => operation))).toEqual(
    // A write to a mapped file takes a lock only after the kernel has written the page back; `file_fault` always does.
    new Set(victimOperations.filter((name) => operationNamed(name).inHeap !== true && name !== 'mapped_file_write')),
  );
  expect(all.filter(({ operation }) => operation === 'madvise_free_page').map(({ layout }) => layout)).toEqual([
    'isolated',
    'crossing',
  ]);
  expect(all.filter(({ operation }) => operation === 'proc_smaps').map(({ layout }) => layout)).toEqual(['isolated']);
});

describe.each([{ way: byFamily }, { way: bySmallFamily }])('$way.name', ({ way }) => {
  test('asks each call once', () => {
    expect(names(way(all).flat())).toEqual(names(all));
    expect(way([])).toEqual([]);
  });

  test('puts no two into one process that change its allocator for each other', () => {
    for (const group of way(all))
      for (const one of group)
        for (const other of group) expect(allocatorConflict(one.operation, other.operation)).toBeUndefined();
  });
});

describe('the calls to compare with', () => {
  test('are others where a seccomp filter refuses the first ones', () => {
    const refuses = (...operations: string[]) => knownCalls(({ operation }) => operations.includes(operation));
    expect(refuses()).toMatchObject({
      reader: { operation: 'mincore' },
      writer: { operation: 'mprotect' },
      holder: 'madvise_free',
    });
    expect(refuses('mincore', 'madvise_free_page')).toMatchObject({
      reader: { operation: 'madvise_cold_page' },
      holder: 'madvise_cold',
    });
  });

  test('are missing by name where all of a kind are refused', () => {
    expect(knownCalls(({ operation }) => operation.startsWith('madvise_') || operation === 'mincore')).toEqual({
      missing: 'mincore, madvise_cold_page, madvise_pageout_page, madvise_willneed_page',
    });
    expect(knownCalls(({ layout }) => layout === 'crossing')).toEqual({
      missing: 'madvise_free_page, madvise_cold_page',
    });
  });
});

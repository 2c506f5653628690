/** The table of an atlas as docs/kernels.md shows it, made from the files. */
import type { LockTableFile } from '../../src/bundle/lock-table-schema.js';
import type { Lock } from '../../src/catalogue/lock-row.js';
import { columnNames } from '../../src/words/lock-words.js';

const cells: Readonly<Record<Lock, string>> = {
  'mmap_lock write': 'write',
  'mmap_lock read': 'read',
  'VMA lock': 'VMA',
  none: 'none',
  'no mmap_lock': 'VMA or none',
  refused: 'refused',
  undecided: '?',
};

/** Calls whose lock is not the same on all kernels, a row each. */
export function tableOfChanges(tables: readonly LockTableFile[]): string[] {
  const rows = rowsOf(tables).filter(({ locks }) => new Set(locks).size > 1);
  return [
    ['call', ...columnNames(tables)],
    ['---', ...tables.map(() => '---')],
    ...rows.map(({ name, locks }) => [`\`${name}\``, ...locks.map((lock) => cells[lock])]),
  ].map((row) => row.join(' | '));
}

/** By lock: the calls that take it on all kernels; `across VMAs` if that holds for such a range alone. */
export function sameEverywhere(tables: readonly LockTableFile[]): Map<Lock, string[]> {
  const found = new Map<Lock, string[]>();
  for (const { name, locks } of rowsOf(tables)) {
    const [lock] = locks;
    if (lock === undefined || new Set(locks).size > 1) continue;
    const names = found.get(lock) ?? [];
    if (!names.includes(name.replace(' across VMAs', ''))) found.set(lock, [...names, name]);
  }
  return found;
}

/** A call without `across VMAs` lies in one VMA, or cannot choose its range. */
function rowsOf(tables: readonly LockTableFile[]): { name: string; locks: Lock[] }[] {
  const [first] = tables;
  return (first?.locks ?? []).map(({ operation, layout }) => ({
    name: layout === 'crossing' ? `${operation} across VMAs` : operation,
    locks: tables.map(
      ({ locks }) => locks.find((row) => row.operation === operation && row.layout === layout)?.lock ?? 'undecided',
    ),
  }));
}

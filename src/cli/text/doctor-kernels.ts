/** `pauselab doctor --kernel`: the lock tables of kernels, side by side. */
import { usage } from '../../base/failure.js';
import type { Lock, LockRow } from '../../catalogue/lock-row.js';
import type { KernelLocks } from '../../jobs/examination.js';
import { preemptionModels, type PreemptionModel } from '../../profile/check/preemption.js';
import { columnNames, notAsDeclared } from '../../words/lock-words.js';
import { renderTable } from './text-table.js';

export function parsePreemption(text: string): PreemptionModel {
  const model = preemptionModels.find((one) => one === text);
  if (model === undefined) throw usage(`--preempt ${text}: expected one of ${preemptionModels.join(', ')}`);
  return model;
}

/** More columns than this have short cells. */
const mostWideColumns = 3;

const shortCells: Readonly<Record<Lock, string>> = {
  'mmap_lock write': 'write',
  'mmap_lock read': 'read',
  'VMA lock': 'VMA',
  none: 'none',
  'no mmap_lock': 'no mmap',
  refused: 'refused',
  undecided: '?',
};

const legend =
  'write, read: mmap_lock for write, for read · VMA: the lock of a VMA · no mmap: a VMA’s lock or none · ?: undecided';

export function renderKernels(tables: readonly KernelLocks[]): string {
  const calls = new Map(
    tables.flatMap(({ locks }) =>
      locks.map(({ operation, layout }) => [`${operation} ${layout}`, { operation, layout }] as const),
    ),
  );
  const isShort = tables.length > mostWideColumns;
  const rows = [...calls.values()].map(({ operation, layout }) => {
    const found = tables.map(({ locks }) =>
      cellOf(
        locks.find((one) => one.operation === operation && one.layout === layout),
        isShort,
      ),
    );
    return [
      operation,
      layout === 'crossing' ? 'across VMAs' : 'one VMA',
      ...found,
      new Set(found).size > 1 ? 'differs' : '',
    ];
  });
  const unfit = tables.flatMap(({ kernel, fit, unfit: why }) =>
    fit ? [] : [`${kernel} has no lock table: ${why.join('; ')}.`],
  );
  const heads = isShort ? columnNames(tables) : tables.map(({ kernel }) => kernel);
  return [
    renderTable(['call', 'range', ...heads, ''], rows, 3 + tables.length),
    '',
    ...(isShort ? [legend] : []),
    ...tables.flatMap(remarksOf),
    ...unfit,
    '',
  ].join('\n');
}

function cellOf(row: LockRow | undefined, isShort: boolean): string {
  if (row === undefined) return 'not tried';
  if (isShort) return shortCells[row.lock];
  return row.errno === null ? row.lock : `refused (${row.errno})`;
}

/** What is undecided, and what differs from the declarations. */
function remarksOf({ kernel, locks }: KernelLocks): string[] {
  const undecided = locks.filter(({ lock }) => lock === 'undecided').length;
  const different = notAsDeclared(locks);
  return [
    ...(undecided === 0 ? [] : [`${kernel}: ${undecided} of ${locks.length} are undecided.`]),
    ...(different.length === 0
      ? []
      : [`${kernel}: different from pauselab's declarations for this kernel: ${different.join('; ')}.`]),
  ];
}

/** `pauselab doctor --kernel`: the lock tables of kernels, side by side. */
import { usage } from '../../base/failure.js';
import type { KernelLocks } from '../../jobs/examination.js';
import { preemptionModels, type PreemptionModel } from '../../profile/check/preemption.js';
import { renderTable } from './text-table.js';

export function parsePreemption(text: string): PreemptionModel {
  const model = preemptionModels.find((one) => one === text);
  if (model === undefined) throw usage(`--preempt ${text}: expected one of ${preemptionModels.join(', ')}`);
  return model;
}

export function renderKernels(tables: readonly KernelLocks[]): string {
  const calls = new Map(
    tables.flatMap(({ locks }) =>
      locks.map(({ operation, layout }) => [`${operation} ${layout}`, { operation, layout }] as const),
    ),
  );
  const rows = [...calls.values()].map(({ operation, layout }) => {
    const found = tables.map(({ locks }) => {
      const row = locks.find((one) => one.operation === operation && one.layout === layout);
      return row === undefined ? 'not tried' : row.errno === null ? row.lock : `refused (${row.errno})`;
    });
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
  return [
    renderTable(['call', 'range', ...tables.map(({ kernel }) => kernel), ''], rows, 3 + tables.length),
    '',
    ...unfit,
  ].join('\n');
}

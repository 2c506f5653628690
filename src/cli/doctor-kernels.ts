/** `pauselab doctor --kernel`: the lock table of each kernel, found in a guest of its own, side by side. */
import { cleanUp } from '../base/clean-up.js';
import { Failure, usage } from '../base/failure.js';
import { examine, kernelPart } from '../doctor/examine.js';
import { interruptionOf } from '../doctor/interrupted.js';
import type { Interruption } from '../experiment/interruption.js';
import type { Place } from '../experiment/place.js';
import type { PlannedPlace } from '../experiment/places.js';
import type { Examined } from '../experiment/wire.js';
import { isHost } from '../profile/asked-kernel.js';
import { preemptionModels } from '../profile/preemption.js';
import { guestDefaults, guestOptions } from './guest-options.js';
import { placesOf } from './guests.js';
import { renderTable } from './table.js';

export interface KernelLocks extends Examined {
  /** Its label, or its release with what tells it from others. */
  readonly kernel: string;
}

export async function examineKernels(
  kernels: readonly string[],
  preempt: string,
  progress: (text: string) => void,
  interruption: Interruption,
): Promise<KernelLocks[]> {
  const model = preemptionModels.find((one) => one === preempt);
  if (model === undefined) throw usage(`--preempt ${preempt}: expected one of ${preemptionModels.join(', ')}`);
  const isGuest = kernels.some((kernel) => !isHost(kernel));
  try {
    const planned = await placesOf(
      { kernels, preempt: isGuest ? [model] : [], guest: guestOptions(guestDefaults) },
      { interrupted: interruption.signalled, progress },
    );
    return await tablesOf(planned, progress, interruption);
  } catch (error) {
    // While kernels were fetched or guests booted: that it was not finished is no failure of theirs.
    if (interruption.signal() !== null && error instanceof Failure) throw interruptionOf(interruption);
    throw error;
  }
}

async function tablesOf(
  planned: readonly PlannedPlace[],
  progress: (text: string) => void,
  interruption: Interruption,
): Promise<KernelLocks[]> {
  const tables: KernelLocks[] = [];
  // One after the other: trials need the CPUs for themselves.
  for (const { name, open } of planned) {
    const place = await open();
    try {
      tables.push({ kernel: place.kernel.name, ...(await examined(place, progress, interruption)) });
    } finally {
      progress(`${name} is done`);
      await cleanUp(() => place.close());
    }
  }
  return tables;
}

async function examined(place: Place, progress: (text: string) => void, interruption: Interruption): Promise<Examined> {
  if (place.examine !== undefined) {
    const interrupted = interruption.signalled.then((): never => {
      throw interruptionOf(interruption);
    });
    return Promise.race([place.examine(progress), interrupted]);
  }
  return kernelPart(await examine(progress, interruption));
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
      return row === undefined ? 'not asked' : row.errno === null ? row.lock : `refused (${row.errno})`;
    });
    return [
      operation,
      layout === 'crossing' ? 'across VMAs' : 'one VMA',
      ...found,
      new Set(found).size > 1 ? 'not alike' : '',
    ];
  });
  const unfit = tables.flatMap(({ kernel, fit, unfit: why }) =>
    fit ? [] : [`On ${kernel} no lock table was made: ${why.join('; ')}.`],
  );
  return [
    renderTable(['call', 'range', ...tables.map(({ kernel }) => kernel), ''], rows, 3 + tables.length),
    '',
    ...unfit,
  ].join('\n');
}

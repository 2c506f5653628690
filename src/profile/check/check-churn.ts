/** The checks of an arm in which the allocator under a churn gives memory back. */
import { checkJvmLoad } from './check-loads.js';
import type { Report } from './check-series.js';
import { besideHolder } from '../resolved/expand.js';
import { operationNamed } from '../../catalogue/operations.js';
import type { ArmSettings, ChurnSettings } from '../resolved/settings.js';

/** Refuses settings of a churn in an arm without a churn. */
export function checkNoChurn(settings: Exclude<ArmSettings, ChurnSettings>, report: Report): void {
  const { kind, allocator, threads, purge } = settings;
  if (kind !== 'native' && settings.churn !== undefined)
    report(['churn'], 'the loads of a JVM are in `jvm.loads` (malloc_churn makes the same blocks); leave this out');
  if (purge !== undefined)
    report(
      ['purge'],
      'a purge needs the free memory of a churn beside it, and this arm has none; give the arm a `churn`, or leave this out',
    );
  const where =
    kind === 'native'
      ? 'give the arm a `churn`, or leave this out'
      : 'the setting of a JVM is in `jvm`; leave this out';
  for (const [key, value] of Object.entries({ allocator, threads }))
    if (value !== undefined)
      report(
        [key],
        `${key === 'threads' ? 'these are rules for' : 'this is the allocator of'} a churn, and this arm has none; ${where}`,
      );
}

export function checkChurn(settings: ChurnSettings, report: Report): void {
  const { churn, allocator, purge, holder, layout, victims } = settings;
  const name = allocator?.name ?? 'glibc';
  if (purge !== undefined && purge.arena !== 'all' && name !== 'jemalloc')
    report(
      ['purge', 'arena'],
      `only jemalloc purges a single arena, and this arm’s allocator is ${name}; leave this out`,
    );
  if (holder.operation !== undefined)
    report(
      ['holder', 'operation'],
      'in an arm with a churn, the allocator gives memory back; leave out holder, or churn',
    );
  if (layout !== 'isolated') report(['layout'], 'a churn has no region for memory to lie beside; leave this out');
  for (const [index, { operation, layout: own }] of victims.entries()) {
    if (own !== undefined && besideHolder(own))
      report(['victims', index, 'layout'], 'a churn has no region for memory to lie beside; use isolated or crossing');
    const conflict = conflictWith(operation, name);
    if (conflict !== null)
      report(
        ['victims', index, 'operation'],
        `${operation} cannot be in one arm with a churn${conflict}; use malloc_8k, or leave it out`,
      );
  }
  for (const [index, one] of churn.entries())
    checkJvmLoad('malloc_churn', one, (key, text) => {
      report(churn.length === 1 ? ['churn', key] : ['churn', index, key], text);
    });
}

/** Why an operation that changes glibc's malloc for the whole process conflicts with a churn; null: it does not. */
function conflictWith(operation: string, allocator: string): string | null {
  const { heap, inHeap } = operationNamed(operation);
  if (inHeap === true) return ', which lacks the heap of this operation';
  if (heap === 'movesBreak') return ': it moves the program break under the allocator';
  if (heap === 'mapsLarge') return ': it sets M_MMAP_THRESHOLD for the whole process, which only glibc has';
  if (heap === 'keepsLarge' && allocator === 'glibc')
    return ' on glibc: it sets M_MMAP_THRESHOLD and M_TRIM_THRESHOLD for the whole process';
  return null;
}

/** Sentences about locks that `pauselab doctor` found. */
import type { LockRangeName, LockRow } from '../catalogue/lock-row.js';

/** A sentence for each operation whose lock differs from the declaration. */
export function notAsDeclared(
  rows: readonly (Pick<LockRow, 'operation' | 'layout' | 'lock' | 'declared' | 'asDeclared'> & {
    readonly call?: string;
  })[],
): string[] {
  return rows
    .filter(({ asDeclared }) => asDeclared === false)
    .map(
      ({ operation, layout, lock, declared, call }) =>
        `${operation} ${rangeInWords(layout)} takes ${lock}` +
        `${call === undefined ? '' : ` (found for ${call})`}, but ${declared} is declared`,
    );
}

export const rangeInWords = (layout: LockRangeName): string =>
  layout === 'crossing' ? 'across VMAs' : 'inside one VMA';

interface NamedKernel {
  readonly kernel: string;
  readonly release: string;
}

/** Short names of kernels beside each other: the version without the flavour, where that tells them apart. */
export function columnNames(kernels: readonly NamedKernel[]): string[] {
  const short = kernels.map(({ kernel, release }) =>
    kernel === release ? (/^\d+(?:\.\d+)+(?:-\d+)?/.exec(release)?.[0] ?? kernel) : kernel,
  );
  return new Set(short).size === short.length ? short : kernels.map(({ kernel }) => kernel);
}

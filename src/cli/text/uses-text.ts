/** What the experiment of a bundle would use here, and what differs from the recorded environment, as lines. */
import { printable } from '../../base/text/printable.js';
import type { Use } from '../../experiment/plan/uses.js';
import type { ChangedFact } from '../../experiment/run/environment.js';

export function useLines(uses: readonly Use[]): string[] {
  return uses.map(
    ({ kind, what, arms, isTrusted }) =>
      `  ${isTrusted ? '' : 'NOT KNOWN HERE: '}${kind} ${what}${arms.length === 0 ? '' : ` (${arms.join(', ')})`}`,
  );
}

/** Cleaned for the terminal, also where the values are of this machine. */
export function differenceLines(differences: readonly ChangedFact[]): string[] {
  return printable(differences.map(({ fact, then, now }) => `  ${fact}: ${then} before, ${now} now`));
}

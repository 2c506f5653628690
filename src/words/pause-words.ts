/** Pauses of a JVM, by its log. */
import { formatDuration, formatShare } from '../base/text/units.js';

interface Pauses {
  readonly longest_ns: number;
  /** Of the run with most. */
  readonly most_share: number;
  /** False: the log may lack pauses. Null: unknown, in an older bundle. */
  readonly isWhole: boolean | null;
}

/**
 * `for up to 2.20 s at a time and for up to 90 % of a run`; what a log shows that may lack pauses is the least that there
 * was. `remarks` follow in parentheses.
 */
export function pausedFor({ longest_ns, most_share, isWhole }: Pauses, remarks: readonly string[] = []): string {
  const about = isWhole === false ? 'at least' : 'up to';
  const all = [...remarks, ...(isWhole === false ? ['the log may lack pauses'] : [])];
  return (
    `for ${about} ${formatDuration(longest_ns)} at a time and for ${about} ${formatShare(most_share)} of a run` +
    (all.length === 0 ? '' : ` (${all.join('; ')})`)
  );
}

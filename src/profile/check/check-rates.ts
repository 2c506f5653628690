/**
 * The rates of an arm's victims: at least one operation is due in the window, and the memory that the operations use up
 * can be made before it.
 */
import { formatDuration } from '../../base/text/units.js';
import type { Report } from './check-series.js';
import type { Operation } from '../../catalogue/operations.js';
import { poolLimit, poolOf } from '../resolved/pools.js';
import type { Profile } from '../written/profile-schema.js';
import { basicsOf, type ArmSettings } from '../resolved/settings.js';

type Uses = NonNullable<Operation['uses']>;

interface User {
  readonly index: number;
  readonly operation: string;
  readonly interval_ns: number;
}

/** `usesOf`: what an operation uses up, from the table for this kind of arm. */
export function checkRates(
  profile: Profile,
  { victims }: Pick<ArmSettings, 'victims'>,
  report: Report,
  usesOf: (operation: string) => Operation['uses'],
): void {
  const { duration } = basicsOf(profile);
  const users: Record<Uses, User[]> = { mapping: [], page: [], 'file page': [] };
  for (const [index, { operation, rate }] of victims.entries()) {
    const path = ['victims', index, 'rate'];
    const uses = usesOf(operation);
    if (rate !== 'back-to-back' && rate > duration) {
      report(path, 'at this rate no operation is due within the window; raise the rate or the duration');
    }
    if (uses === undefined) continue;
    if (rate === 'back-to-back') {
      report(path, `${operation} uses up memory that is made before the window; give it a rate such as 1000/s`);
      continue;
    }
    users[uses].push({ index, operation, interval_ns: rate });
  }
  for (const uses of ['mapping', 'page', 'file page'] as const) checkPool(profile, uses, users[uses], report);
}

/** The report names the duration or the rates that would fit. */
function checkPool(profile: Profile, uses: Uses, users: readonly User[], report: Report): void {
  const { warmup, duration } = basicsOf(profile);
  const neededFor = (recorded_ns: number): number =>
    users.reduce((sum, { interval_ns }) => sum + poolOf(interval_ns, recorded_ns), 0);
  const needed = neededFor(warmup + duration);
  const { most, source, remedy } = poolLimit(uses, profile);
  const last = users.at(-1);
  if (last === undefined || needed <= most) return;
  const free = most - neededFor(0) - users.length;
  const perSecond = users.reduce((sum, { interval_ns }) => sum + 1e9 / interval_ns, 0);
  const longest_s = Math.floor(free / perSecond - warmup / 1e9);
  const rate = Math.floor((free / users.length / (warmup + duration)) * 1e9);
  const raise = remedy?.(needed) ?? '';
  const ways = [
    ...(longest_s >= 1 ? [`use --duration ${longest_s}s`] : []),
    ...(rate >= 1
      ? [
          `give ${users.length === 1 ? 'it a rate' : `each of ${users.map(({ index }) => `victims[${index}]`).join(', ')} a rate`} of at most ${rate}/s`,
        ]
      : []),
    ...(raise === '' ? [] : [raise]),
  ];
  const what = { mapping: 'mappings', page: 'pages', 'file page': 'pages of files' }[uses];
  report(
    ['victims', last.index, 'rate'],
    `expected at most ${most} fresh ${what} used by ${[...new Set(users.map(({ operation }) => operation))].join(', ')} in warmup and duration (${formatDuration(warmup + duration)}), got ${needed}, because ${source}; ${ways.join(', or ') || 'lower rates, warmup and duration'}`,
  );
}

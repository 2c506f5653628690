/** Rates of an arm's victims: something is due within the window, and what they use up suffices. */
import type { Report } from './check-series.js';
import type { Operation } from './operations.js';
import type { Profile } from './schema.js';
import { basicsOf, type ArmSettings } from './settings.js';

/** A mapping with its guard takes two VMAs, and vm.max_map_count allows a process 65,530. */
const mostMappings = 25_000;
const mostPages = 1_000_000;

/** `usesOf`: what an operation uses up, from the table of its kind of arm. */
export function checkRates(
  profile: Profile,
  { victims }: Pick<ArmSettings, 'victims'>,
  report: Report,
  usesOf: (operation: string) => Operation['uses'],
): void {
  const { warmup, duration, drain } = basicsOf(profile);
  const used = { mapping: 0, page: 0 };
  const most = { mapping: mostMappings, page: mostPages };
  for (const [index, { operation, rate }] of victims.entries()) {
    const path = ['victims', index, 'rate'];
    const uses = usesOf(operation);
    if (rate !== 'back-to-back' && rate > duration) {
      report(
        path,
        'at this rate not one operation is due within the window; raise the rate or the duration',
      );
    }
    if (uses === undefined) continue;
    if (rate === 'back-to-back') {
      report(
        path,
        `${operation} uses up memory that is made before the window; give it a rate such as 1000/s`,
      );
      continue;
    }
    used[uses] += Math.ceil((warmup + duration + drain) / rate);
    if (used[uses] > most[uses]) {
      const what = uses === 'mapping' ? 'mappings' : 'pages';
      const remedy = 'lower the rate, the duration, warmup or drain';
      report(
        path,
        `expected at most ${most[uses]} ${what} used by ${operation} in warmup, duration and drain, got ${used[uses]}; ${remedy}`,
      );
    }
  }
}

/** Series of an arm are told apart by their names. */
import { seriesName } from '../resolved/expand.js';
import type { ArmSettings } from '../resolved/settings.js';
import type { Path } from '../written/tree.js';

const mostCharacters = 63;

export type Report = (path: Path, text: string) => void;

export function checkSeries(
  { victims }: Pick<ArmSettings, 'victims'>,
  report: Report,
  usualRole: (operation: string) => string,
): void {
  const seen = new Set<string>();
  for (const [index, { role, operation }] of victims.entries()) {
    const series = seriesName(role ?? usualRole(operation), operation);
    if (role === 'holder')
      report(['victims', index, 'role'], 'the role holder is the holder’s own; choose another one');
    // The board's (native/board/layout.h), beside the byte that ends it.
    if (series.length > mostCharacters)
      report(
        ['victims', index, 'role'],
        `expected a role of at most ${mostCharacters - operation.length - 1} characters beside ${operation}, got ${(role ?? '').length}`,
      );
    if (seen.has(series))
      report(['victims', index], `another victim has the series ${series}; give one of them a \`role\` such as b`);
    seen.add(series);
  }
}

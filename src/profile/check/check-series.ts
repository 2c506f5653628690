/** The series of an arm have different names. */
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
      report(['victims', index, 'role'], 'the role holder belongs to the holder; choose another role');
    // The board's limit (native/board/layout.h), without the byte that ends the name.
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

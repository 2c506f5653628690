/** What was attempted and what came of it: a table for each kind of attack, and every failure with what repeats it. */
import { renderTable } from '../../src/cli/text/text-table.js';
import type { Outcome } from './attempt.js';

export interface Tally {
  readonly kind: string;
  add(outcome: Outcome): void;
  /** Attacks that were reached, thus not those whose moment never came. */
  readonly attempts: number;
  readonly failures: number;
  /** Rows are what was attacked; `columns`: in the order in which they are shown. */
  render(columns: readonly string[]): string;
}

interface Row {
  readonly attempts: Map<string, number>;
  failures: number;
}

export const repeats = (name: string): string => `npm run torture -- --attempt '${name}'`;

export function renderFailure({ name, problems }: Outcome): string {
  return `FAILED ${name}\n${problems.map((problem) => `  ${problem}\n`).join('')}  again: ${repeats(name)}\n`;
}

export function createTally(kind: string): Tally {
  const rows = new Map<string, Row>();
  const sums = { attempts: 0, failures: 0, missed: 0, runs: 0, samples: 0 };
  return {
    kind,
    get attempts() {
      return sums.attempts;
    },
    get failures() {
      return sums.failures;
    },
    add({ row, column, reached, problems, runsCompared = 0, samplesCompared = 0 }) {
      if (!reached) {
        sums.missed += 1;
        return;
      }
      const of = rows.get(row) ?? { attempts: new Map<string, number>(), failures: 0 };
      rows.set(row, of);
      of.attempts.set(column, (of.attempts.get(column) ?? 0) + 1);
      of.failures += problems.length > 0 ? 1 : 0;
      sums.attempts += 1;
      sums.failures += problems.length > 0 ? 1 : 0;
      sums.runs += runsCompared;
      sums.samples += samplesCompared;
    },
    render(columns) {
      const all = [...rows.entries()].sort(([a], [b]) => a.localeCompare(b));
      const inColumn = (column: string, of: readonly Row[]): number =>
        of.reduce((sum, { attempts }) => sum + (attempts.get(column) ?? 0), 0);
      const used = columns.filter((column) => inColumn(column, [...rows.values()]) > 0);
      const cells = (of: readonly Row[]): string[] => {
        const counts = used.map((column) => inColumn(column, of));
        return [
          ...counts.map((count) => (count === 0 ? '–' : String(count))),
          String(counts.reduce((sum, count) => sum + count, 0)),
          String(of.reduce((sum, { failures }) => sum + failures, 0)),
        ];
      };
      const together = all.length > 1 ? [['together', ...cells([...rows.values()])]] : [];
      return [
        renderTable(
          [kind, ...used, 'attempts', 'failed'],
          [...all.map(([name, row]) => [name, ...cells([row])]), ...together],
          1,
        ),
        ...(sums.runs > 0 ? [`${sums.runs} runs with ${sums.samples} samples were compared with their boards`] : []),
        ...(sums.missed > 0
          ? [`${sums.missed} more came to nothing: the moment or the call that they were meant for did not come`]
          : []),
        '',
      ].join('\n');
    },
  };
}

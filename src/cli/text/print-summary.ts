/** How a command that has measured ends. */
import type { AppAnswer } from '../../attribution/app-answer.js';
import type { SummaryFile } from '../../bundle/bundle-schema.js';
import { printText } from './output.js';

/** As a person reads it; of a program of the user's own it ends with the answer. */
export async function printSummary(summary: SummaryFile, bundle: string): Promise<void> {
  const [{ renderSummary }, { renderAnswers }] = await Promise.all([
    import('./summary-table.js'),
    import('./app-answer-text.js'),
  ]);
  printText(renderSummary(summary, bundle));
  const answers = await answersOf(summary, bundle);
  if (answers.length > 0) printText(`\n${renderAnswers(answers, { threshold_ns: summary.threshold_ns, bundle })}`);
}

/** Of arms that are the user's own program, and have no control; with probes in them. */
export async function answersOf({ arms }: SummaryFile, bundle: string): Promise<readonly AppAnswer[]> {
  const own = arms.some(({ control }) => control !== null)
    ? []
    : arms.filter(({ jvm, series, runs }) => jvm !== null && series.length > 0 && runs > 0);
  if (own.length === 0) return [];
  const [{ appAnswer }, { readStalls }] = await Promise.all([
    import('../../attribution/app-answer.js'),
    import('../../bundle/read-stalls.js'),
  ]);
  const { stalls } = readStalls(bundle);
  return own.map((arm) => appAnswer(arm, stalls));
}

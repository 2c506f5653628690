/** The end of a command that has measured. */
import type { SummaryFile } from '../../bundle/bundle-schema.js';
import { printText } from './output.js';

/** For people. For a program of the user the text ends with the answer. */
export async function printSummary(summary: SummaryFile, bundle: string): Promise<void> {
  const [{ answersOf }, { renderSummary }, { renderAnswers }] = await Promise.all([
    import('../../jobs/app-answers.js'),
    import('./summary-table.js'),
    import('./app-answer-text.js'),
  ]);
  printText(renderSummary(summary, bundle));
  const answers = answersOf(summary, bundle);
  if (answers.length > 0) printText(`\n${renderAnswers(answers, { threshold_ns: summary.threshold_ns, bundle })}`);
}

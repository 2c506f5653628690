/** The result of an experiment on stdout: summary, verdict, expected roots and conditions. */
import type { RunResult } from '../../jobs/run-profile.js';
import { capitalised } from '../../words/text.js';
import { printJson, printText } from './output.js';
import { printSummary } from './print-summary.js';

/** `more`: keys of the JSON document beside the summary's. */
export async function printRun(
  { summary, bundle, conditions, expected }: RunResult,
  json: boolean,
  more: object = {},
): Promise<void> {
  if (json) {
    const { answersOf } = await import('../../jobs/app-answers.js');
    const answers = answersOf(summary, bundle);
    printJson({
      ...summary,
      bundle,
      ...more,
      failIf: conditions,
      ...(answers.length === 0 ? {} : { answers }),
      ...(expected.length === 0 ? {} : { expected }),
    });
    return;
  }
  await printSummary(summary, bundle);
  if (expected.length > 0) printText(`\n${expected.map(({ sentence }) => `${capitalised(sentence)}.\n`).join('')}`);
  for (const { sentence } of conditions) printText(`${sentence}\n`);
}

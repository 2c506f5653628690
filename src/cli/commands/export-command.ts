/** `pauselab export`: writes a bundle in the formats of other tools. */
import { Command, Option } from '@commander-js/extra-typings';
import { exportFormats } from '../../report/export-formats.js';
import { printDocument, printNote } from '../text/output.js';

export function exportCommand() {
  return new Command('export')
    .description('write a bundle for another tool: CSV, Bencher, github-action-benchmark, OpenMetrics')
    .argument('<bundle>', 'a folder that `pauselab run` wrote, or `pauselab observe` (csv: its stalls; openmetrics)')
    .addOption(new Option('--format <format>', 'format of the output').choices(exportFormats).makeOptionMandatory())
    .option('-o, --out <file>', 'file to write to (default: stdout)')
    .addHelpText('after', examples)
    .action(async (path, { format, out }) => {
      const [{ exported }, { writeText }] = await Promise.all([
        import('../../report/exported.js'),
        import('../text/write-text.js'),
      ]);
      const { text, notes } = exported(format, path);
      for (const note of notes) printNote(note);
      if (out === undefined) printDocument(text);
      else writeText(out, text);
    });
}

const examples = `
Examples:
  $ pauselab export results/today --format csv -o runs.csv
  $ pauselab export results/today --format bencher
  $ pauselab export results/today --format openmetrics -o pauselab.prom
  $ pauselab export results/observed --format csv -o stalls.csv`;

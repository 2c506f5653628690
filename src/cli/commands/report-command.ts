/** `pauselab report`: writes bundles as an HTML file. */
import { Command } from '@commander-js/extra-typings';
import { usage } from '../../base/failure.js';
import { printDocument, printNote } from '../text/output.js';

export function reportCommand() {
  return new Command('report')
    .description('write bundles as an HTML file: verdict, percentiles, stalls and their causes, side by side')
    .argument(
      '<bundles...>',
      'folders that `pauselab run` wrote, the first of them the reference; or folders that `pauselab observe` wrote',
    )
    .option('-o, --out <file>', 'file to write to (default: stdout)')
    .option(
      '--svg <figure>',
      'a single figure as SVG: <series>.service, <series>.response, <arm>/<series> or stall-1, the longest stall',
    )
    .option('--csv <figure>', 'the numbers of a figure as CSV')
    .addHelpText('after', examples)
    .action(async (paths, { out, svg, csv }) => {
      if (svg !== undefined && csv !== undefined) throw usage('--svg and --csv: choose one of them');
      const [{ report }, { singleFigure }, { writeText }] = await Promise.all([
        import('../../report/html/report.js'),
        import('../../report/html/single.js'),
        import('../text/write-text.js'),
      ]);
      const text =
        svg !== undefined
          ? singleFigure(paths, svg, 'svg')
          : csv !== undefined
            ? singleFigure(paths, csv, 'csv')
            : report(paths);
      if (out === undefined) printDocument(text);
      else {
        writeText(out, text);
        printNote(`wrote ${out}`);
      }
    });
}

const examples = `
Examples:
  $ pauselab report results/today -o report.html
  $ pauselab report results/before results/after -o compared.html
  $ pauselab report results/today --svg writer.mprotect.service -o figure.svg
  $ pauselab report results/observed -o observed.html

The file needs no network and no server. How to read it: docs/report.md.`;

/** `pauselab report`: bundles as one HTML file. */
import { Command } from '@commander-js/extra-typings';

export function reportCommand() {
  return new Command('report')
    .description('one HTML file that shows a bundle, or several side by side: verdict, percentiles, stalls and why they were')
    .argument('<bundles...>', 'folders that `pauselab run` wrote; the first is the reference')
    .option('-o, --out <file>', 'where it goes (default: stdout)')
    .addHelpText('after', examples)
    .action(async (paths, { out }) => {
      const [{ report }, { writeText }] = await Promise.all([import('../report/html/report.js'), import('./write-text.js')]);
      const text = report(paths);
      if (out === undefined) process.stdout.write(text);
      else {
        writeText(out, text);
        process.stderr.write(`pauselab: wrote ${out}\n`);
      }
    });
}

const examples = `
Examples:
  $ pauselab report results/today -o report.html
  $ pauselab report results/before results/after -o compared.html

The file needs no network and no server. How to read it: docs/report.md.`;

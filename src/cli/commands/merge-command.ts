/** `pauselab merge`: makes a bundle with more runs from several bundles of a profile, measured on the same machine. */
import { Command } from '@commander-js/extra-typings';
import { printJson, printNote, printText } from '../text/output.js';

export function mergeCommand() {
  return new Command('merge')
    .description(
      'merge bundles of the same profile and environment into a bundle with more runs; all files and origins are kept',
    )
    .argument('<bundles...>', 'two or more folders that `pauselab run` wrote')
    .requiredOption('-o, --out <folder>', 'folder for the merged bundle')
    .option('--json', 'write a JSON document')
    .addHelpText('after', examples)
    .action(async (paths, options) => {
      const { mergeBundles } = await import('../../jobs/merge-bundles.js');
      const { summary, bundle, origins } = mergeBundles(paths, options.out, printNote);
      if (options.json === true) {
        printJson({ ...summary, bundle, origins: origins.map(({ path, runs }) => ({ path, runs })) });
        return;
      }
      const { renderSummary } = await import('../text/summary-table.js');
      printText(renderSummary(summary, bundle));
    });
}

const examples = `
Examples:
  $ pauselab merge results/monday results/tuesday -o results/both

Bundles are refused if their runs do not repeat each other: another profile, kernel or setting of it, machine, JDK,
allocator or version of pauselab, or --trace in only one of them. Another boot of the machine is merged.`;

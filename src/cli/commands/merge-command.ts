/** `pauselab merge`: makes a bundle with more runs from several bundles of a profile, measured on the same machine. */
import { Command } from '@commander-js/extra-typings';
import { printJson, printNote, printText } from '../text/output.js';

export function mergeCommand() {
  return new Command('merge')
    .description(
      'merge bundles of the same profile and environment into a bundle with more runs; nothing is lost, origins are kept',
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

Bundles of different profiles, kernels, machines or JDKs are refused: their runs do not repeat each other.`;

/** `pauselab replay`: runs the experiment of a bundle again, with its profile, seed and arguments. */
import { Command } from '@commander-js/extra-typings';
import { printable } from '../../base/text/printable.js';
import type { ReplayPlan } from '../../jobs/replay.js';
import { capitalised, counted } from '../../words/text.js';
import { installOption } from '../install.js';
import { quietOption, quietWithinOf } from '../quiet-option.js';
import { printJson, printText } from '../text/output.js';
import { differenceLines, experimentText, useLines } from '../text/uses-text.js';
import { printSummary } from '../text/print-summary.js';
import { progressOnStderr } from '../text/progress-on-stderr.js';

export function replayCommand(argv: readonly string[]) {
  return new Command('replay')
    .description(
      'run the experiment of a bundle again, with its profile, seed and arguments; print the differences of the environment',
    )
    .argument('<bundle>', 'a folder that `pauselab run` wrote; its profile is run unchanged')
    .option('--out <folder>', 'folder for the new bundle (default: pauselab-results/<profile>-<time>)')
    .option('--trust', 'also use programs, libraries, flags and paths of the bundle that are not known on this machine')
    .option('--dry-run', 'print what would be run, what it would use and what differs, and run nothing')
    .option(...quietOption)
    .option('--keep-secrets', 'keep possible secrets in the new bundle')
    .option('--json', 'write a JSON document')
    .option(...installOption)
    .addHelpText('after', examples)
    .action(async (path, options) => {
      const { measureReplay, planReplay, plannedRuns } = await import('../../jobs/replay.js');
      const quietWithin_ms = quietWithinOf(options.waitForQuiet);
      const plan = await planReplay(path, { trust: options.trust === true });
      const { uses, differences, refusal } = plan;
      const progress = await progressOnStderr();
      if (options.dryRun === true) {
        const runs = await plannedRuns(plan, progress.note);
        const { describePlan } = await import('../text/dry-run.js');
        if (options.json === true)
          printJson({ replayOf: path, differences, uses, refused: refusal?.message ?? null, plan: runs });
        else printText(`${headOf(plan)}\n\n${describePlan(runs)}`);
        if (refusal !== null) throw refusal;
        return;
      }
      if (refusal !== null) throw refusal;
      if (options.json !== true) printText(`${headOf(plan)}\n\n`);
      const replayed = await measureReplay(plan, argv, { ...options, progress, quietWithin_ms });
      const { summary, bundle, failure, guestDifferences, expected } = replayed;
      if (options.json === true)
        printJson({
          ...summary,
          bundle,
          replayOf: path,
          uses,
          differences: [...differences, ...guestDifferences],
          ...(expected.length === 0 ? {} : { expected }),
        });
      else {
        await printSummary(summary, bundle);
        if (expected.length > 0)
          printText(`\n${expected.map(({ sentence }) => `${capitalised(sentence)}.\n`).join('')}`);
        if (guestDifferences.length > 0)
          printText(`\nThe guests differ too:\n${differenceLines(guestDifferences).join('\n')}\n`);
      }
      if (failure !== null) throw failure;
    });
}

function headOf(plan: ReplayPlan): string {
  const { path, side, differences, uses } = plan;
  const { runs } = side.profile;
  const size = `, ${counted(side.arms.length, 'arm')}, ${runs === 1 ? 'a run' : `${runs} runs`} each`;
  return printable([
    `Replays ${path}: ${experimentText(plan, size)}`,
    differences.length === 0
      ? 'The recorded environment is unchanged.'
      : 'Differences of the environment, which can change the results:',
    ...differenceLines(differences),
    'What it uses:',
    ...useLines(uses),
  ]).join('\n');
}

const examples = `
Examples:
  $ pauselab replay results/today --dry-run
  $ pauselab replay results/today --out results/again
  $ pauselab replay downloaded --trust
  $ pauselab compare results/today results/again`;

/** `pauselab resume`: goes on with an experiment that was interrupted, in its bundle. */
import { Command } from '@commander-js/extra-typings';
import type { ExitCode } from '../../base/failure.js';
import { counted } from '../../words/text.js';
import { installOption } from '../install.js';
import { quietOption, quietWithinOf } from '../quiet-option.js';
import { printNote } from '../text/output.js';
import { printRun } from '../text/print-run.js';
import { progressOnStderr } from '../text/progress-on-stderr.js';

export function resumeCommand(setExitCode: (code: ExitCode) => void) {
  return new Command('resume')
    .description('go on with an experiment that was interrupted, in its bundle: only the missing runs are made')
    .argument('<bundle>', 'a folder that `pauselab run` began; its profile, order and settings are kept')
    .option('--trust', 'also use programs, libraries, flags and paths of the bundle that are not known on this machine')
    .option('--dry-run', 'print what is kept, what would be run and what changed since, and run nothing')
    .option(...quietOption)
    .option('--json', 'write the summary, or with --dry-run the plan, as a JSON document')
    .option(...installOption)
    .addHelpText('after', examples)
    .action(async (path, options) => {
      const quietWithin_ms = quietWithinOf(options.waitForQuiet);
      const trust = options.trust === true;
      const progress = await progressOnStderr();
      if (options.dryRun === true) {
        const { plannedResume } = await import('../../jobs/planned-resume.js');
        const planned = await plannedResume(path, { trust, note: progress.note });
        const { printPlannedResume } = await import('../text/print-planned-resume.js');
        printPlannedResume(planned, options.json === true);
        if (planned.refusal !== null) throw planned.refusal;
        return;
      }
      const { resume } = await import('../../jobs/resume.js');
      const result = await resume(path, {
        trust,
        progress,
        quietWithin_ms,
        ...(options.install === true ? { install: true } : {}),
      });
      const { kept_n, setAside_n, isMeasured } = result;
      printNote(
        isMeasured
          ? `${counted(kept_n, 'run')} of ${path} ${kept_n === 1 ? 'was' : 'were'} kept${setAside_n === 0 ? '' : `, and ${counted(setAside_n, 'run')} made again`}`
          : `${path} is complete: no run is missing, and none was made`,
      );
      await printRun(result, options.json === true, { resumed: isMeasured });
      if (result.failure !== null) throw result.failure;
      setExitCode(result.exitCode);
    });
}

const examples = `
Examples:
  $ pauselab resume results/today --dry-run
  $ pauselab resume results/today
  $ pauselab resume results/today --wait-for-quiet 10m`;

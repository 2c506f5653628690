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
    .option(...quietOption)
    .option('--json', 'write the summary as a JSON document')
    .option(...installOption)
    .addHelpText('after', examples)
    .action(async (path, options) => {
      const { resume } = await import('../../jobs/resume.js');
      const result = await resume(path, {
        trust: options.trust === true,
        progress: await progressOnStderr(),
        quietWithin_ms: quietWithinOf(options.waitForQuiet),
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
  $ pauselab resume results/today
  $ pauselab resume results/today --wait-for-quiet 10m`;

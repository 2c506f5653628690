/** `pauselab run`: measures a profile, writes a bundle, and prints a table and a verdict. */
import { Command } from '@commander-js/extra-typings';
import type { ExitCode } from '../../base/failure.js';
import { guestDefaults, guestOptions } from '../guest-options.js';
import { installOption } from '../install.js';
import { jdkOption } from '../jdk-option.js';
import { collect, wholeNumber } from '../option-values.js';
import { quietOption, quietWithinOf } from '../quiet-option.js';
import { printPlan } from '../text/print-plan.js';
import { printRun } from '../text/print-run.js';
import { progressOnStderr } from '../text/progress-on-stderr.js';

export function runCommand(argv: readonly string[], setExitCode: (code: ExitCode) => void) {
  return new Command('run')
    .description('run a profile: its arms and both controls, repeated and interleaved')
    .argument('<profile>', 'a name from `pauselab profile list`, or a YAML file')
    .option('--out <folder>', 'folder for the bundle (default: pauselab-results/<profile>-<time>)')
    .option(
      '--set <path=value>',
      'override a value of the profile, such as holder.nice=10; may be repeated',
      collect,
      [],
    )
    .option('--runs <n>', 'repetitions of each arm', wholeNumber)
    .option('--duration <time>', 'measured window of a run, such as 10s')
    .option(
      '--until-n <series=n>',
      'repeat runs until every arm has this many samples of the series, such as gc.pause=400',
    )
    .option('--arm <name>', 'run only this arm, and both controls; may be repeated', collect, [])
    .option('--seed <n>', 'seed of the order of runs', wholeNumber)
    .option(
      '--fail-if <condition>',
      "exit with 3 if this condition is met, such as 'writer.mprotect.stalls > 0'; may be repeated",
      collect,
      [],
    )
    .option('--java <path>', 'the JDK of JVM arms: its folder, its java or deb:<version>')
    .option(...jdkOption())
    .option(
      '--java-args <words>',
      "the words after `java` that start your program, such as '-jar my.jar' (profile app)",
    )
    .option(
      '--kernel <kernel>',
      'run on this kernel in a guest: deb:<version>, the label of a built kernel, sources to build (deb-source:<version>,patch=<name>) or the path of an image; host: the kernel of this machine; label=… names it in the results; may be repeated',
      collect,
      [],
    )
    .option(
      '--boot-label <label>',
      'run on the kernel of this machine, which must be the built kernel of this label, and record what it was built from',
    )
    .option(
      '--preempt <model>',
      'preempt= of the guests’ kernels: full, voluntary, lazy or none; may be repeated',
      collect,
      [],
    )
    .option(
      '--feature <word>',
      'set this feature of the scheduler through debugfs, in the kernel’s words: HRTICK, NO_HRTICK; on this machine as root, and restored afterwards; may be repeated',
      collect,
      [],
    )
    .option('--append <words>', 'add to the command line of the guests’ kernels', collect, [])
    .option('--guest-memory <size>', 'memory of a guest', guestDefaults.guestMemory)
    .option('--guest-cpus <n>', 'CPUs of a guest', wholeNumber, guestDefaults.guestCpus)
    .option('--boot-deadline <time>', 'time limit for a guest to become ready', guestDefaults.bootDeadline)
    .option(...quietOption)
    .option('--json', 'write the summary as a JSON document')
    .option('--dry-run', 'print the plan and run nothing; kernels that the cache lacks are fetched')
    .option('--trace', 'trace the kernel during each run, so that causes are proven (needs root; slows the run)')
    .option('--allow-degraded', 'run even if a priority or CPU cannot be set, and mark the result as degraded')
    .option(
      '--keep-secrets',
      'keep possible secrets in the arguments and the environment of your program; by default the bundle has <redacted> instead',
    )
    .option(...installOption)
    .addHelpText('after', examples)
    .action(async (nameOrPath, options) => {
      const { planRun, measureRun } = await import('../../jobs/run-profile.js');
      const guest = guestOptions(options);
      const quietWithin_ms = quietWithinOf(options.waitForQuiet);
      const plan = await planRun(nameOrPath, { ...options, guestCpus: guest.cpus });
      if (options.dryRun === true) {
        const keepSecrets = options.keepSecrets === true;
        await printPlan(plan.side, { guest, keepSecrets, json: options.json === true });
        return;
      }
      const progress = await progressOnStderr();
      const result = await measureRun(plan, argv, { ...options, progress, guest, quietWithin_ms });
      await printRun(result, options.json === true);
      if (result.failure !== null) throw result.failure;
      setExitCode(result.exitCode);
    });
}

const examples = `
Examples:
  $ pauselab run priority-inversion
  $ pauselab run priority-inversion --runs 10 --duration 10s --out results/today
  $ pauselab run priority-inversion --arm free-across-vmas --set holder.nice=10
  $ pauselab run convoy --kernel stock=deb:6.17.13 --kernel previous=deb:6.16.12
  $ pauselab run convoy --dry-run`;

/** The command line: all commands, their common options, and usage errors. */
import { Command, CommanderError, Help, type CommandUnknownOpts, type Option } from '@commander-js/extra-typings';
import { ExitCode } from '../base/failure.js';
import { printableText } from '../base/text/printable.js';
import { redacted } from '../base/secrets.js';
import { baselineCommand } from './commands/baseline-command.js';
import { compareCommand } from './commands/compare-command.js';
import { completionCommand } from './commands/completion-command.js';
import { doctorCommand } from './commands/doctor-command.js';
import { endWith } from './ending.js';
import { explainCommand } from './commands/explain-command.js';
import { exportCommand } from './commands/export-command.js';
import { gateCommand } from './commands/gate-command.js';
import { jdksCommand } from './commands/jdks-command.js';
import { kernelsCommand } from './commands/kernels-command.js';
import { logSettings, useLogSettings } from './text/log-settings.js';
import { mergeCommand } from './commands/merge-command.js';
import { observeCommand } from './commands/observe-command.js';
import { printText } from './text/output.js';
import { profileCommand } from './commands/profile-command.js';
import { replayCommand } from './commands/replay-command.js';
import { reportCommand } from './commands/report-command.js';
import { resumeCommand } from './commands/resume-command.js';
import { runCommand } from './commands/run-command.js';
import { toolVersion } from '../jobs/tool-version.js';

/** All commands. `setExitCode` takes the exit code of a command that ends without a failure. */
export function commandLine(argv: readonly string[], setExitCode: (code: ExitCode) => void): Command {
  const program = new Command('pauselab')
    .description('Reproduces, measures and explains the pauses of programs when memory goes back to Linux.')
    .version(toolVersion(), '-V, --version', 'print the version')
    .option(
      '--log-format <format>',
      'progress on stderr: text, or json with an object per line (default: PAUSELAB_LOG_FORMAT, else text)',
    )
    .addHelpText('after', examples)
    .addCommand(runCommand(argv, setExitCode))
    .addCommand(resumeCommand(setExitCode))
    .addCommand(observeCommand(argv, setExitCode))
    .addCommand(explainCommand())
    .addCommand(reportCommand())
    .addCommand(compareCommand(setExitCode))
    .addCommand(gateCommand(argv, setExitCode))
    .addCommand(baselineCommand())
    .addCommand(mergeCommand())
    .addCommand(replayCommand(argv))
    .addCommand(exportCommand())
    .addCommand(profileCommand(setExitCode))
    .addCommand(doctorCommand(setExitCode))
    .addCommand(kernelsCommand())
    .addCommand(jdksCommand())
    .addCommand(completionCommand((): CommandUnknownOpts => program));
  program.hook('preAction', () => {
    useLogSettings(logSettings(program.opts().logFormat));
  });
  // Subcommands do not inherit these settings.
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command
      .exitOverride()
      .showHelpAfterError('(--help lists the options)')
      .helpCommand(false)
      .configureHelp({ showGlobalOptions: true, optionDescription: describeOption })
      .configureOutput({
        writeOut: printText,
        outputError: (text, write) => {
          write(printableText(redacted(text)));
        },
      });
  }
  return program;
}

/** The default of a repeatable option is an empty list, which --help does not show. */
function describeOption(option: Option): string {
  const isEmpty = Array.isArray(option.defaultValue) && option.defaultValue.length === 0;
  return isEmpty ? option.description : new Help().optionDescription(option);
}

/** Runs a command line. Results go to stdout, all else to stderr. */
export async function runCommandLine(argv: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.ok;
  const program = commandLine(argv, (code) => {
    exitCode = code;
  });
  if (argv.length <= 2) {
    process.stderr.write(program.helpInformation());
    return ExitCode.usage;
  }
  try {
    await program.parseAsync([...argv]);
    return exitCode;
  } catch (error) {
    // Commander has already printed its text. It throws --help and --version as errors with exit code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    return endWith(error);
  }
}

const examples = `
Examples:
  $ pauselab run priority-inversion              reproduce the stall, with both controls
  $ pauselab run convoy --runs 5 --json          one JSON document on stdout
  $ pauselab run ./mine.yaml --fail-if 'writer.mprotect.stalls > 0'
  $ pauselab observe --pid 4711 --for 60s        what stalls a process that is running now
  $ pauselab explain ./results                   the cause of each stall, and how certain it is
  $ pauselab report ./results -o report.html     everything on an HTML page
  $ pauselab compare results/before results/after  what regressed, improved or is inconclusive
  $ pauselab gate --baseline results/before --candidate results/after  judge a change: exit 0, 3 or 4
  $ pauselab doctor                              the lock of each call here, and whether this machine is fit
  $ pauselab profile list                        the profiles that can be run
  $ pauselab kernels list --available            the kernels that a guest can boot
  $ pauselab jdks list --available               the JDKs that --java can name
  $ pauselab profile show residual-stalls        a profile, with its comments

Exit codes: 0 success, 1 internal error, 2 invalid input, 3 a --fail-if was met or a gate failed, 4 inconclusive,
5 this machine is unfit, 6 the workload failed, 129/130/143 interrupted.`;

/** `pauselab observe`: what stalls a process that runs already. */
import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import type { ExitCode } from '../../base/failure.js';
import { parseDuration } from '../../base/text/units.js';
import { printJson, printText } from '../text/output.js';
import { collect } from './run-command.js';

export function observeCommand(argv: readonly string[], setExitCode: (code: ExitCode) => void) {
  return new Command('observe')
    .description(
      'watch processes that are running, without changing them: which of their threads stall, who holds what they wait for, and whether giving memory back is the reason',
    )
    .option('--pid <pid>', 'observe this process; may be repeated', collectPid, [])
    .option('--name <name>', 'observe the processes of this name; may be repeated', collect, [])
    .option('--for <duration>', 'how long', duration, 60e9)
    .option('--until-stalls <n>', 'end sooner, once so many stalls were seen', wholeNumber)
    .option('--threshold <duration>', 'shortest wait that counts as a stall', duration, 20e6)
    .option('--out <folder>', 'folder to write the bundle to (default: pauselab-results/observed-<name>-<time>)')
    .option('--json', 'write one JSON document')
    .addHelpText('after', examples)
    .action(async (options) => {
      const [{ observe, pidsOf }, { pidsNamed }, { createLogger }, { exitCodeOf, listenForInterruption }] =
        await Promise.all([
          import('../../jobs/observe.js'),
          import('../../observe/target.js'),
          import('../text/logger.js'),
          import('../../experiment/interruption.js'),
        ]);
      const pids = pidsOf(
        options.pid,
        options.name.map((name) => [name, pidsNamed(name)] as const),
      );
      const logger = createLogger();
      const interruption = listenForInterruption((signal) => {
        logger.info(`${signal}: ending the observation and keeping what was seen; once more ends at once`);
      });
      try {
        const result = await observe({
          pids,
          threshold_ns: options.threshold,
          for_ns: options.for,
          untilStalls_n: options.untilStalls ?? null,
          out: options.out ?? null,
          argv,
          interruption,
          progress: (text) => {
            logger.debug(text);
          },
        });
        if (options.json === true) printJson({ ...result.observation, stalls: result.stalls, bundle: result.bundle });
        else {
          const { renderObservation } = await import('../text/observation-text.js');
          printText(renderObservation(result));
        }
        const signal = interruption.signal();
        if (signal !== null) setExitCode(exitCodeOf(signal));
      } finally {
        interruption.dispose();
      }
    });
}

function collectPid(value: string, before: readonly number[]): number[] {
  if (!/^[1-9]\d{0,9}$/.test(value)) throw new InvalidArgumentError(`expected a process id, got ${value}.`);
  return [...before, Number(value)];
}

function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError(`expected a number from 1, got ${value}.`);
  return Number(value);
}

function duration(value: string): number {
  const parsed = parseDuration(value);
  if (!parsed.ok || parsed.value <= 0)
    throw new InvalidArgumentError(`expected ${parsed.ok ? 'a duration above 0' : parsed.expected}, got ${value}.`);
  return parsed.value;
}

const examples = `
Examples:
  $ pauselab observe --pid 4711 --for 60s
  $ pauselab observe --name java --until-stalls 20 --threshold 50ms
  $ pauselab explain pauselab-results/observed-java-2026-01-31T120000Z

It needs root, or CAP_BPF and CAP_PERFMON. The processes are not stopped, restarted or changed.
Exit codes: 0 observed, 2 no such process, 5 this machine does not allow it, 129/130/143 interrupted (what was seen is kept).`;

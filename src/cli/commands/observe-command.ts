/** `pauselab observe`: what stalls a process that runs already. */
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { ExitCode } from '../../base/failure.js';
import { parseDuration } from '../../base/text/units.js';
import { tiers } from '../../facts/observation-facts.js';
import type { AskedTargets } from '../../jobs/observe-targets.js';
import { installing, installOption } from '../install.js';
import { collectNamed } from '../option-values.js';
import { printJson, printJsonLine, printText } from '../text/output.js';

export function observeCommand(argv: readonly string[], setExitCode: (code: ExitCode) => void) {
  return new Command('observe')
    .description(
      'watch processes that are running, without changing them: which of their threads stall, who holds what they wait for, and whether giving memory back is the reason',
    )
    .option('--pid <pid>', 'observe this process; may be repeated', collectPid, [])
    .option('--name <name>', 'observe the processes of this name; may be repeated', collectNamed, [])
    .option('--main-class <name>', 'observe the JVMs of this main class or jar; may be repeated', collectNamed, [])
    .option(
      '--cgroup <path>',
      'observe the processes of this cgroup and those below it, by its path in /proc/PID/cgroup or its folder; may be repeated',
      collectNamed,
      [],
    )
    .option('--jvm', 'attach to the JVMs: names of their threads, and their log for as long as the observation lasts')
    .option(
      '--for <duration>',
      'observe for so long (default: 60s; with --follow until Ctrl-C, or until the processes end)',
      duration,
    )
    .option('--follow', 'print each stall as it comes, half a second after its end')
    .option('--until-stalls <n>', 'end sooner, once so many stalls were seen', countFromOne)
    .addOption(
      new Option('--threshold <duration>', 'shortest wait that counts as a stall')
        .argParser(duration)
        .default(20e6, '20ms'),
    )
    .addOption(
      new Option('--tier <tier>', 'way of observing (default: the best that this machine allows)').choices(tiers),
    )
    .option('--out <folder>', 'folder to write the bundle to (default: pauselab-results/observed-<name>-<time>)')
    .option(
      '--check',
      'observe nothing: say which ways of observing this machine allows, what is missing, and how to get it',
    )
    .option('--json', 'write a JSON document; with --follow an object per line, the result last')
    .option(...installOption)
    .addHelpText('after', examples)
    .action(async (options) => {
      if (options.check === true) {
        const { checkObserving } = await import('../../jobs/observe.js');
        const found = await checkObserving(named(options), await installing(options.install === true));
        if (options.json === true) printJson(found);
        else {
          const { renderObservationCheck } = await import('../text/observation-check-text.js');
          printText(renderObservationCheck(found));
        }
        if (found.tier === null) setExitCode(ExitCode.unfit);
        return;
      }
      const { observe } = await import('../../jobs/observe.js');
      const isFollowing = options.follow === true;
      const follow = isFollowing
        ? (await import('../text/follow-text.js')).createFollower({ isJson: options.json === true })
        : null;
      const asked = {
        ...named(options),
        tier: options.tier ?? null,
        jvm: options.jvm === true,
        threshold_ns: options.threshold,
        for_ns: options.for ?? (isFollowing ? Infinity : usual_ns),
        untilStalls_n: options.untilStalls ?? null,
        out: options.out ?? null,
        follow,
      };
      const result = await observe(asked, { argv, ...(await installing(options.install === true)) });
      const document = { ...result.observation, stalls: result.stalls, bundle: result.bundle };
      if (options.json === true && isFollowing) printJsonLine(document);
      else if (options.json === true) printJson(document);
      else {
        const { renderObservation } = await import('../text/observation-text.js');
        printText(`${isFollowing ? '\n' : ''}${renderObservation(result)}`);
      }
      // A script looks for the bundle in its place, however the observation ended.
      if (!result.isInPlace) setExitCode(ExitCode.unfit);
      else if (result.interrupted !== null) setExitCode(result.interrupted);
    });
}

/** How long is observed if nothing is said. */
const usual_ns = 60e9;

function named(options: {
  readonly pid: readonly number[];
  readonly name: readonly string[];
  readonly mainClass: readonly string[];
  readonly cgroup: readonly string[];
}): AskedTargets {
  return { pids: options.pid, names: options.name, mainClasses: options.mainClass, cgroups: options.cgroup };
}

function collectPid(value: string, before: readonly number[]): number[] {
  if (!/^[1-9]\d{0,9}$/.test(value)) throw new InvalidArgumentError(`expected a process id, got ${value}.`);
  return [...before, Number(value)];
}

function countFromOne(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError(`expected a whole number from 1, got ${value}.`);
  return Number(value);
}

function duration(value: string): number {
  const parsed = parseDuration(value);
  if (!parsed.ok) throw new InvalidArgumentError(`expected ${parsed.expected}, got ${value}.`);
  if (parsed.value <= 0) throw new InvalidArgumentError(`expected a duration above 0, got ${value}.`);
  return parsed.value;
}

const examples = `
Examples:
  $ pauselab observe --pid 4711 --for 60s
  $ pauselab observe --name java --until-stalls 20 --threshold 50ms
  $ pauselab observe --main-class org.h2.tools.Server --jvm
  $ pauselab observe --pid 4711 --follow
  $ pauselab observe --cgroup /system.slice/shop.service --for 10m
  $ pauselab observe --check
  $ pauselab explain pauselab-results/observed-java-2026-01-31T120000Z

With root, or CAP_BPF and CAP_PERFMON, programs in the kernel watch (eBPF), which shows most. Without them, processes of
the same user are looked at every 10 ms (sampling). --check says what this machine allows. The processes are not stopped,
restarted or changed; --jvm changes a JVM's log while it observes, and says so.

Exit codes: 0 observed, 2 no such process (with --jvm: no JVM) or invalid options, 5 this machine does not allow it,
6 a helper died, 129/130/143 interrupted (what was seen is kept).`;

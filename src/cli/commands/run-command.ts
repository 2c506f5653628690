/** `pauselab run`: from a profile to a table, a verdict and a bundle. */
import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { ExitCode } from '../../base/failure.js';
import type { SummaryFile } from '../../bundle/bundle-schema.js';
import { kernelsOf } from '../../profile/check/asked-kernel.js';
import type { GuestOptions } from '../../experiment/place/places.js';
import { measure } from '../../jobs/measure.js';
import type { PlannedSide } from '../../jobs/plan.js';
import type { ConditionFact } from '../../facts/condition-facts.js';
import type { Stated } from '../../facts/stated.js';
import { guestDefaults, guestOptions } from '../guest-options.js';
import { installOption } from '../install.js';
import { printJson, printText } from '../text/output.js';
import { answersOf, printSummary } from '../text/print-summary.js';
import { quietOption, quietWithinOf } from '../quiet-option.js';
import { toldOnStderr } from '../text/told-on-stderr.js';
import { jvmShortcuts, shortcuts, type ChangeOptions, type ShortOptions } from '../shortcuts.js';

export const collect = (value: string, before: string[]): string[] => [...before, value];

export const wholeNumber = (value: string): string => {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError(`expected a whole number, got ${value}.`);
  return value;
};

export function runCommand(argv: readonly string[], setExitCode: (code: ExitCode) => void) {
  return new Command('run')
    .description('run a profile: its arms and both controls, repeated and interleaved')
    .argument('<profile>', 'a name from `pauselab profile list`, or a YAML file')
    .option('--out <folder>', 'folder to write the bundle to (default: pauselab-results/<profile>-<time>)')
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
      "exit with 3 if this is met, such as 'writer.mprotect.stalls > 0'; may be repeated",
      collect,
      [],
    )
    .option('--java <path>', 'the JDK of JVM arms, by its folder or its java')
    .option('--java-args <words>', "what follows `java` for a program of your own, such as '-jar my.jar' (profile app)")
    .option(
      '--kernel <kernel>',
      'run on this kernel in a guest: deb:<version> or the path of an image; host: this machine’s own; label=… names it in the results; may be repeated',
      collect,
      [],
    )
    .option(
      '--preempt <model>',
      'preempt= of the guests’ kernels: full, voluntary, lazy or none; may be repeated',
      collect,
      [],
    )
    .option('--append <words>', 'add to the command line of the guests’ kernels', collect, [])
    .option('--guest-memory <size>', 'memory of a guest', guestDefaults.guestMemory)
    .option('--guest-cpus <n>', 'CPUs of a guest', wholeNumber, guestDefaults.guestCpus)
    .option('--boot-deadline <time>', 'time limit for a guest to become ready', guestDefaults.bootDeadline)
    .option(...quietOption)
    .option('--json', 'write the summary as one JSON document')
    .option('--dry-run', 'print the plan and run nothing')
    .option('--trace', 'trace the kernel beside each run, so that causes are proven (root; costs time)')
    .option('--allow-degraded', 'run even if a priority or CPU cannot be set, and mark the result as degraded')
    .option(
      '--keep-secrets',
      'keep what looks like a secret in the words and the environment of a program of your own; without it the bundle has <redacted> there',
    )
    .option(...installOption)
    .addHelpText('after', examples)
    .action(async (nameOrPath, options) => {
      const [{ parseFailCondition, checkCondition, refuseUndecidable }, { parseUntilN }] = await Promise.all([
        import('../../verdict/run/fail-if.js'),
        import('../../experiment/plan/until-n.js'),
      ]);
      const { profile, arms } = await planOfRun(nameOrPath, options);
      const untilN = options.untilN === undefined ? null : parseUntilN(options.untilN, arms);
      const conditions = options.failIf.map((text) => parseFailCondition(text, arms));
      // With --until-n there may be more runs than these.
      if (untilN === null) refuseUndecidable(conditions, profile.runs);

      const guest = guestOptions(options);
      const quietWithin_ms = quietWithinOf(options.waitForQuiet);
      if (options.dryRun === true) {
        await writePlan({ profile, arms }, guest, {
          json: options.json === true,
          keepSecrets: options.keepSecrets === true,
        });
        return;
      }
      const { summary, bundle, failure } = await measure(profile, arms, argv, {
        ...options,
        told: await toldOnStderr(),
        untilN,
        guest,
        quietWithin_ms,
      });
      const results = conditions.map((condition) => checkCondition(condition, summary));
      await print({ summary, bundle, results, json: options.json === true });
      if (failure !== null) throw failure;
      setExitCode(exitCodeOf(summary, results));
    });
}

const examples = `
Examples:
  $ pauselab run priority-inversion
  $ pauselab run priority-inversion --runs 10 --duration 10s --out results/today
  $ pauselab run priority-inversion --arm free-across-vmas --set holder.nice=10
  $ pauselab run convoy --kernel stock=deb:6.17.13 --kernel previous=deb:6.16.12
  $ pauselab run convoy --dry-run`;

type PlanOptions = ShortOptions & {
  readonly set: readonly string[];
  readonly arm: readonly string[];
  readonly guestCpus?: string;
};

/** What is asked for, before anything runs. `base`: what the baseline of a gate in turns has instead. */
export async function planOfRun(
  nameOrPath: string,
  options: PlanOptions,
  base: ChangeOptions = { set: [] },
): Promise<PlannedSide> {
  const [{ planSide }, { parseOverride, parseSet }] = await Promise.all([
    import('../../jobs/plan.js'),
    import('../../profile/written/set.js'),
  ]);
  const ofBase = '--base-';
  return planSide(nameOrPath, {
    overrides: [
      ...options.set.map(parseSet),
      ...shortcuts(options),
      ...base.set.map((text) => parseOverride(`${ofBase}set`, text)),
      ...shortcuts({ kernel: base.kernel }, ofBase),
    ],
    ofJvm: [...jvmShortcuts(options), ...jvmShortcuts(base, ofBase)],
    jvmOptions: [...new Set([...jvmOptions(options, '--'), ...jvmOptions(base, ofBase)])],
    arms: options.arm,
    guestCpus: guestOptions({
      ...guestDefaults,
      ...(options.guestCpus === undefined ? {} : { guestCpus: options.guestCpus }),
    }).cpus,
  });
}

/** Their names, as they were written. */
function jvmOptions({ java, javaArgs }: Pick<ShortOptions, 'java' | 'javaArgs'>, before: string): string[] {
  return [...(java === undefined ? [] : [`${before}java`]), ...(javaArgs === undefined ? [] : [`${before}java-args`])];
}

/** What would be run. */
export async function writePlan(
  side: PlannedSide,
  guest: GuestOptions,
  { json, keepSecrets }: { readonly json: boolean; readonly keepSecrets: boolean },
): Promise<void> {
  const { describePlan } = await import('../text/dry-run.js');
  const plan = await planOfSide(side, guest, keepSecrets);
  if (json) printJson(plan);
  else printText(describePlan(plan));
}

/** `together`: kernels of all sides that are measured in turns; places of both have names of their own. */
export async function planOfSide(
  { profile, arms }: PlannedSide,
  guest: GuestOptions,
  keepSecrets: boolean,
  together: readonly string[] = profile.kernels,
) {
  const [{ planOf }, { describeGuests }, { withoutSecrets }] = await Promise.all([
    import('../text/dry-run.js'),
    import('../../jobs/resolve-places.js'),
    import('../../profile/resolved/profile-secrets.js'),
  ]);
  const all = await describeGuests({ ...profile, kernels: together, guest }, (await toldOnStderr()).note);
  const own = kernelsOf(profile);
  const guests = own.flatMap((kernel) => all.filter(({ asked }) => asked === kernel));
  return {
    ...planOf(
      profile,
      keepSecrets ? arms : withoutSecrets(arms),
      guests.map(({ name }) => name),
    ),
    guests,
  };
}

async function print({
  summary,
  bundle,
  results,
  json,
}: {
  summary: SummaryFile;
  bundle: string;
  results: readonly Stated<ConditionFact>[];
  json: boolean;
}): Promise<void> {
  if (json) {
    const answers = await answersOf(summary, bundle);
    printJson({ ...summary, bundle, failIf: results, ...(answers.length === 0 ? {} : { answers }) });
    return;
  }
  await printSummary(summary, bundle);
  for (const { sentence } of results) printText(`${sentence}\n`);
}

/** Inconclusive also when every run of an arm was disturbed: an experiment that shows nothing has not succeeded. */
function exitCodeOf({ findings }: SummaryFile, results: readonly Stated<ConditionFact>[]): ExitCode {
  if (results.some(({ outcome }) => outcome === 'met')) return ExitCode.regression;
  const isUnknown =
    results.some(({ outcome }) => outcome === 'unknown') || findings.some(({ outcome }) => outcome === 'no-data');
  return isUnknown ? ExitCode.inconclusive : ExitCode.ok;
}

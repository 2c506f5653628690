/** `pauselab gate`: judges candidates against their baselines by a policy, for people and for CI systems. */
import { Command } from '@commander-js/extra-typings';
import { usage, type ExitCode } from '../../base/failure.js';
import { guestDefaults, guestOptions } from '../guest-options.js';
import { installOption } from '../install.js';
import { jdkOption } from '../jdk-option.js';
import { collect, wholeNumber } from '../option-values.js';
import { quietOption, quietWithinOf } from '../quiet-option.js';
import { printDocument, printJson, printNote, printText, toJson } from '../text/output.js';
import { printPlan, type PlanForm } from '../text/print-plan.js';
import { progressOnStderr } from '../text/progress-on-stderr.js';
import type { MeasuredForGate } from '../../jobs/run-gate.js';
import type { BaseChange, GatePlan } from '../../jobs/gate-plan.js';
import type { GateResult } from '../../verdict/gate/gated.js';
import type { EnvironmentClass } from '../../verdict/gate/policy-schema.js';

export function gateCommand(argv: readonly string[], setExitCode: (code: ExitCode) => void) {
  return new Command('gate')
    .description('judge candidates against baselines by a policy: exit 0 pass, 3 fail, 4 no verdict')
    .option(
      '--baseline <path>',
      'a baseline, a bundle, or a folder of baselines (default: pauselab-baselines); may be repeated',
      collect,
      [],
    )
    .option('--candidate <bundle>', 'a folder that `pauselab run` wrote; may be repeated', collect, [])
    .option('--run <profile>', 'measure this profile now, and judge the result as the candidate')
    .option('--policy <file>', 'policy in YAML (default: the policy of --print-policy)')
    .option('--print-policy', 'print the default policy, as a start for your policy')
    .option(
      '--allow-different <class>',
      'allow baseline and candidate to differ in kernel, machine, jdk or allocator; may be repeated',
      collect,
      [],
    )
    .option(
      '--allow-setting <pattern>',
      'allow this setting of the profile to differ, such as arms.*.hogs.*; may be repeated',
      collect,
      [],
    )
    .option('--json [file]', 'write a JSON document, to stdout or to the named file')
    .option('--markdown [file]', 'write Markdown, to stdout or to the named file')
    .option('--junit [file]', 'write JUnit XML, to stdout or to the named file')
    .option('--out <folder>', 'with --run: folder for the bundle; where both sides are measured, for both bundles')
    .option(
      '--runs <n>',
      'with --run: repetitions of each arm (default: enough to decide, and at least the minimum of the policy)',
      wholeNumber,
    )
    .option(
      '--duration <time>',
      'with --run: measured window of a run, such as 10s (default: that of the stored baseline)',
    )
    .option('--set <path=value>', 'with --run: override a value of the profile; may be repeated', collect, [])
    .option('--arm <name>', 'with --run: only this arm, and both controls; may be repeated', collect, [])
    .option('--seed <n>', 'with --run: seed of the order of runs', wholeNumber)
    .option('--java <path>', 'with --run: the JDK of JVM arms: its folder, its java or deb:<version>')
    .option(...jdkOption('with --run: '))
    .option('--java-args <words>', 'with --run: the words after `java` that start your program')
    .option(
      '--kernel <kernel>',
      'with --run: run on this kernel in a guest, with or without a label, as in `pauselab run`',
      collect,
      [],
    )
    .option(
      '--base-set <path=value>',
      'with --run: also measure a baseline, in turns with the candidate, with this other value in the profile; may be repeated',
      collect,
      [],
    )
    .option('--base-java <path>', 'with --run: also measure a baseline, with this JDK')
    .option('--base-java-args <words>', 'with --run: also measure a baseline, with this program')
    .option('--base-kernel <kernel>', 'with --run: also measure a baseline, on this kernel', collect, [])
    .option(quietOption[0], `with --run: ${quietOption[1]}`)
    .option('--keep-secrets', 'with --run: keep possible secrets in the arguments and the environment of your program')
    .option(
      '--dry-run',
      'with --run: print the plan; measure and judge nothing; kernels that the cache lacks are fetched',
    )
    .option(installOption[0], `with --run: ${installOption[1]}`)
    .addHelpText('after', examples)
    .action(async (options) => {
      if (options.printPolicy === true) {
        printText((await import('../../verdict/gate/default-policy.js')).defaultPolicyText);
        return;
      }
      refuseMixed(options);
      const guest = guestOptions(guestDefaults);
      const { judgeGate, measureForGate, prepareGate } = await import('../../jobs/run-gate.js');
      const prepared = await prepareGate({
        policy: options.policy,
        allowDifferent: await environmentClassesOf(options.allowDifferent),
        allowSettings: options.allowSetting,
        baselines: options.baseline,
        candidates: options.candidate,
        measurement:
          options.run === undefined
            ? null
            : { ...options, profile: options.run, base: baseChange(options), guestCpus: guest.cpus },
      });
      const { plan } = prepared;
      if (plan !== null) await printWindow(plan);
      if (plan !== null && options.dryRun === true) {
        await writePlan(plan, { guest, keepSecrets: options.keepSecrets === true, json: options.json === true });
        return;
      }
      const measured =
        plan === null
          ? null
          : await measureForGate(plan, argv, {
              ...options,
              progress: await progressOnStderr(),
              untilN: null,
              guest,
              quietWithin_ms: quietWithinOf(options.waitForQuiet),
            });
      if (measured !== null) printMeasured(measured);
      const result = judgeGate(prepared, measured);
      await write(result, options);
      setExitCode(result.exitCode);
    });
}

async function printWindow({ storedWindow }: GatePlan): Promise<void> {
  if (storedWindow === null) return;
  const { windowWords } = await import('../../verdict/gate/pairing/baseline-window.js');
  printNote(`the window is that of the baseline, ${windowWords(storedWindow)}`);
}

function printMeasured({ baseline, candidate }: MeasuredForGate): void {
  printNote(baseline === null ? `measured ${candidate}` : `measured ${baseline} and ${candidate} in turns`);
}

const examples = `
Examples:
  $ pauselab gate --print-policy
  $ pauselab gate --baseline results/before --candidate results/after
  $ pauselab gate --candidate results/after --policy gate.yaml --markdown gate.md --junit gate.xml
  $ pauselab gate --run convoy --runs 10 --allow-different machine
  $ pauselab gate --run convoy --dry-run
  $ pauselab gate --run priority-inversion --base-set hogs.count=0

If the policy compares, --run without an option that begins with --base- needs a stored baseline:
pauselab baseline save BUNDLE

An option that begins with --base- measures both sides now, in turns. --set, --java, --jdk, --java-args and --kernel
apply to both sides, and the options with --base- replace them for the baseline.

Exit codes: 0 pass; 3 a metric exceeds a limit or regressed; 4 no verdict: evidence is missing, or the runs are
inconclusive; 2 the policy or a file is invalid. The language of policies: docs/gate.md. CI systems: docs/ci.md.`;

interface BaseOptions {
  readonly baseSet: readonly string[];
  readonly baseJava?: string;
  readonly baseJavaArgs?: string;
  readonly baseKernel: readonly string[];
}

interface Asked extends BaseOptions {
  readonly candidate: readonly string[];
  readonly baseline: readonly string[];
  readonly run?: string;
  readonly out?: string;
  readonly runs?: number;
  readonly duration?: string;
  readonly set: readonly string[];
  readonly arm: readonly string[];
  readonly seed?: number;
  readonly java?: string;
  readonly jdk: readonly string[];
  readonly javaArgs?: string;
  readonly kernel: readonly string[];
  readonly keepSecrets?: true;
  readonly dryRun?: true;
  readonly install?: true;
  readonly waitForQuiet?: string;
}

type Form = true | string | undefined;

function refuseMixed({
  candidate,
  baseline,
  run,
  json,
  markdown,
  junit,
  ...own
}: Asked & { json?: Form; markdown?: Form; junit?: Form }): void {
  if (candidate.length === 0 && run === undefined)
    throw usage('gate: expected --candidate BUNDLE, or --run PROFILE to measure a candidate now');
  const forms = Object.entries({ json, markdown, junit });
  const onStdout = forms.filter(([, form]) => form === true).map(([name]) => `--${name}`);
  if (onStdout.length > 1)
    throw usage(
      `${onStdout.join(' and ')}: stdout takes a single format; name a file for the others, such as ${onStdout[1] ?? ''} FILE`,
    );
  const files = forms.flatMap(([, form]) => (typeof form === 'string' ? [form] : []));
  const twice = files.find((file, i) => files.indexOf(file) < i);
  if (twice !== undefined) throw usage(`${twice} is named for two formats; name a file for each`);
  const base = baseOption(own);
  const ofRun = {
    out: own.out,
    runs: own.runs,
    duration: own.duration,
    set: own.set[0],
    arm: own.arm[0],
    seed: own.seed,
    java: own.java,
    jdk: own.jdk[0],
    'java-args': own.javaArgs,
    kernel: own.kernel[0],
    'keep-secrets': own.keepSecrets,
    'dry-run': own.dryRun,
    install: own.install,
    'wait-for-quiet': own.waitForQuiet,
  };
  const idle =
    run !== undefined
      ? undefined
      : (base ?? Object.entries(ofRun).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]))[0]);
  if (idle !== undefined) throw usage(`${idle} needs --run; it does not change a candidate that is already measured`);
  if (base === undefined) return;
  if (baseline.length > 0)
    throw usage(`${base} measures the baseline now, and --baseline names a stored baseline; choose one of them`);
  if (candidate.length > 0)
    throw usage(`${base} measures both sides now; judge --candidate ${candidate[0] ?? ''} in a separate gate`);
}

/** The first option that changes the baseline. */
function baseOption({ baseSet, baseJava, baseJavaArgs, baseKernel }: BaseOptions): string | undefined {
  const given = {
    '--base-set': baseSet[0],
    '--base-java': baseJava,
    '--base-java-args': baseJavaArgs,
    '--base-kernel': baseKernel[0],
  };
  return Object.entries(given).find(([, value]) => value !== undefined)?.[0];
}

/** Null: the baseline is not measured now. */
function baseChange(options: BaseOptions): BaseChange | null {
  const option = baseOption(options);
  const { baseSet: set, baseJava: java, baseJavaArgs: javaArgs, baseKernel: kernel } = options;
  return option === undefined ? null : { option, set, java, javaArgs, kernel };
}

async function environmentClassesOf(names: readonly string[]): Promise<EnvironmentClass[]> {
  const { environmentClasses } = await import('../../verdict/gate/policy-schema.js');
  return names.map((name) => {
    const found = environmentClasses.find((one) => one === name);
    if (found === undefined) throw usage(`--allow-different ${name}: expected one of ${environmentClasses.join(', ')}`);
    return found;
  });
}

async function writePlan({ baseline, candidate }: GatePlan, form: PlanForm): Promise<void> {
  if (baseline === null) {
    await printPlan(candidate, form);
    return;
  }
  const [{ planOfBoth }, { describeInTurns }, { note }] = await Promise.all([
    import('../../jobs/dry-run-plan.js'),
    import('../text/dry-run.js'),
    progressOnStderr(),
  ]);
  const plan = await planOfBoth(baseline, candidate, { ...form, note });
  if (form.json) printJson(plan);
  else printText(describeInTurns(plan));
}

async function write(
  result: GateResult,
  { json, markdown, junit }: { json?: Form; markdown?: Form; junit?: Form },
): Promise<void> {
  const [{ renderGate, renderGateMarkdown }, { renderJunit }, { writeText }] = await Promise.all([
    import('../text/gate-table.js'),
    import('../../report/junit.js'),
    import('../text/write-text.js'),
  ]);
  const forms = [
    [json, () => toJson(result)],
    [markdown, () => renderGateMarkdown(result)],
    [junit, () => renderJunit(result)],
  ] as const;
  for (const [form, render] of forms) if (typeof form === 'string') writeText(form, render());
  const onStdout = forms.find(([form]) => form === true);
  if (onStdout === undefined) printText(renderGate(result));
  else printDocument(onStdout[1]());
}

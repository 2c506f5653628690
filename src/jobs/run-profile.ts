/** `pauselab run`: from a profile and options to a bundle, the results of --fail-if and an exit code. */
import { ExitCode, usage } from '../base/failure.js';
import type { ConditionFact } from '../facts/condition-facts.js';
import type { ExpectedRootFact } from '../facts/repetition-facts.js';
import type { Stated } from '../facts/stated.js';
import type { ResolvedProfile } from '../profile/resolved/resolved.js';
import { expectedIn } from './expected-in.js';
import type { SummaryFile } from '../bundle/bundle-schema.js';
import { parseUntilN, type UntilN } from '../experiment/plan/until-n.js';
import { checkCondition, parseFailCondition, refuseUndecidable } from '../verdict/run/fail-if.js';
import type { FailCondition } from '../verdict/run/fail-if.js';
import type { BootedKernel } from '../kernel/build/booted-kernel.js';
import { measure, type Measured, type MeasureOptions } from './measure.js';
import { planSide, type PlannedSide, type Wanted } from './plan.js';

export interface RunAsked extends Wanted {
  readonly untilN?: string | undefined;
  readonly failIf: readonly string[];
  /** The label of the built kernel that this machine must have booted. */
  readonly bootLabel?: string | undefined;
}

export interface RunPlan {
  readonly side: PlannedSide;
  readonly untilN: UntilN | null;
  readonly conditions: readonly FailCondition[];
  /** Proven to be booted; undefined: it was not asked for. */
  readonly boot: BootedKernel | undefined;
}

export async function planRun(nameOrPath: string, asked: RunAsked): Promise<RunPlan> {
  const boot = asked.bootLabel === undefined ? undefined : await provenBoot(asked.bootLabel, asked);
  const side = await planSide(nameOrPath, asked);
  const untilN = asked.untilN === undefined ? null : parseUntilN(asked.untilN, side.arms);
  const conditions = asked.failIf.map((text) => parseFailCondition(text, side.arms));
  // --until-n can add runs.
  if (untilN === null) refuseUndecidable(conditions, side.profile.runs);
  return { side, untilN, conditions, boot };
}

async function provenBoot(label: string, { kernel = [], preempt = [] }: RunAsked): Promise<BootedKernel> {
  for (const [option, values] of Object.entries({ '--kernel': kernel, '--preempt': preempt }))
    if (values.length > 0)
      throw usage(
        `--boot-label ${label} and ${option} ${values.join(' ')}: the first is for the kernel that this machine has ` +
          'booted, the second for guests; leave one of them out',
      );
  const { bootedKernel } = await import('../kernel/build/booted-kernel.js');
  return bootedKernel(label);
}

export interface RunResult extends Measured {
  readonly conditions: readonly Stated<ConditionFact>[];
  /** Roots that the profile expects, each with whether it came back. */
  readonly expected: readonly Stated<ExpectedRootFact>[];
  /** Of a run without a failure. */
  readonly exitCode: ExitCode;
}

export async function measureRun(
  { side, untilN, conditions, boot }: RunPlan,
  argv: readonly string[],
  options: Omit<MeasureOptions, 'untilN' | 'boot'>,
): Promise<RunResult> {
  const failIf = conditions.map(({ text }) => text);
  const measured = await measure(side.profile, side.arms, argv, { ...options, untilN, failIf, boot });
  return concludedRun(side.profile, conditions, measured);
}

/** What a run is asked beyond its figures. */
export async function concludedRun(
  profile: ResolvedProfile,
  conditions: readonly FailCondition[],
  measured: Measured,
): Promise<RunResult> {
  const results = conditions.map((condition) => checkCondition(condition, measured.summary));
  const expected = await expectedIn(profile, measured.bundle);
  return { ...measured, conditions: results, expected, exitCode: exitCodeOf(measured.summary, results) };
}

/** An experiment is also inconclusive if every run of an arm was disturbed. */
function exitCodeOf({ findings }: SummaryFile, results: readonly Stated<ConditionFact>[]): ExitCode {
  if (results.some(({ outcome }) => outcome === 'met')) return ExitCode.regression;
  const isUnknown =
    results.some(({ outcome }) => outcome === 'unknown') || findings.some(({ outcome }) => outcome === 'no-data');
  return isUnknown ? ExitCode.inconclusive : ExitCode.ok;
}

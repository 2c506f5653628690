/**
 * What `gate --run` measures: a candidate, in the window of the stored baseline; or, with an option that begins with
 * --base-, a baseline and a candidate in turns.
 */
import { usage } from '../../base/failure.js';
import { kernelsOf } from '../../profile/check/asked-kernel.js';
import type { Offered } from '../../verdict/gate/pairing/pair.js';
import type { Policy } from '../../verdict/gate/policy.js';
import type { StoredBaseline } from '../../verdict/gate/pairing/baseline-window.js';
import { measure, measureInTurns, type MeasureOptions } from '../../jobs/measure.js';
import type { PlannedSide } from '../../jobs/plan.js';
import { guestDefaults, guestOptions } from '../guest-options.js';
import { toldOnStderr } from '../text/told-on-stderr.js';
import { printJson, printNote, printText } from '../text/output.js';
import { quietWithinOf } from '../quiet-option.js';
import { planOfRun, planOfSide, writePlan } from './run-command.js';
import type { ChangeOptions } from '../shortcuts.js';

export interface GateRun extends ChangeOptions {
  readonly profile: string;
  readonly out?: string;
  readonly runs?: string;
  readonly duration?: string;
  readonly kernel: readonly string[];
  readonly arm: readonly string[];
  readonly seed?: string;
  readonly keepSecrets?: true;
  readonly install?: true;
  readonly waitForQuiet?: string;
  readonly baseSet: readonly string[];
  readonly baseJava?: string;
  readonly baseJavaArgs?: string;
  readonly baseKernel: readonly string[];
}

export interface GatePlan {
  /** Null: a stored one, or none. */
  readonly baseline: PlannedSide | null;
  readonly candidate: PlannedSide;
}

export function isInTurns({ baseSet, baseJava, baseJavaArgs, baseKernel }: GateRun): boolean {
  return baseSet.length > 0 || baseJava !== undefined || baseJavaArgs !== undefined || baseKernel.length > 0;
}

/** With as many runs as can decide, and at least as many as the policy asks for. */
export async function planForGate(asked: GateRun, policy: Policy, offered: readonly Offered[]): Promise<GatePlan> {
  const [{ comparesAnything }, { runsToDecide }, { storedBaselines }] = await Promise.all([
    import('../../verdict/gate/policy.js'),
    import('../../verdict/gate/together.js'),
    import('../../verdict/gate/pairing/baseline-window.js'),
  ]);
  const written = await planOfRun(asked.profile, asked);
  const stored = storedBaselines(offered, written.profile.name);
  const least = comparesAnything(policy)
    ? runsToDecide(
        policy,
        stored.map(({ runs }) => runs),
      )
    : policy.minimumRuns;
  const runs = asked.runs === undefined && written.profile.runs < least ? { runs: String(least) } : {};
  if (isInTurns(asked)) return planInTurns({ ...asked, ...runs });
  const window = await windowSettings(asked, written, stored);
  return {
    baseline: null,
    candidate: await planOfRun(asked.profile, { ...asked, ...runs, set: [...asked.set, ...window] }),
  };
}

/** As --set has them; none where the profile's are those of the baseline. */
async function windowSettings(
  { set, duration }: GateRun,
  { profile }: PlannedSide,
  stored: readonly StoredBaseline[],
): Promise<string[]> {
  const { windowFor, windowWords } = await import('../../verdict/gate/pairing/baseline-window.js');
  const isAsked = duration !== undefined || set.some((text) => /^(?:duration|warmup)\s*=/.test(text));
  const window = windowFor(stored, profile, isAsked);
  if (window === profile) return [];
  printNote(`the window is that of the baseline, ${windowWords(window)}`);
  return [`duration=${window.duration_ns}ns`, `warmup=${window.warmup_ns}ns`];
}

async function planInTurns(asked: GateRun): Promise<GatePlan> {
  const base: ChangeOptions = {
    set: asked.baseSet,
    java: asked.baseJava,
    javaArgs: asked.baseJavaArgs,
    kernel: asked.baseKernel,
  };
  const [baseline, candidate] = [await planOfRun(asked.profile, asked, base), await planOfRun(asked.profile, asked)];
  const { refuseUnlikeSides } = await import('../../verdict/gate/pairing/sides.js');
  const { programFiles } = await import('../../host/program-files.js');
  const configured = ({ profile, arms }: PlannedSide) => ({ profile, arms, programs: [...programFiles(arms)] });
  refuseUnlikeSides(configured(baseline), configured(candidate));
  return { baseline, candidate };
}

export async function writeGatePlan(
  { baseline, candidate }: GatePlan,
  form: { readonly json: boolean; readonly keepSecrets: boolean },
): Promise<void> {
  const guest = guestOptions(guestDefaults);
  if (baseline === null) {
    await writePlan(candidate, guest, form);
    return;
  }
  const [{ describeInTurns }, { rounds, runsOfRound }] = await Promise.all([
    import('../text/dry-run.js'),
    import('../../experiment/plan/order.js'),
  ]);
  const together = [...new Set([baseline, candidate].flatMap(({ profile }) => kernelsOf(profile)))];
  const sides = {
    baseline: await planOfSide(baseline, guest, form.keepSecrets, together),
    candidate: await planOfSide(candidate, guest, form.keepSecrets, together),
  };
  const ofRound = (['baseline', 'candidate'] as const).flatMap((side) =>
    runsOfRound(
      sides[side].arms.map(({ name }) => name),
      sides[side].guests.map(({ name }) => name),
    ).map((run) => ({ ...run, side })),
  );
  const { runs, seed } = candidate.profile;
  const plan = { ...sides, order: rounds(ofRound, runs, seed) };
  if (form.json) printJson(plan);
  else printText(describeInTurns(plan));
}

/** Paths of the bundles. */
export async function measureForGate(
  { baseline, candidate }: GatePlan,
  argv: readonly string[],
  { out, keepSecrets, install, waitForQuiet }: GateRun,
): Promise<{ readonly baseline: string | null; readonly candidate: string }> {
  const options: MeasureOptions = {
    ...(out === undefined ? {} : { out }),
    ...(keepSecrets === undefined ? {} : { keepSecrets }),
    ...(install === undefined ? {} : { install }),
    told: await toldOnStderr(),
    untilN: null,
    guest: guestOptions(guestDefaults),
    quietWithin_ms: quietWithinOf(waitForQuiet),
  };
  if (baseline === null) {
    const { bundle, failure } = await measure(candidate.profile, candidate.arms, argv, options);
    if (failure !== null) throw failure;
    printNote(`measured ${bundle}`);
    return { baseline: null, candidate: bundle };
  }
  const measured = await measureInTurns(baseline, candidate, argv, options);
  if (measured.failure !== null) throw measured.failure;
  printNote(`measured ${measured.baseline} and ${measured.candidate} in turns`);
  return measured;
}

export function refuseWithoutComparison(option: string, { source }: Policy): never {
  throw usage(
    `${option} measures a baseline, and ${source} has no rule that compares; leave it out, or add a rule with compare`,
  );
}

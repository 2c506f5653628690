/** From a profile and options to a side that can be measured. */
import { usage } from '../base/failure.js';
import { didYouMean } from '../base/text/near-miss.js';
import { checkPlan } from '../experiment/plan/check-plan.js';
import { readProfile, type ResolveWith } from '../profile/written/load.js';
import {
  isApp,
  isInJvm,
  jdkLabelOf,
  namesOfArm,
  saysNoProgram,
  type ResolvedArm,
  type ResolvedProfile,
} from '../profile/resolved/resolved.js';
import type { Fixed } from '../profile/check/validate.js';
import { overridesOf, type ChangeOptions, type JvmOverride, type ProfileOptions } from './overrides.js';

export interface PlannedSide {
  readonly profile: ResolvedProfile;
  readonly arms: readonly ResolvedArm[];
}

export interface Wanted extends ProfileOptions {
  /** Names of arms; empty: all. */
  readonly arm: readonly string[];
  /** What the baseline of a gate has instead, where both sides are measured in turns. */
  readonly base?: ChangeOptions | undefined;
  /** CPUs of a guest. */
  readonly guestCpus: number;
}

/** Throws a usage failure where the profile does not fit the options, or the machine. */
export async function planSide(nameOrPath: string, wanted: Wanted): Promise<PlannedSide> {
  return planFrom(await readProfile(nameOrPath), wanted);
}

/** Several sides can come from the same reading of a profile. */
export function planFrom(resolveWith: ResolveWith, wanted: Wanted, fixed: Fixed = {}): PlannedSide {
  const [own, ofBase] = [overridesOf(wanted), overridesOf(wanted.base ?? {}, '--base-')];
  const ofAll = [...own.ofAll, ...ofBase.ofAll];
  const ofJvm = [...own.ofJvm, ...ofBase.ofJvm];
  if (ofJvm.length > 0) refuseWithoutJvm(resolveWith(ofAll, fixed), ofJvm);
  const profile = resolveWith([...ofAll, ...ofJvm], fixed);
  const arms = chooseArms(profile, wanted.arm);
  refuseWithoutProgram(profile, arms);
  checkPlan(profile, arms, wanted.guestCpus);
  return { profile, arms };
}

/** In a native profile a JVM's setting would turn the arms into JVM arms. */
function refuseWithoutJvm({ name, arms }: ResolvedProfile, overrides: readonly JvmOverride[]): void {
  const ofProgram = overrides.find(({ path }) => path.includes('app'))?.option;
  if (!arms.some(isInJvm))
    throw usage(
      `${ofProgram ?? overrides[0]?.option ?? ''}: the profile ${name} has no arm with a JVM; choose a profile that has (\`pauselab profile list\`)`,
    );
  if (ofProgram !== undefined && !arms.some(isApp))
    throw usage(`${ofProgram}: the profile ${name} runs loads of pauselab, not your program; use the profile app`);
}

function refuseWithoutProgram({ name }: ResolvedProfile, arms: readonly ResolvedArm[]): void {
  if (arms.some(saysNoProgram))
    throw usage(
      `the profile ${name} runs your program: give the words after \`java\` that start it, with --java-args '-jar my.jar'`,
    );
}

/**
 * The named arms and their controls, in the profile's order. Without names: all arms. A name without a JDK stands for the
 * arm under each JDK of the profile.
 */
function chooseArms(profile: ResolvedProfile, names: readonly string[]): readonly ResolvedArm[] {
  const known = [...new Set(profile.arms.flatMap(namesOfArm))];
  for (const name of names) {
    if (!known.includes(name))
      throw usage(
        `--arm ${name}: the profile ${profile.name} has no such arm${didYouMean(name, known)}; it has ${known.join(', ')}`,
      );
  }
  if (names.length === 0) return profile.arms;
  const chosen = profile.arms.filter((arm) => namesOfArm(arm).some((name) => names.includes(name)));
  const jdks = chosen.map(jdkLabelOf);
  return profile.arms.filter(
    (arm) => chosen.includes(arm) || (arm.control !== null && (jdks.includes(jdkLabelOf(arm)) || jdks.includes(null))),
  );
}

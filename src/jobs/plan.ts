/** From a profile and what is to be different to a side that can be measured. */
import { usage } from '../base/failure.js';
import { didYouMean } from '../base/text/near-miss.js';
import { checkPlan } from '../experiment/plan/check-plan.js';
import { readProfile } from '../profile/written/load.js';
import { isApp, isInJvm, saysNoProgram, type ResolvedArm, type ResolvedProfile } from '../profile/resolved/resolved.js';
import type { Override } from '../profile/written/set.js';

export interface PlannedSide {
  readonly profile: ResolvedProfile;
  readonly arms: readonly ResolvedArm[];
}

export interface Wanted {
  readonly overrides: readonly Override[];
  /** Of settings that a JVM alone has. */
  readonly ofJvm: readonly Override[];
  /** The options that these come from, as they were written. */
  readonly jvmOptions: readonly string[];
  /** Names; empty: all. */
  readonly arms: readonly string[];
  readonly guestCpus: number;
}

/** Throws a usage failure where the profile does not fit what is wanted of it, or the machine. */
export async function planSide(
  nameOrPath: string,
  { overrides, ofJvm, jvmOptions, arms: names, guestCpus }: Wanted,
): Promise<PlannedSide> {
  const resolvedWith = await readProfile(nameOrPath);
  if (ofJvm.length > 0) refuseWithoutJvm(resolvedWith(overrides), jvmOptions);
  const profile = resolvedWith([...overrides, ...ofJvm]);
  const arms = chooseArms(profile, names);
  refuseWithoutProgram(profile, arms);
  checkPlan(profile, arms, guestCpus);
  return { profile, arms };
}

/** In a native profile a JVM's setting would make JVM arms of its arms. */
function refuseWithoutJvm({ name, arms }: ResolvedProfile, options: readonly string[]): void {
  const ofProgram = options.find((option) => option.endsWith('java-args'));
  if (!arms.some(isInJvm))
    throw usage(
      `${ofProgram ?? options[0] ?? ''}: the profile ${name} has no arm with a JVM; choose one that has (\`pauselab profile list\`)`,
    );
  if (ofProgram !== undefined && !arms.some(isApp))
    throw usage(`${ofProgram}: the profile ${name} runs its own loads and no program of yours; use the profile app`);
}

function refuseWithoutProgram({ name }: ResolvedProfile, arms: readonly ResolvedArm[]): void {
  if (arms.some(saysNoProgram))
    throw usage(
      `the profile ${name} runs a program of your own: say which, as you do after \`java\`, with --java-args '-jar my.jar'`,
    );
}

/** The arms asked for, in the profile's order, and both controls; all of them if none was named. */
function chooseArms(profile: ResolvedProfile, names: readonly string[]): readonly ResolvedArm[] {
  const known = profile.arms.map(({ name }) => name);
  for (const name of names) {
    if (!known.includes(name))
      throw usage(
        `--arm ${name}: the profile ${profile.name} has no such arm${didYouMean(name, known)}; it has ${known.join(', ')}`,
      );
  }
  return names.length === 0
    ? profile.arms
    : profile.arms.filter(({ name, control }) => control !== null || names.includes(name));
}

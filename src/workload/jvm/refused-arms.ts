/**
 * Arms that cannot run under a JDK of their profile's list. An experiment over many JDKs must not end because one of
 * them lacks a collector or a flag: the arm is left out, and the verdict says why. An arm of a single JDK ends the
 * command instead (arm-flags.ts).
 */
import { tryFlags } from '../../host/jdk-flags.js';
import { hasCollector } from '../../host/jdks.js';
import type { RefusedArm } from '../../facts/refused-arm-facts.js';
import { parseJdkRequirement } from '../../profile/check/jdk-requirement.js';
import { isInJvm, jdkLabelOf, type JvmArm, type ResolvedArm } from '../../profile/resolved/resolved.js';
import { jdkOf } from '../native/tools.js';
import { collectorOf, commandOf, triedWords } from './arm-flags.js';

/** In the order of the arms. Throws if a JDK is missing, or is no JDK. */
export async function refusedArms(arms: readonly ResolvedArm[]): Promise<RefusedArm[]> {
  const refused: RefusedArm[] = [];
  for (const arm of arms) {
    if (!isInJvm(arm) || jdkLabelOf(arm) === null) continue;
    const fact = await refusalOf(arm);
    if (fact !== null) refused.push(fact);
  }
  return refused;
}

async function refusalOf(arm: JvmArm): Promise<RefusedArm | null> {
  const { jdk: accepted, java } = arm.jvm;
  const jdk = await jdkOf({ jdk: '>=8', java, collector: undefined });
  const own = { arm: arm.name, jdk: jdk.version };
  if (!parseJdkRequirement(accepted).accepts(jdk.feature)) return { ...own, code: 'jdk-not-accepted', accepted };
  const collector = collectorOf(arm, commandOf(arm));
  if (collector !== undefined && !(await hasCollector(jdk, collector)))
    return { ...own, code: 'jdk-without-collector', collector };
  const { unknown } = await tryFlags(jdk, triedWords(arm));
  return unknown === null ? null : { ...own, code: 'jdk-without-flag', flag: unknown };
}

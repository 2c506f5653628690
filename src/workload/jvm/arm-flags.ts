/** The JVM's options of an arm, and the trial of its JDK with them, before anything of the workload starts. */
import { unfit, usage, type Failure } from '../../base/failure.js';
import { collectors } from '../../catalogue/collectors.js';
import { knowsFlag, tryFlags, type FlagRead } from '../../host/jdk-flags.js';
import { collectorOfFlag, describeJdk, flagsOfCollector, type Jdk, type NamedJdk } from '../../host/jdks.js';
import { parseJdkRequirement } from '../../profile/check/jdk-requirement.js';
import { javaCommand, type JavaCommand } from '../../profile/check/java-command.js';
import { isApp, type JvmArm } from '../../profile/resolved/resolved.js';
import { namedJdks } from './other-jdks.js';

/** The command of the user's program; null for ours. */
export function commandOf(arm: JvmArm): JavaCommand | null {
  return isApp(arm) ? javaCommand(arm.jvm.app.args) : null;
}

/** The collector from the program's flags, else from the profile; undefined if pauselab does not know it. */
export function collectorOf({ jvm }: JvmArm, command: JavaCommand | null): JvmArm['jvm']['collector'] | undefined {
  const chosen = ownCollector(command);
  return chosen === null ? jvm.collector : collectors.find((known) => known === chosen);
}

/** The flags that select the collector, unless the user's program selects it. */
export function collectorFlags({ jvm }: JvmArm, command: JavaCommand | null): string[] {
  return ownCollector(command) === null ? flagsOfCollector(jvm.collector) : [];
}

function ownCollector(command: JavaCommand | null): string | null {
  return (
    command?.jvmArgs
      .flatMap((flag) => (flag.startsWith('-XX:+') ? (collectorOfFlag(flag.slice('-XX:+'.length)) ?? []) : []))
      .at(-1) ?? null
  );
}

interface OwnArguments {
  /** The profile and the user's program may override these. */
  readonly own: readonly string[];
  readonly agent: readonly string[];
  readonly log: readonly string[];
}

/**
 * In the order in which the JVM gets them. The log is last: -Xlog:disable, which some servers are started with, switches
 * off what was configured before it.
 */
export function argumentsOf({ jvm }: JvmArm, command: JavaCommand | null, { own, agent, log }: OwnArguments): string[] {
  return [...own, ...jvm.flags, ...agent, ...(command?.jvmArgs ?? []), ...log];
}

/** The JVM's options that are tried: those of its collector, of the profile and of the user's program. */
export function triedWords(arm: JvmArm): string[] {
  const command = commandOf(arm);
  return [...collectorFlags(arm, command), ...arm.jvm.flags, ...(command?.jvmArgs ?? [])];
}

/**
 * The values that this JDK gives to the flags of the arm; null if it does not start with them, whose reason the start of
 * the workload reports. Throws if it does not know a flag.
 */
export async function triedFlags(
  arm: JvmArm,
  jdk: Jdk,
  others: () => Promise<readonly NamedJdk[]> = namedJdks,
): Promise<readonly FlagRead[] | null> {
  const { flags, unknown } = await tryFlags(jdk, triedWords(arm));
  // What is said of a collector's flag is said where the JDK is chosen.
  if (unknown !== null && collectorOfFlag(nameOf(unknown)) === null)
    throw await unknownFlag(unknown, { jdk, requirement: arm.jvm.jdk, others: await others() });
  return flags;
}

interface Asked {
  readonly jdk: Jdk;
  readonly requirement: string;
  readonly others: readonly NamedJdk[];
}

async function unknownFlag(flag: string, { jdk, requirement, others }: Asked): Promise<Failure> {
  const { accepts } = parseJdkRequirement(requirement);
  const asked = others.filter(({ java, feature }) => java !== jdk.java && accepts(feature));
  const knowing: string[] = [];
  for (const other of asked) if (await knowsFlag(other, nameOf(flag))) knowing.push(other.name);
  const refused = `${describeJdk(jdk)} does not know the VM option "${flag}"`;
  if (knowing.length > 0) return unfit(`${refused}; take a JDK that knows it: --java ${knowing.join(' or ')}`);
  return usage(
    asked.length === 0
      ? `${refused}; correct it, or choose another JDK with --java`
      : `${refused}; correct it (no other JDK here knows it: ${asked.map(({ name }) => name).join(', ')})`,
  );
}

/** `+NoSuchFlag`, `NoSuchSize=3`. */
function nameOf(flag: string): string {
  return /^[+-]?(\w+)/.exec(flag)?.[1] ?? flag;
}

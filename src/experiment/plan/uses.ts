/**
 * What an experiment from a stranger's bundle would use on this machine: every program, library, agent, variable, path
 * and word from the bundle. Things that pauselab chooses itself, or that belong to this machine, are listed as trusted.
 * For all other things only the user can decide whether they may run.
 *
 * A flag or setting is trusted only if it is known to be harmless: a JDK has hundreds of flags, and some start programs
 * (-XX:OnOutOfMemoryError), load code (-javaagent, -agentpath) or write files (-Xlog:…:file=…).
 */
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { kernelChanges } from '../../catalogue/kernel-changes.js';
import { allocatorLaunch } from '../../host/allocators/allocator-launch.js';
import { findJdks, type Jdk } from '../../host/jdks.js';
import { isJdkSpec } from '../../jdk/jdk-spec.js';
import { isBuildSpec } from '../../kernel/build/build-spec.js';
import { askedKernel, hostKernel, isHost, kernelsOf } from '../../profile/check/asked-kernel.js';
import { javaCommand } from '../../profile/check/java-command.js';
import {
  agentOf,
  isInJvm,
  workOf,
  type AllocatorWork,
  type ResolvedApp,
  type ResolvedArm,
  type ResolvedJvm,
} from '../../profile/resolved/resolved.js';

export interface Use {
  /** `program`, `library`, `flag` and so on. */
  readonly kind: string;
  readonly what: string;
  /** Names of the arms; empty: all. */
  readonly arms: readonly string[];
  /** It belongs to this machine, or is known to be harmless. */
  readonly isTrusted: boolean;
}

export interface Asked {
  readonly arms: readonly ResolvedArm[];
  readonly kernels: readonly string[];
  /** Of the scheduler. */
  readonly features?: readonly string[] | undefined;
  /** Words for the command line of guests' kernels. */
  readonly append: readonly string[];
  /** Whether the kernel is traced beside each run. */
  readonly trace: boolean;
}

/** What this module needs to know about the machine; tests pass other values. */
export interface OwnThings {
  jdks(): Promise<readonly Pick<Jdk, 'java' | 'home'>[]>;
  /** The allocator's library on this machine if no path is given; null if there is none. */
  library(name: AllocatorWork['allocator']['name']): string | null;
}

export const machineThings: OwnThings = {
  jdks: async () => (await findJdks()).jdks,
  library(name) {
    try {
      return allocatorLaunch({ name, path: null, settings: {} }).library;
    } catch {
      return null;
    }
  },
};

type Found = Omit<Use, 'arms'>;

/** A signed package, or signed sources without changes other than options and what pauselab ships. */
function isOfDebian(kernel: string): boolean {
  if (!isBuildSpec(kernel)) return /^deb:[\w.~+-]+(?:\/[\w-]+)?$/.test(kernel);
  const [source = '', ...parts] = kernel.split(',');
  const shipped = kernelChanges.map(({ name }) => `patch=${name}`);
  // An option whose value is a text can name a file or a command.
  const isOwn = (part: string): boolean =>
    shipped.some((one) => one === part) || /^config=CONFIG_\w+=(?:[ymn]|\d+)$/.test(part);
  return /^deb-source:[\d.]+$/.test(source) && parts.every(isOwn);
}

/** Each use once, with its arms. */
export async function usesOf(
  { arms, kernels, features = [], append, trace }: Asked,
  own: OwnThings = machineThings,
): Promise<Use[]> {
  const uses = new Map<string, { found: Found; arms: string[] }>();
  const add = (found: Found, arm: string | null): void => {
    const key = JSON.stringify([found.kind, found.what]);
    const entry = uses.get(key) ?? { found, arms: [] };
    uses.set(key, entry);
    if (arm !== null) entry.arms.push(arm);
  };
  const needsJdks = arms.filter(isInJvm).some(({ jvm }) => jvm.java !== null);
  const jdks = needsJdks ? await own.jdks() : [];
  for (const arm of arms) {
    const work = workOf(arm);
    for (const found of programUses(arm, jdks)) add(found, arm.name);
    if (work !== null) for (const found of allocatorUses(work.allocator, own)) add(found, arm.name);
  }
  for (const { kernel } of kernels.map(askedKernel))
    if (kernel !== hostKernel)
      add(
        isOfDebian(kernel)
          ? { kind: 'kernel', what: `${kernel} of this machine's Debian mirror, in a guest`, isTrusted: true }
          : { kind: 'kernel', what: kernel, isTrusted: false },
        null,
      );
  // While the runs last it changes the scheduling of all programs of this machine.
  if (kernelsOf({ kernels }).some(isHost))
    for (const word of features)
      add({ kind: 'scheduler feature', what: `${word}, on the kernel of this machine`, isTrusted: false }, null);
  for (const word of append) add({ kind: "word for the guests' kernels", what: word, isTrusted: false }, null);
  if (trace) add({ kind: 'trace', what: 'of the kernel, in a separate instance of tracefs', isTrusted: true }, null);
  return [...uses.values()].map(({ found, arms: names }) => ({
    ...found,
    arms: names.length === arms.length ? [] : names,
  }));
}

function programUses(arm: ResolvedArm, jdks: readonly Pick<Jdk, 'java' | 'home'>[]): Found[] {
  switch (arm.kind) {
    case 'native':
    case 'churn':
      return [{ kind: 'program', what: 'the native engine of this pauselab', isTrusted: true }, ...agentUses(arm)];
    case 'jvm':
      return [...jvmUses(arm.jvm, jdks), ...agentUses(arm)];
    case 'app':
      return [...jvmUses(arm.jvm, jdks), ...appUses(arm.jvm.app), ...agentUses(arm)];
  }
}

/** A command of the stranger. */
function agentUses(arm: ResolvedArm): Found[] {
  const agent = agentOf(arm);
  return agent === undefined ? [] : [{ kind: 'command', what: agent.command.join(' '), isTrusted: false }];
}

function jvmUses({ java, jdk, flags }: ResolvedJvm, jdks: readonly Pick<Jdk, 'java' | 'home'>[]): Found[] {
  const program: Found =
    java === null
      ? { kind: 'program', what: `a java of this machine, JDK ${jdk}`, isTrusted: true }
      : isJdkSpec(java)
        ? { kind: 'program', what: `the JDK ${java} of this machine's Debian mirror`, isTrusted: true }
        : { kind: 'program', what: java, isTrusted: isOwnJava(java, jdks) };
  return [
    program,
    ...flags.map((word): Found => ({ kind: 'flag of java', what: word, isTrusted: isHarmlessFlag(word) })),
  ];
}

function isOwnJava(path: string, jdks: readonly Pick<Jdk, 'java' | 'home'>[]): boolean {
  const real = [path, join(path, 'bin/java')]
    .map((one) => resolve(one))
    .flatMap((one) => (existsSync(one) ? [realpathSync(one)] : []));
  return jdks.some(({ java, home }) => real.includes(realpathSync(java)) || real.includes(realpathSync(home)));
}

/**
 * Heap sizes, switches, modes, and flags whose names end as those of numbers do. Other flags take text, and even a
 * digit may be a file's name (-XX:Flags=1 reads more flags from it).
 */
function isHarmlessFlag(word: string): boolean {
  const numeric =
    /^-XX:\w*(?:Size|Ratio|Interval|Delay|Threads|Percent|Percentage|Weight|Millis|Target|Threshold|Factor|Fraction|Limit)=\d+(?:\.\d+)?[kKmMgGtT]?$/;
  return (
    /^-X(?:ms|mx|mn|ss)\d+[kKmMgGtT]?$|^-XX:[+-]\w+$|^-X(?:int|comp|mixed|batch|rs)$/.test(word) || numeric.test(word)
  );
}

/** Everything comes from the stranger: the program, its arguments, and its folder. */
function appUses({ args, environment, ready }: ResolvedApp): Found[] {
  const { jvmArgs, main, args: words } = javaCommand(args);
  const started: [string, string][] =
    'jar' in main
      ? [['program', main.jar]]
      : [
          ...main.classPath.map((path): [string, string] => ['class path', path]),
          ['program', 'module' in main ? `the module ${main.module}` : `the class ${main.mainClass}`],
        ];
  return [
    ...started.map(([kind, what]) => ({ kind, what, isTrusted: false })),
    ...jvmArgs.map((word) => ({
      kind: /^-(?:javaagent|agentpath|agentlib):/.test(word) ? 'agent' : 'flag of java',
      what: word,
      isTrusted: false,
    })),
    ...words.map((word) => ({ kind: 'word for the program', what: word, isTrusted: false })),
    ...Object.entries(environment).map(([name, value]) => ({
      kind: 'environment variable',
      what: `${name}=${value}`,
      isTrusted: false,
    })),
    { kind: 'working directory', what: process.cwd(), isTrusted: false },
    ...(ready?.kind === 'port' ? [{ kind: 'port of this machine', what: String(ready.port), isTrusted: false }] : []),
  ];
}

function allocatorUses({ name, path, settings }: AllocatorWork['allocator'], own: OwnThings): Found[] {
  const usual = own.library(name);
  const isOwn = path === null || (usual !== null && existsSync(path) && realpathSync(path) === realpathSync(usual));
  return [
    ...(name === 'glibc' ? [] : [{ kind: 'library', what: path ?? `${name} of this machine`, isTrusted: isOwn }]),
    ...Object.entries(settings).map(([key, value]) => ({
      kind: `setting of ${name}`,
      what: `${key}=${value}`,
      isTrusted: isHarmlessSetting(key, value),
    })),
  ];
}

/**
 * A number, a size or a switch. Text may be a path, or contain another setting after a comma; jemalloc's profiles are
 * files.
 */
function isHarmlessSetting(key: string, value: string): boolean {
  return (
    !/^prof/i.test(key) &&
    /^[A-Za-z][\w.]*$/.test(key) &&
    /^(?:-?\d+(?:\.\d+)?[kKmMgG]?|true|false|t|f|yes|no|on|off)$/.test(value)
  );
}

/**
 * A resolved profile by what it means, for setting by setting comparison: a JVM's flags by their names, the words after
 * `java` as flags, program and the program's own words, files of that program by their contents.
 */
import { jarFolder, javaCommand, type JavaCommand } from '../../profile/check/java-command.js';
import { javaFlags } from '../../profile/check/java-flags.js';
import type { ResolvedApp, ResolvedArm, ResolvedJvm } from '../../profile/resolved/resolved.js';
import type { Side } from './side.js';

/** Its program's files decide what is measured as much as its settings do. */
export type Configured = Pick<Side, 'resolved' | 'programs'>;

/** A file of the user's program, identified by its contents, or by its path if these are unknown. */
export class ProgramVersion {
  constructor(
    readonly path: string,
    /** Null: not read, or no file. */
    readonly sha256: string | null,
  ) {}

  isSame(other: ProgramVersion): boolean {
    return this.sha256 === null || other.sha256 === null ? this.path === other.path : this.sha256 === other.sha256;
  }

  shown(): string {
    return this.sha256 === null ? this.path : `${this.path}, sha256 ${this.sha256.slice(0, 12)}`;
  }
}

export function settingsMeaning({ resolved, programs }: Configured): object | null {
  return resolved === null ? null : { ...resolved, arms: resolved.arms.map((arm) => armMeaning(arm, programs)) };
}

/** Without what follows from the rest and would be reported twice: its kind, and the names of its series. */
export function armMeaning(arm: ResolvedArm, programs: Configured['programs']): object {
  const rest = without(arm, ['kind', 'series']);
  switch (arm.kind) {
    case 'native':
    case 'churn':
      return rest;
    case 'jvm':
      return { ...rest, jvm: jvmMeaning(arm.jvm) };
    case 'app':
      return { ...rest, jvm: { ...jvmMeaning(arm.jvm), app: appMeaning(arm.jvm.app, programs) } };
  }
}

export function without(value: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

function jvmMeaning(jvm: ResolvedJvm): object {
  return { ...jvm, flags: flagTree(jvm.flags) };
}

function appMeaning(app: ResolvedApp, programs: Configured['programs']): object {
  const versionOf = (path: string): ProgramVersion =>
    new ProgramVersion(path, programs?.find((file) => file.path === path)?.sha256 ?? null);
  const versionsOf = (entry: string): ProgramVersion[] => {
    const folder = jarFolder(entry);
    const jars =
      folder === null ? [] : (programs ?? []).filter(({ path }) => path.slice(0, path.lastIndexOf('/')) === folder);
    return jars.length === 0 ? [versionOf(entry)] : jars.map(({ path }) => versionOf(path));
  };
  const command = commandOf(app.args);
  if (command === null) return app;
  const { main } = command;
  const program =
    'jar' in main ? { jar: versionOf(main.jar) } : { ...main, classPath: main.classPath.flatMap(versionsOf) };
  return { ...app, args: command.args, flags: flagTree(command.jvmArgs), ...program };
}

function flagTree(words: readonly string[]): object {
  return Object.fromEntries(javaFlags(words));
}

/** Null if the words do not start a program: the bundle was changed, or is of another version. */
function commandOf(words: readonly string[]): JavaCommand | null {
  try {
    return words.length === 0 ? null : javaCommand(words);
  } catch {
    return null;
  }
}

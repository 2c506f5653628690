/**
 * A resolved profile by what it means, for setting by setting comparison: a JVM's flags by their names, the words after
 * `java` as flags, program and the program's own words, files of that program by their contents.
 */
import { fieldOf } from '../bundle/stored.js';
import { jarFolder, javaCommand, type JavaCommand } from '../profile/java-command.js';
import { javaFlags } from '../profile/java-flags.js';
import type { Side } from './side.js';

/** Its program's files decide what is measured as much as its settings do. */
export type Configured = Pick<Side, 'resolved' | 'programs'>;

/** A file of the user's program, told apart from others by what is in it, and by its path where that is not known. */
export class ProgramVersion {
  constructor(
    readonly path: string,
    /** Null: nobody looked, or it is no file. */
    readonly sha256: string | null,
  ) {}

  isSame(other: ProgramVersion): boolean {
    return this.sha256 === null || other.sha256 === null ? this.path === other.path : this.sha256 === other.sha256;
  }

  shown(): string {
    return this.sha256 === null ? this.path : `${this.path}, sha256 ${this.sha256.slice(0, 12)}`;
  }
}

export function meaningOf({ resolved, programs }: Configured): unknown {
  const versionOf = (path: string): ProgramVersion =>
    new ProgramVersion(path, programs?.find((file) => file.path === path)?.sha256 ?? null);
  const versionsOf = (entry: string): ProgramVersion[] => {
    const folder = jarFolder(entry);
    const jars =
      folder === null ? [] : (programs ?? []).filter(({ path }) => path.slice(0, path.lastIndexOf('/')) === folder);
    return jars.length === 0 ? [versionOf(entry)] : jars.map(({ path }) => versionOf(path));
  };
  const meaning = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(meaning);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(
      ([key, inner]: [string, unknown]) => [key, key === 'jvm' ? jvmMeaning(inner) : meaning(inner)] as const,
    );
    // Of an arm: it follows from its victims and its holder, and would be told twice.
    return Object.fromEntries(
      Array.isArray(fieldOf(value, 'victims')) ? entries.filter(([key]) => key !== 'series') : entries,
    );
  };
  const jvmMeaning = (jvm: unknown): unknown => {
    if (typeof jvm !== 'object' || jvm === null) return jvm;
    const flags = wordsIn(jvm, 'flags');
    const app = fieldOf(jvm, 'app');
    return {
      ...(meaning(jvm) as object),
      ...(flags === null ? {} : { flags: flagTree(flags) }),
      ...(typeof app === 'object' && app !== null ? { app: appMeaning(app) } : {}),
    };
  };
  const appMeaning = (app: object): object => {
    const own = meaning(app) as object;
    const args = wordsIn(app, 'args');
    const command = args === null ? null : commandOf(args);
    if (command === null) return own;
    const { main } = command;
    const program =
      'jar' in main ? { jar: versionOf(main.jar) } : { ...main, classPath: main.classPath.flatMap(versionsOf) };
    return { ...own, args: command.args, flags: flagTree(command.jvmArgs), ...program };
  };
  return meaning(resolved);
}

function flagTree(words: readonly string[]): object {
  return Object.fromEntries(javaFlags(words));
}

/** Null where the words are none of a program: of a bundle that was changed, or of another version. */
function commandOf(words: readonly string[]): JavaCommand | null {
  try {
    return words.length === 0 ? null : javaCommand(words);
  } catch {
    return null;
  }
}

function wordsIn(value: object, key: string): readonly string[] | null {
  const words = fieldOf(value, key);
  return Array.isArray(words) && words.every((word): word is string => typeof word === 'string') ? words : null;
}

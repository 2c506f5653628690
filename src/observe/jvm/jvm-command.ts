/**
 * What a JVM's command line says: main class, collector, logs, and flags that forbid attaching. It has argument files
 * and variables of the environment too, as the manual page of `java` has them. Pure.
 */
import { Failure } from '../../base/failure.js';
import { javaCommand, wordsOf } from '../../profile/check/java-command.js';

export interface JvmCommand {
  /** Main class (`module/class` for a module), path of a jar, or path of a source file; null: none was found. */
  readonly main: string | null;
  /** All options of the JVM, in the order in which they count: of two that contradict each other, the later one. */
  readonly options: readonly string[];
}

export interface CommandSources {
  /** With the program's name. */
  readonly words: readonly string[];
  /** File name of its executable. */
  readonly program: string;
  /** Its counter `sun.rt.javaCommand`: main class or jar, and arguments; null: it has none. */
  readonly counted: string | null;
  readonly environment: ReadonlyMap<string, string>;
  /** The text of an argument file; null: it cannot be read. */
  readonly argumentFile: (path: string) => string | null;
}

export function jvmCommand({ words, program, counted, environment, argumentFile }: CommandSources): JvmCommand {
  const variable = (name: string): string[] => wordsOf(environment.get(name) ?? '') ?? [];
  const withVariables = ({ main, options }: JvmCommand): JvmCommand => ({
    main,
    options: [...variable('JAVA_TOOL_OPTIONS'), ...options, ...variable('_JAVA_OPTIONS')],
  });
  if (program !== 'java') return withVariables(ofAnotherProgram(words.slice(1), counted));
  const expanded = [...variable('JDK_JAVA_OPTIONS'), ...words.slice(1)].flatMap((word) =>
    isArgumentFile(word) ? argumentsIn(argumentFile(word.slice(1)) ?? '') : [word],
  );
  return withVariables(launched(expanded));
}

const isArgumentFile = (word: string): boolean => word.startsWith('@') && !word.startsWith('@@');

function argumentsIn(text: string): string[] {
  return wordsOf(text.replace(/^\s*#.*$/gm, '')) ?? [];
}

function launched(words: readonly string[]): JvmCommand {
  try {
    const { main, jvmArgs } = javaCommand(words);
    return { main: 'jar' in main ? main.jar : 'module' in main ? main.module : main.mainClass, options: jvmArgs };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return ofAnotherProgram(words, null);
  }
}

/**
 * A program that makes a JVM, as jsvc or javac. Its words are its own: it may pass flags of the JVM on as they are, and
 * programs of the JDK take them behind -J.
 */
function ofAnotherProgram(words: readonly string[], counted: string | null): JvmCommand {
  const [main = ''] = counted?.split(' ') ?? [];
  return {
    main: main === '' ? null : main,
    options: words.map((word) => word.replace(/^-J-/, '-')).filter((word) => word.startsWith('-X')),
  };
}

/** The flag that selects the collector, without `-XX:+`; null: the JVM chose. */
export function selectedCollector(options: readonly string[]): string | null {
  const flag = options.findLast((word) => /^-XX:\+Use\w+GC$/.test(word));
  return flag?.slice('-XX:+'.length) ?? null;
}

/** Files of `-Xlog` and `-Xloggc`. Standard output is none. */
export function logFiles(options: readonly string[]): string[] {
  const files = options.flatMap((word) => {
    const old = /^-Xloggc:(.+)$/.exec(word)?.[1];
    if (old !== undefined) return [old];
    // -Xlog:WHAT:OUTPUT:DECORATORS:SETTINGS; quotes keep colons in a file's name.
    const output = /^-Xlog:[^:]*:((?:file=)?"[^"]*"|[^:]+)/.exec(word)?.[1];
    const file = output?.replace(/^file=/, '').replace(/^"(.*)"$/, '$1');
    return file === undefined || file === 'stdout' || file === 'stderr' ? [] : [file];
  });
  return [...new Set(files)];
}

/** The flag by which the JVM takes no tool, and would print its stacks instead; null: none was given. */
export function attachDisabledBy(options: readonly string[]): string | null {
  const flag = options.findLast((word) => /^-XX:[+-]DisableAttachMechanism$/.test(word));
  return flag?.startsWith('-XX:+') === true ? flag : null;
}

/** Whether a user who writes `name` means this program: its main class, jar or source file, or the last part of it. */
export function isMainNamed(main: string, name: string): boolean {
  const file = main.split('/').at(-1) ?? main;
  return [
    main,
    file,
    file.replace(/\.(jar|java)$/, ''),
    ...(/\.(jar|java)$/.test(file) ? [] : [file.split('.').at(-1)]),
  ].includes(name);
}

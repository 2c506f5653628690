/** The words after `java` on a command line, divided into flags, the program, and the program's arguments. */
import { usage } from '../../base/failure.js';

/** A jar is started by its manifest; a module is `name` or `name/class`. */
export type JavaMain =
  | { readonly jar: string }
  | { readonly classPath: readonly string[]; readonly mainClass: string }
  | { readonly classPath: readonly string[]; readonly module: string };

export interface JavaCommand {
  readonly jvmArgs: readonly string[];
  readonly main: JavaMain;
  readonly args: readonly string[];
}

/** Where the words come from, for sentences. */
const source = 'the words that follow `java` (--java-args, or jvm.app.args in the profile)';

/** Flags of java whose value is the next word. */
const withValue = new Set([
  '-p',
  '--module-path',
  '--add-modules',
  '--add-exports',
  '--add-opens',
  '--add-reads',
  '--limit-modules',
  '--upgrade-module-path',
  '--patch-module',
  '--enable-native-access',
  '--source',
]);
const classPathFlag = /^(?:-cp|-classpath|--class-path)$|^--class-path=(.*)$/;
const moduleFlag = /^(?:-m|--module)$|^--module=(.*)$/;

/** Paths stay as they were written, because the program runs in the same working directory. */
export function javaCommand(words: readonly string[]): JavaCommand {
  const jvmArgs: string[] = [];
  let classPath: readonly string[] | null = null;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    /** The flag's value, which may be in the same word. */
    const value = (inWord: string | undefined, what: string): string => {
      const found = inWord ?? words[(i += 1)];
      if (found === undefined || found === '') throw usage(`expected ${what} after ${word} in ${source}, got nothing`);
      return found;
    };
    const ofClassPath = classPathFlag.exec(word);
    const ofModule = moduleFlag.exec(word);
    if (word === '-jar') {
      const jar = value(undefined, 'a file');
      return { jvmArgs, main: { jar }, args: words.slice(i + 1) };
    }
    if (ofModule !== null) {
      const module = value(ofModule[1], 'a module');
      return { jvmArgs, main: { classPath: classPath ?? [], module }, args: words.slice(i + 1) };
    }
    if (ofClassPath !== null) classPath = value(ofClassPath[1], 'a class path').split(':');
    else if (withValue.has(word)) jvmArgs.push(word, value(undefined, 'a value'));
    else if (word.startsWith('@'))
      throw usage(`${word}: files of arguments are not read in ${source}; write the arguments instead`);
    else if (word.startsWith('-')) jvmArgs.push(word);
    else return { jvmArgs, main: { classPath: classPath ?? ['.'], mainClass: word }, args: words.slice(i + 1) };
  }
  throw usage(
    `expected -jar FILE, a main class or -m MODULE in ${source}, got ${words.length === 0 ? 'nothing' : words.join(' ')}; name the program as after \`java\``,
  );
}

/** The folder of a class path's `lib/*`, which is every jar in it; null for other entries. */
export function jarFolder(entry: string): string | null {
  return /^(.*)\/\*$/.exec(entry)?.[1] ?? null;
}

/**
 * Words as a shell makes them, without its expansions. Blanks and line breaks separate words, quotes join them, and a
 * backslash keeps the next character, except inside '…'. Null if a quote is not closed.
 */
export function wordsOf(text: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i] ?? '';
    const next = text[i + 1];
    if (character === '\\' && quote !== "'" && next !== undefined && (quote === '' || next === '"' || next === '\\')) {
      word = (word ?? '') + next;
      i += 1;
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== '') return null;
  return word === null ? words : [...words, word];
}

/** What follows `java` on a command line, taken apart: flags, the program, the program's own words. */
import { resolve } from 'node:path';
import { usage } from '../../base/failure.js';
import type { JavaMain } from './java-caller.js';

export interface JavaCommand {
  readonly jvmArgs: readonly string[];
  readonly main: JavaMain;
  readonly args: readonly string[];
}

/** Flags of java whose value is the next word. */
const withValue = new Set(['-p', '--module-path', '--add-modules', '--add-exports', '--add-opens', '--add-reads', '--limit-modules', '--upgrade-module-path', '--patch-module', '--enable-native-access']);
const classPathFlags = new Set(['-cp', '-classpath', '--class-path']);

export function javaCommand(words: readonly string[]): JavaCommand {
  const jvmArgs: string[] = [];
  let classPath: readonly string[] = ['.'];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    const next = words[i + 1];
    if (word === '-jar') {
      if (next === undefined) throw usage('expected a file after -jar in the words that follow `java` (--java-args), got nothing');
      return { jvmArgs, main: { jar: resolve(next) }, args: words.slice(i + 2) };
    }
    if (classPathFlags.has(word)) {
      classPath = (next ?? '').split(':');
      i += 1;
    } else if (withValue.has(word)) {
      jvmArgs.push(word, ...(next === undefined ? [] : [next]));
      i += 1;
    } else if (word.startsWith('-')) {
      jvmArgs.push(word);
    } else {
      return { jvmArgs, main: { classPath: classPath.map((part) => resolve(part)), mainClass: word }, args: words.slice(i + 1) };
    }
  }
  throw usage(`expected -jar FILE or a main class in the words that follow \`java\` (--java-args, or jvm.app.args in the profile), got ${words.length === 0 ? 'nothing' : words.join(' ')}`);
}

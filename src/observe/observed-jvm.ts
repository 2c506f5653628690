/** What a JVM shows of itself without being asked: its collector, and the flags of its heap. Pure. */
import type { ObservedTarget } from '../bundle/observation-schema.js';
import { collectorOfThreads, collectors, collectorTable, isHeapFlag, vmThread } from '../catalogue/collectors.js';

export type ObservedJvm = NonNullable<ObservedTarget['jvm']>;

/**
 * `words`: its command line; `comms`: the names of its threads. Flags that an argument file or JDK_JAVA_OPTIONS brings are
 * not in the command line. Other words are left out: they may hold secrets.
 */
export function jvmOf(words: readonly string[], comms: readonly string[]): ObservedJvm | null {
  if (!comms.includes(vmThread)) return null;
  const flags = flagsOf(words).filter((word) => isCollectorFlag(word) || isHeapFlag(word) || givesBack(word));
  const named = collectors.find((name) => flags.includes(`-XX:+${collectorTable[name].flag}`));
  return { collector: named ?? collectorOfThreads(comms), flags };
}

/** Flags whose value is the next word. */
const valued = ['-cp', '-classpath', '--class-path', '-p', '--module-path', '--add-modules', '--add-opens'];

/** The flags end with the main class or `-jar`; what follows are arguments of the program. */
function flagsOf(words: readonly string[]): string[] {
  const flags: string[] = [];
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (['-jar', '-m', '--module'].includes(word) || !/^[-@]/.test(word)) break;
    if (valued.includes(word)) at += 1;
    else flags.push(word);
  }
  return flags;
}

const isCollectorFlag = (word: string): boolean =>
  collectors.some((name) => word === `-XX:+${collectorTable[name].flag}`);

const givesBack = (word: string): boolean =>
  collectors.some((name) => collectorTable[name].givesBackBy.some((flag) => word.startsWith(flag))) ||
  word.startsWith('-XX:TrimNativeHeapInterval=');

/**
 * Which values a JDK gives to the flags that an arm sets: it rounds some, overrides some and ignores obsolete ones. The
 * JDK is started once with the flags and asked to print the final values of all its flags (-XX:+PrintFlagsFinal).
 */
import { statSync } from 'node:fs';
import { runJava, usualPlaces, type JavaAnswer, type Jdk } from './jdks.js';

export interface FlagRead {
  /** Without -XX:. -Xms and -Xmx are read as InitialHeapSize and MaxHeapSize. */
  readonly flag: string;
  /** As written; true or false for a switch. */
  readonly asked: string;
  /** As the JDK prints it, sizes in bytes; null: the JDK ignores the flag. */
  readonly actual: string | null;
  /** `actual` is another value than `asked`. */
  readonly differs: boolean;
}

export interface FlagTrial {
  /** Null if the JDK did not start with the flags, or not in time. */
  readonly flags: readonly FlagRead[] | null;
  /** The flag that the JDK does not know, as it prints it: `NoSuchSize=3`, `+NoSuchFlag`. */
  readonly unknown: string | null;
}

/** A flag that a word of the command line sets. */
interface SetFlag {
  readonly flag: string;
  readonly asked: string;
  readonly word: string;
  /** Of a value without a unit. */
  readonly unitBytes: number;
}

const ofOptions: Readonly<Record<string, { readonly flag: string; readonly unitBytes: number }>> = {
  ms: { flag: 'InitialHeapSize', unitBytes: 1 },
  mx: { flag: 'MaxHeapSize', unitBytes: 1 },
  mn: { flag: 'MaxNewSize', unitBytes: 1 },
  // Printed in KiB.
  ss: { flag: 'ThreadStackSize', unitBytes: 1024 },
};

/** With these, even -version touches the whole heap, or waits until a file disappears. */
const notTried: readonly string[] = ['AlwaysPreTouch', 'PauseAtStartup'];

/**
 * Switches, numbers and sizes, the last of each. A flag with text may name a file that the JVM writes at its end, or a
 * program, so the trial leaves it out.
 */
function setBy(words: readonly string[]): SetFlag[] {
  const all = new Map<string, SetFlag>();
  for (const word of words) {
    const found = setByWord(word);
    if (found === null || notTried.includes(found.flag)) continue;
    all.delete(found.flag);
    all.set(found.flag, { ...found, word });
  }
  return [...all.values()];
}

function setByWord(word: string): Omit<SetFlag, 'word'> | null {
  const [, sign, switched = ''] = /^-XX:([+-])(\w+)$/.exec(word) ?? [];
  if (sign !== undefined) return { flag: switched, asked: String(sign === '+'), unitBytes: 1 };
  const [, flag, value = ''] = /^-XX:(\w+)=(-?(?:0x[\da-fA-F]+|\d+(?:\.\d+)?)[kKmMgGtT]?)$/.exec(word) ?? [];
  if (flag !== undefined) return { flag, asked: value, unitBytes: 1 };
  const [, option = '', size = ''] = /^-X(m[snx]|ss)(\d+[kKmMgGtT]?)$/.exec(word) ?? [];
  const heap = ofOptions[option];
  return heap === undefined ? null : { ...heap, asked: size };
}

/** `words`: the JVM's options, those that select the collector included. Other options are left out. */
export async function tryFlags({ java }: Pick<Jdk, 'java'>, words: readonly string[]): Promise<FlagTrial> {
  const set = setBy(words);
  const { code, text } = await answerTo(
    java,
    set.map(({ word }) => word),
  );
  if (code !== 0)
    return {
      flags: null,
      // Older JDKs quote the flag as written, newer ones without its sign.
      unknown: /^Unrecognized VM option '(.+)'$/m.exec(text)?.[1] ?? null,
    };
  const printed = finalFlags(text);
  return {
    flags: set.map(({ flag, asked, unitBytes }) => {
      const actual = printed.get(flag) ?? null;
      return { flag, asked, actual, differs: actual === null || !isSame(asked, actual, unitBytes) };
    }),
    unknown: null,
  };
}

/** Whether a JDK has a flag of that name, a diagnostic or experimental one too. */
export async function knowsFlag({ java }: Pick<Jdk, 'java'>, flag: string): Promise<boolean> {
  const { text } = await answerTo(java, ['-XX:+UnlockDiagnosticVMOptions', '-XX:+UnlockExperimentalVMOptions']);
  return finalFlags(text).has(flag);
}

const answers = new Map<string, Promise<JavaAnswer>>();

/** Asked once for a java and flags. Failures are asked again, because a busy machine may have caused them. */
function answerTo(java: string, flags: readonly string[]): Promise<JavaAnswer> {
  const { mtimeMs, size } = statSync(java);
  const key = JSON.stringify([java, mtimeMs, size, flags]);
  const asked =
    answers.get(key) ?? runJava(java, [...flags, '-XX:+PrintFlagsFinal', '-version'], usualPlaces().answerDeadline_ms);
  answers.set(key, asked);
  const forget = (): boolean => answers.delete(key);
  asked.then(({ code }) => code !== 0 && forget(), forget);
  return asked;
}

/** Lines such as `   size_t MaxHeapSize    = 1677721600    {product} {command line}`; JDK 8 has `:=` for a set flag. */
function finalFlags(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/^ *\S+ +(\w+) +:?= *(.*?) *\{[^}]*\}.*$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

function isSame(asked: string, actual: string, unitBytes: number): boolean {
  if (asked === 'true' || asked === 'false') return asked === actual;
  const [, number = '', unit = ''] = /^(-?(?:0x[\da-f]+|[\d.]+?))([kmgt]?)$/i.exec(asked) ?? [];
  return Number(number) * (units[unit.toLowerCase()] ?? 1) === Number(actual) * unitBytes;
}

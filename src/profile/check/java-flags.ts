/**
 * Flags of a JVM by what they set, so that two command lines can be compared by meaning. The last of repeated flags
 * counts, as in java, and sizes are compared by value.
 */

/** `-Xmx4g` is `-XX:MaxHeapSize=4g`, and so on (java(1)). */
const synonyms: readonly (readonly [prefix: string, flag: string])[] = [
  ['-Xmx', '-XX:MaxHeapSize'],
  ['-Xmn', '-XX:NewSize and MaxNewSize'],
  ['-Xss', '-XX:ThreadStackSize'],
];
/** Flags that may be repeated. Their number and order matter. */
const repeatable =
  /^(?:-javaagent:|-agentlib:|-agentpath:|-Xlog|-Xrun|-Xbootclasspath|--add-|--patch-module|--enable-native-access)/;

/** Flags by name. Values are as written, except sizes. */
export function javaFlags(words: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  const seen = new Map<string, number>();
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    if (!word.startsWith('-')) {
      // This word is the value of the flag before it: `--add-opens a=b`.
      flags.set(`${words[i - 1] ?? ''} ${word}`, 'set');
      flags.delete(words[i - 1] ?? '');
      continue;
    }
    const [name, value] = flagOf(word);
    if (!repeatable.test(word)) {
      flags.set(name, value);
      continue;
    }
    const n = (seen.get(word) ?? 0) + 1;
    seen.set(word, n);
    flags.set(n === 1 ? word : `${word} (${n})`, 'set');
  }
  return flags;
}

function flagOf(word: string): [name: string, value: string] {
  const [, sign, switched] = /^-XX:([+-])(\w+)$/.exec(word) ?? [];
  if (switched !== undefined) return [`-XX:${switched}`, sign === '+' ? 'on' : 'off'];
  const [, name, value] = /^(-XX:\w+|-D[^=]+|--[\w-]+)=(.*)$/s.exec(word) ?? [];
  if (name !== undefined && value !== undefined) return [name, name.startsWith('-XX:') ? sized(value) : value];
  const [, short, size] = /^(-X(?:mx|ms|mn|ss))(\d.*)$/.exec(word) ?? [];
  if (short === undefined || size === undefined) return [word, 'set'];
  return [synonyms.find(([prefix]) => prefix === short)?.[1] ?? short, sized(size)];
}

/** `4096m` as `4g`; what is no size as it is. */
function sized(text: string): string {
  const [, digits, unit = ''] = /^(\d{1,15})([kKmMgGtT])$/.exec(text) ?? [];
  if (digits === undefined) return text;
  const units = ['', 'k', 'm', 'g', 't'];
  let size = Number(digits);
  let at = units.indexOf(unit.toLowerCase());
  while (at < units.length - 1 && size > 0 && size % 1024 === 0) {
    size /= 1024;
    at += 1;
  }
  return `${size}${units[at] ?? ''}`;
}

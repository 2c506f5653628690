/**
 * Changing a file at random: bytes of any kind, lines and words of text, values and keys of JSON, words of a binary
 * layout.
 */
import { randomBelow, type Random } from '../../src/stats/prng.js';
import { oneOf } from './attempt.js';

export type Form = 'json' | 'text' | 'binary';

/** One to four changes, mostly one. */
export function mutated(original: Buffer, form: Form, random: Random): Buffer {
  let bytes = original;
  do bytes = oneOf(changesOf[form], random)(bytes, random);
  while (random() < 0.3);
  return bytes;
}

type Change = (bytes: Buffer, random: Random) => Buffer;

const at = (bytes: Buffer, random: Random): number => randomBelow(bytes.length + 1, random);
const replaced = (bytes: Buffer, from: number, to: number, by: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);

const cut: Change = (bytes, random) => bytes.subarray(0, at(bytes, random));

const flip: Change = (bytes, random) => {
  const changed = Buffer.from(bytes);
  if (changed.length > 0) changed[randomBelow(changed.length, random)] = randomBelow(256, random);
  return changed;
};

const noise: Change = (bytes, random) => {
  const from = at(bytes, random);
  return replaced(
    bytes,
    from,
    from + randomBelow(40, random),
    Uint8Array.from({ length: randomBelow(40, random) }, () => randomBelow(256, random)),
  );
};

const removed: Change = (bytes, random) => {
  const from = at(bytes, random);
  return replaced(bytes, from, from + randomBelow(200, random), new Uint8Array());
};

/** A piece of it again, perhaps very often: what is quadratic or recursive takes its time. */
const repeated: Change = (bytes, random) => {
  const from = at(bytes, random);
  const piece = bytes.subarray(from, from + 1 + randomBelow(60, random));
  const times = oneOf([2, 2, 3, 20, 2_000, 20_000], random);
  return replaced(
    bytes,
    from,
    from,
    Buffer.concat(Array<Buffer>(Math.min(times, Math.floor(mostBytes / Math.max(1, piece.length)))).fill(piece)),
  );
};
const mostBytes = 500_000;

/** What parsers, terminals, shells and spreadsheets take for something else. */
const tokens = [
  '',
  ' ',
  '\n',
  '\t',
  '\0',
  ',',
  ':',
  ';',
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  '[]',
  '{}',
  '- ',
  '#',
  '|',
  '>',
  '&a ',
  '*a',
  '<<: *a',
  '&a [*a]',
  '!!js/function ',
  '? ',
  '---\n',
  '%YAML 9\n',
  'null',
  'true',
  '~',
  '0',
  '-0',
  '-1',
  '0.5',
  '1e308',
  '1e999',
  'NaN',
  '.nan',
  'Infinity',
  '9007199254740993',
  '99999999999999999999',
  '0x10',
  '1_000',
  '__proto__',
  'constructor',
  'toString',
  '../../../../tmp/x',
  '/dev/zero',
  '/etc/passwd',
  '$(id)',
  '`id`',
  '%n%s',
  '=cmd()',
  '@SUM(1)',
  '+1',
  '<script>',
  '</script>',
  ']]>',
  '--',
  '\u001b[31m',
  '\u001b]0;x\u0007',
  '\u009b2J',
  '\u202e',
  '\ufeff',
  '\u2028',
  '\ud800',
  'ß'.repeat(70),
  'x'.repeat(300),
  '5%',
  '64MiB',
  '20ms',
  '1000/s',
  '9'.repeat(400),
];

const inserted: Change = (bytes, random) => {
  const from = at(bytes, random);
  return replaced(bytes, from, from, Buffer.from(oneOf(tokens, random)));
};

/** A word, a number or a mark gives way to another one. */
const exchanged: Change = (bytes, random) => {
  const text = bytes.toString('latin1');
  const words = [...text.slice(0, 200_000).matchAll(/[\w.%-]+|\S/g)];
  if (words.length === 0) return inserted(bytes, random);
  const { 0: word, index } = oneOf(words, random);
  const by = random() < 0.4 ? Buffer.from(oneOf(words, random)[0], 'latin1') : Buffer.from(oneOf(tokens, random));
  return replaced(bytes, index, index + word.length, by);
};

const linesMixed: Change = (bytes, random) => {
  const lines = bytes.toString('latin1').split('\n');
  const [from, to] = [randomBelow(lines.length, random), randomBelow(lines.length, random)];
  const [line = ''] = lines.splice(from, 1);
  lines.splice(to, 0, ...(random() < 0.5 ? [line] : [line, line]));
  return Buffer.from(lines.join('\n'), 'latin1');
};

const word: Change = (bytes, random) => {
  const changed = Buffer.from(bytes);
  if (changed.length < 8) return flip(bytes, random);
  // Mostly near the beginning, where sizes and offsets are.
  const end = random() < 0.7 ? Math.min(changed.length, 2048) : changed.length;
  const value = oneOf(
    [
      0n,
      1n,
      2n,
      7n,
      64n,
      BigInt(bytes.length),
      BigInt(bytes.length) - 8n,
      2n ** 31n,
      2n ** 53n,
      2n ** 63n,
      2n ** 64n - 1n,
    ],
    random,
  );
  changed.writeBigUInt64LE(value, 8 * randomBelow(Math.floor(end / 8), random));
  return changed;
};

/** Stands for what JSON.stringify writes for no value, and parsers take: 1e999. */
const infinity = 'RAW-INFINITY';
const values: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  0.5,
  1e308,
  -1e308,
  2 ** 53,
  2 ** 60,
  infinity,
  [],
  {},
  [[]],
  { a: 1 },
  { ['__proto__']: { polluted: 1 } },
  Array<number>(1000).fill(1),
  ...tokens,
];

const value: Change = (bytes, random) =>
  inJson(bytes, random, (holder, key, all) => {
    holder[key] = random() < 0.25 ? structuredClone(readAt(oneOf(all, random))) : oneOf(values, random);
  });

const key: Change = (bytes, random) =>
  inJson(bytes, random, (holder, name) => {
    if (Array.isArray(holder)) holder.splice(Number(name), random() < 0.5 ? 1 : 0, oneOf(values, random));
    else if (random() < 0.5) Reflect.deleteProperty(holder, name);
    else
      Object.defineProperty(holder, oneOf(tokens, random), {
        value: holder[name],
        enumerable: true,
        configurable: true,
        writable: true,
      });
  });

const nested: Change = (bytes, random) => {
  const depth = oneOf([10, 100, 1_000, 20_000, 100_000], random);
  const [open, close] = random() < 0.5 ? ['[', ']'] : ['{"a":', '}'];
  const deep = `${open.repeat(depth)}1${random() < 0.8 ? close.repeat(depth) : ''}`;
  const mark = 'DEEPLY-NESTED';
  return Buffer.from(
    inJson(bytes, random, (holder, name) => {
      holder[name] = mark;
    })
      .toString('latin1')
      .replace(`"${mark}"`, () => deep),
    'latin1',
  );
};

type Holder = Record<string, unknown>;
type Place = readonly [Holder, string];

const readAt = ([holder, name]: Place): unknown => holder[name];

function inJson(
  bytes: Buffer,
  random: Random,
  change: (holder: Holder, key: string, all: readonly Place[]) => void,
): Buffer {
  try {
    const root: Holder = { value: JSON.parse(bytes.toString()) as unknown };
    const all = placesIn(root);
    const [holder, name] = oneOf(all, random);
    change(holder, name, all);
    const text = JSON.stringify(root.value) as string | undefined;
    return Buffer.from((text ?? '').replaceAll(`"${infinity}"`, '1e999'));
  } catch {
    // An earlier change has made no JSON of it, or one too deep for JSON.stringify.
    return exchanged(bytes, random);
  }
}

/** Every value of a document by what holds it. */
function placesIn(root: Holder): Place[] {
  const places: Place[] = [];
  const pending: Holder[] = [root];
  for (let holder = pending.pop(); holder !== undefined; holder = pending.pop()) {
    for (const name of Object.keys(holder)) {
      places.push([holder, name]);
      const inner = holder[name];
      if (typeof inner === 'object' && inner !== null) pending.push(inner as Holder);
    }
  }
  return places;
}

const ofBytes: readonly Change[] = [cut, flip, noise, removed, repeated];
const ofText: readonly Change[] = [...ofBytes, inserted, inserted, exchanged, exchanged, exchanged, linesMixed];
const changesOf: Readonly<Record<Form, readonly Change[]>> = {
  binary: [...ofBytes, word, word, word, word],
  text: ofText,
  // So far that what is behind the syntax is reached.
  json: [...ofText, ...Array<Change>(12).fill(value), ...Array<Change>(6).fill(key), nested],
};

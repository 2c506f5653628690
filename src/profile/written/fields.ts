/**
 * The kinds of value in a profile, as zod schemas. Every error text begins with `expected` and does not name the value:
 * validate.ts has the value and its place, and adds both.
 */
import { z } from 'zod';
import { parseDuration, parseRate, parseShare, parseSize, type Parsed } from '../../base/text/units.js';
import { didYouMean } from '../../base/text/near-miss.js';
import { schedFeatureWord } from '../check/sched-feature.js';

interface Says {
  readonly error: () => string;
}

function expecting(what: string): Says {
  return { error: () => `expected ${what}` };
}

/** A line of text. */
export function textLine(what: string) {
  const says = expecting(what);
  return z
    .string(says)
    .trim()
    .min(1, says)
    .max(200, says)
    .regex(/^[^\r\n]*$/, says);
}

export function text(what: string) {
  return z.string(expecting(what)).trim();
}

/** A name in `kebab-case`, so that it can be a folder, an option's value and a part of a path. */
export function kebab(what: string) {
  const says = expecting(`${what} in kebab-case such as free-one-vma, of at most 60 characters`);
  return z
    .string(says)
    .max(60, says)
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, says);
}

export function whole(least: number, most: number) {
  const says = expecting(`a whole number from ${least} to ${most}`);
  return z.number(says).int(says).min(least, says).max(most, says);
}

export function flag() {
  return z.boolean(expecting('true or false'));
}

/** In the kernel's words. */
export function schedFeature() {
  const says = expecting('a scheduler feature in capital letters, such as HRTICK or NO_HRTICK');
  return z.string(says).regex(schedFeatureWord, says);
}

/** One of several words. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  return z.enum(words, expecting(words.length === 2 ? words.join(' or ') : `one of ${words.join(', ')}`));
}

export function listOf<Item extends z.ZodType>(item: Item, what: string, most: number, least = 1) {
  const says = expecting(`a list of ${least} to ${most} ${what}`);
  return z.array(item, says).min(least, says).max(most, says);
}

/** Alternatives with a common error text, instead of a text for each. */
export function either<const Options extends readonly [z.ZodType, z.ZodType, ...z.ZodType[]]>(
  what: string,
  options: Options,
) {
  return z.union(options, expecting(what));
}

/**
 * A mapping with these keys and no others. The text for unknown keys has a line per key, in the order of the issue's
 * `keys`, because zod reports them together in a single issue.
 */
export function mapping<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownKey(key, known)).join('\n')
        : `expected a mapping with some of the keys ${known.join(', ')}`,
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const hint = didYouMean(key, known);
  return `unknown key${hint === '' ? `; the keys here are ${known.join(', ')}` : hint}`;
}

/** A mapping with keys that the user chooses. */
export function recordOf<Value extends z.ZodType>(what: string, key: z.ZodType<string, string>, value: Value) {
  return z.record(key, value, expecting(what));
}

/** A duration in nanoseconds. The bounds are in the form of a profile, and error texts show them so. */
export function duration(least: string, most: string) {
  return quantity(parseDuration, /^\d+(\.\d+)?(ns|us|µs|ms|s|m|h)$/, least, most);
}

/** A size in bytes. */
export function size(least: string, most: string) {
  return quantity(parseSize, /^\d+(\.\d+)?(B|KiB|MiB|GiB|TiB)$/, least, most);
}

/** A share as a fraction. */
export function share() {
  return quantity(parseShare, /^\d+(\.\d+)?%$/, '0%', '100%');
}

/** A rate, as the nanoseconds between intended starts. */
export function rate(least: string, most: string) {
  return quantity(parseRate, /^\d+(\.\d+)?\/(s|min|h)$/, least, most).transform((perSecond) =>
    Math.round(1e9 / perSecond),
  );
}

/** The error texts of quantities, so that validate.ts recognises a quantity without matching words. */
const quantityTexts = new Set<string>();

/** Whether an issue of this text, or a branch of it, expected a number with a unit. */
export function expectsUnit(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_union' ? issue.errors.flat().some(expectsUnit) : quantityTexts.has(issue.message);
}

function quantity(parse: (text: string) => Parsed, pattern: RegExp, least: string, most: string) {
  const [low, high, none] = [parse(least), parse(most), parse('')];
  if (!low.ok || !high.ok || none.ok) throw new Error(`${least} and ${most} are no bounds of this quantity`);
  const range = `from ${least} to ${most}`;
  const says = expecting(none.expected.includes(range) ? none.expected : `${none.expected}, ${range}`);
  quantityTexts.add(says.error());
  return z
    .string(says)
    .regex(pattern, says)
    .transform((written, context) => {
      const parsed = parse(written);
      if (parsed.ok && parsed.value >= low.value && parsed.value <= high.value) return parsed.value;
      context.addIssue({
        code: 'custom',
        message: parsed.ok ? says.error() : `expected ${parsed.expected}`,
      });
      return z.NEVER;
    });
}

/**
 * Secrets of a profile: in the command line of a program of the user's own, in the flags of its JVM and in its
 * environment. The program gets them; what is kept or shown has them only with `--keep-secrets`.
 */
import {
  redacted,
  redactedArguments,
  redactedEnvironment,
  redactedNames,
  redactedWords,
  redaction,
  secretsIn,
} from '../../base/secrets.js';
import { hashOf } from './hash.js';
import { isApp, isInJvm, type JvmArm, type ResolvedApp, type ResolvedArm, type ResolvedProfile } from './resolved.js';

/**
 * Of a profile, a manifest or a part of one, whatever version wrote it: secrets stand in words of command lines and in
 * environments.
 */
export function withoutSecrets<Document>(document: Document): Document {
  return without(document, '') as Document;
}

function without(value: unknown, key: string): unknown {
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    if (!list.every((item) => typeof item === 'string')) return list.map((item) => without(item, ''));
    return key === 'argv'
      ? redactedArguments(list)
      : ['args', 'flags', 'append'].includes(key)
        ? redactedWords(list)
        : list;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (key === 'environment')
    return redactedEnvironment(Object.fromEntries(entries.map(([name, found]) => [name, String(found)])));
  return Object.fromEntries(entries.map(([name, inner]) => [name, without(inner, name)]));
}

/**
 * Of the profile without its secrets: a hash of a short secret would give it away to whoever tries them all, and
 * experiments that differ in nothing but a secret did the same.
 */
export function profileHashOf(profile: ResolvedProfile): string {
  return hashOf(withoutSecrets(profile));
}

/** Is this the profile that the hash is of? Bundles of before secrets were left out have the hash of the whole. */
export function isHashOf(hash: string, profile: ResolvedProfile): boolean {
  return hash === profileHashOf(profile) || hash === hashOf(profile);
}

/** Values that a bundle does not have and a replay needs, by their names. */
export function missingSecrets(arms: readonly ResolvedArm[]): string[] {
  const names = arms.filter(isInJvm).flatMap((arm) => {
    const { args, environment } = givenTo(arm);
    return [
      ...redactedNames(arm.jvm.flags),
      ...redactedNames(args),
      ...Object.entries(environment).flatMap(([name, value]) => (value.includes(redaction) ? [name] : [])),
    ];
  });
  return [...new Set(names)];
}

function givenTo(arm: JvmArm): Pick<ResolvedApp, 'args' | 'environment'> {
  return isApp(arm) ? arm.jvm.app : { args: [], environment: {} };
}

export interface Redactor {
  readonly profile: ResolvedProfile;
  /** pauselab's own command line. */
  readonly words: (words: readonly string[]) => string[];
  /** What a run left or said: a log, a sentence. */
  readonly text: (text: string) => string;
}

/** Shorter ones are found by their names alone: replaced wherever they occur, they would spoil other text. */
const leastFound = 4;

export function redactorOf(profile: ResolvedProfile, keepSecrets: boolean): Redactor {
  if (keepSecrets) return { profile, words: (words) => [...words], text: (text) => text };
  const known = new Set(
    profile.arms
      .filter(isInJvm)
      .flatMap((arm) => {
        const { args, environment } = givenTo(arm);
        return secretsIn([...arm.jvm.flags, ...args], environment);
      })
      .filter(({ length }) => length >= leastFound),
  );
  // The longest first: one may be a part of another.
  const values = [...known].sort((a, b) => b.length - a.length);
  const withoutKnown = (text: string): string =>
    values.reduce((rest, value) => rest.replaceAll(value, redaction), text);
  return {
    profile: withoutSecrets(profile),
    words: (words) => redactedArguments(words).map(withoutKnown),
    text: (text) => redacted(withoutKnown(text)),
  };
}

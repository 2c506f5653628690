/**
 * Secrets of a profile: in the command line of the user's program, in the flags of its JVM and in its environment. The
 * program gets them. What pauselab stores or prints has them only with `--keep-secrets`.
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
 * A profile, a manifest or a part of them, of any version, without its secrets, which are in words of command lines and in
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
      : ['args', 'flags', 'append', 'command'].includes(key)
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
 * The hash of the profile without its secrets. A hash of a short secret can be guessed by trying all, and experiments that
 * differ only in a secret did the same.
 */
export function profileHashOf(profile: ResolvedProfile): string {
  return hashOf(withoutSecrets(profile));
}

/** Whether the hash is that of the profile. Bundles of old versions have the hash of the profile with its secrets. */
export function isHashOf(hash: string, profile: ResolvedProfile): boolean {
  return hash === profileHashOf(profile) || hash === hashOf(profile);
}

/** Names of the values that a replay needs and the bundle lacks. */
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
  /** The command line of pauselab. */
  readonly words: (words: readonly string[]) => string[];
  /** Output of a run: a log or a sentence. */
  readonly text: (text: string) => string;
}

/** Shorter secrets are found only by their names. Replacing them everywhere would damage other text. */
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
  // The longest come first, because a secret may be a part of another.
  const values = [...known].sort((a, b) => b.length - a.length);
  const withoutKnown = (text: string): string =>
    values.reduce((rest, value) => rest.replaceAll(value, redaction), text);
  return {
    profile: withoutSecrets(profile),
    words: (words) => redactedArguments(words).map(withoutKnown),
    text: (text) => redacted(withoutKnown(text)),
  };
}

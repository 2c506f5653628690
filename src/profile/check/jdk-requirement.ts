/** Which JDKs a profile accepts: comparisons of the feature version (17, 21, 25), all of which must hold. */
import { usage } from '../../base/failure.js';

export interface JdkRequirement {
  /** The requirement as written. */
  readonly text: string;
  readonly accepts: (feature: number) => boolean;
}

const holds: Record<string, (feature: number, bound: number) => boolean> = {
  '>=': (feature, bound) => feature >= bound,
  '<=': (feature, bound) => feature <= bound,
  '>': (feature, bound) => feature > bound,
  '<': (feature, bound) => feature < bound,
  '=': (feature, bound) => feature === bound,
};

const operator = Object.keys(holds).join('|');
const feature = '\\d{1,3}';
const comparison = new RegExp(`^(${operator})?(${feature})$`);

/** A pattern of the whole text, for the schema. */
const one = `(?:${operator})?${feature}`;
export const jdkRequirement = new RegExp(`^\\s*${one}(?:\\s+${one})*\\s*$`);

/** `17`, `>=17`, `>=17 <22`. Throws a usage failure for anything else. */
export function parseJdkRequirement(text: string): JdkRequirement {
  const words = text.trim().split(/\s+/);
  const parts = words.map((word) => comparison.exec(word));
  const wrong = words.find((_, i) => parts[i] === null);
  if (wrong !== undefined)
    throw usage(
      `expected JDK versions such as "17", ">=17" or ">=17 <22", got "${wrong}"${wrong === text ? '' : ` in "${text}"`}`,
    );
  const tests = parts.map((match) => {
    const [, comparedBy = '=', bound] = match ?? [];
    return (version: number): boolean => holds[comparedBy]?.(version, Number(bound)) ?? false;
  });
  return { text, accepts: (version) => tests.every((test) => test(version)) };
}

/** Whether a requirement lets a JDK before this version through. */
export function acceptsOlderThan(text: string, version: number): boolean {
  const { accepts } = parseJdkRequirement(text);
  return Array.from({ length: version }, (_, older) => older).some(accepts);
}

/** Which JDKs a profile accepts: comparisons of the feature version (17, 21, 25), all of which must hold. */
import { usage } from '../base/failure.js';

export interface JdkRequirement {
  /** As it was written. */
  readonly text: string;
  readonly accepts: (feature: number) => boolean;
}

/** The whole text, for the schema. */
export const jdkRequirement = /^\s*(>=|<=|>|<|=)?\d{1,3}(\s+(>=|<=|>|<|=)?\d{1,3})*\s*$/;

const comparison = /^(>=|<=|>|<|=)?(\d{1,3})$/;

const holds: Record<string, (feature: number, bound: number) => boolean> = {
  '>=': (feature, bound) => feature >= bound,
  '<=': (feature, bound) => feature <= bound,
  '>': (feature, bound) => feature > bound,
  '<': (feature, bound) => feature < bound,
  '=': (feature, bound) => feature === bound,
};

/** `17`, `>=17`, `>=17 <22`. Throws a usage failure for anything else. */
export function parseJdkRequirement(text: string): JdkRequirement {
  const words = text.trim().split(/\s+/);
  const parts = words.map((word) => comparison.exec(word));
  const wrong = words.find((_, i) => parts[i] === null);
  if (wrong !== undefined) throw usage(`expected JDK versions such as "17", ">=17" or ">=17 <22", got "${wrong}"${wrong === text ? '' : ` in "${text}"`}`);
  const tests = parts.map((match) => {
    const [, operator = '=', bound] = match ?? [];
    return (feature: number): boolean => holds[operator]?.(feature, Number(bound)) ?? false;
  });
  return { text, accepts: (feature) => tests.every((test) => test(feature)) };
}

/** Parsers of option values, for Commander. */
import { InvalidArgumentError } from '@commander-js/extra-typings';

/** For an option that may be repeated. */
export const collect = (value: string, before: string[]): string[] => [...before, value];

export const wholeNumber = (value: string): number => {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError(`expected a whole number, got ${value}.`);
  return Number(value);
};

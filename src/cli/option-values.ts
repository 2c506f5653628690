/** Parsers of option values, for Commander. */
import { InvalidArgumentError } from '@commander-js/extra-typings';

/** For an option that may be repeated. */
export const collect = (value: string, before: string[]): string[] => [...before, value];

/** The same for names and paths, of which an empty one is a variable of a script that was not set. */
export const collectNamed = (value: string, before: string[]): string[] => {
  if (value === '') throw new InvalidArgumentError('expected a name, got an empty one.');
  return [...before, value];
};

export const wholeNumber = (value: string): number => {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError(`expected a whole number, got ${value}.`);
  return Number(value);
};

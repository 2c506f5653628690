/** The errors of a profile, reported together: a line each, in the order of the file. */
import { usage, type Failure } from '../../base/failure.js';
import type { Path, TextPlace } from './tree.js';

export interface Problem {
  readonly at: TextPlace;
  readonly path: Path;
  readonly text: string;
}

export function invalid(problems: readonly Problem[]): Failure {
  const lines = [...new Set(problems.map(format))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return usage(lines.join('\n'), { lines });
}

function format({ at, path, text }: Problem): string {
  return path.length === 0 ? `${at}: ${text}` : `${at} ${formatPath(path)}: ${text}`;
}

/** `victims[0].rate` */
export function formatPath(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}

/** A value, shortened for an error line. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  // JSON cannot express .inf and .nan, and String() can.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

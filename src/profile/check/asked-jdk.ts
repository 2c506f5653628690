/** A JDK of the list `jdks` as users write it: `deb:26` or a path, with an optional label: `old=/opt/jdk-17`. */
import { basename } from 'node:path';
import { longestLabel } from './asked-kernel.js';

export interface AskedJdk {
  /** The last part of the names of its arms. */
  readonly label: string;
  /** What remains without the label. */
  readonly jdk: string;
}

/** As the end of the name of an arm: a part of the names of folders. */
export const jdkLabel = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * The text before the first `=` is a label, unless it must be a part of a path or of a specification: it holds a slash,
 * a colon or a comma, as deb:17,libc=sid does. Without a label a specification gets one: `jdk-26` of deb:26,
 * `jdk-17-bookworm` of deb:17/bookworm, and a path its last part.
 */
export function askedJdk(text: string): AskedJdk {
  const at = text.indexOf('=');
  const before = text.slice(0, at);
  if (at >= 0 && !/[/:,]/.test(before)) return { label: before, jdk: text.slice(at + 1) };
  return { label: usualLabel(text), jdk: text };
}

function usualLabel(jdk: string): string {
  const named = jdk.startsWith('deb:') ? `jdk-${jdk.slice('deb:'.length)}` : basename(jdk.replace(/\/bin\/java$/, ''));
  return named
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, longestLabel);
}

/** The first error in a list of JDKs: an invalid label, or a JDK or a label that is listed twice. */
export function jdkProblem(list: readonly string[]): { readonly index: number; readonly text: string } | null {
  for (const [index, text] of list.entries()) {
    const problem = problemOf(text, list.slice(0, index));
    if (problem !== null) return { index, text: problem };
  }
  return null;
}

function problemOf(text: string, before: readonly string[]): string | null {
  const { label, jdk } = askedJdk(text);
  const advice = `write it as name=${jdk || 'deb:26'}`;
  if (jdk === '') return `expected a JDK after ${label}=, got nothing; ${advice}`;
  if (!jdkLabel.test(label) || label.length > longestLabel)
    return `expected a label of up to ${longestLabel} letters, digits, ., _ and - before =, got ${JSON.stringify(label)}; ${advice}`;
  const twice = before.map(askedJdk).find((other) => other.label === label);
  if (twice === undefined) return null;
  return twice.jdk === jdk
    ? `${jdk} is listed twice; list each JDK once, and use \`runs\` for repetitions`
    : `expected a label for each JDK, got ${label} for ${twice.jdk} and for ${jdk}; ${advice}`;
}

/** A YAML file that must hold a mapping: a profile, a gate's policy. */
import { isAbsolute, relative } from 'node:path';
import { readText as readWhole } from '../../base/files/read-file.js';
import type { Failure } from '../../base/failure.js';
import { machineFailure } from '../../base/system-error.js';
import { describe, invalid } from './problem.js';
import { toPlain, type Mapping } from './tree.js';
import { readYaml } from './yaml.js';

export type Refuse = (sentence: string) => Failure;

/** No handwritten file is larger, and reading a larger file could use up the memory. */
const mostBytes = 4 * 2 ** 20;

/** `what`: what was expected, such as `a profile, a mapping with keys such as name and arms`. */
export function readMapping(file: string, what: string, refuse: Refuse): Mapping {
  return mappingOf(readYamlFile(file, refuse), shownFile(file), what);
}

export function mappingOf(text: string, source: string, what: string): Mapping {
  const tree = readYaml(text, source);
  if (tree.kind === 'mapping') return tree;
  throw invalid([{ at: tree.at, path: [], text: `expected ${what}, got ${describe(toPlain(tree))}` }]);
}

/** The text of a file that may hold a profile or a policy. */
export function readYamlFile(file: string, refuse: Refuse): string {
  try {
    return readWhole(file, { mostBytes, pipes: true });
  } catch (cause) {
    const refused = machineFailure(cause);
    if (refused !== null) throw refused;
    throw refuse(`cannot read ${shownFile(file)}: ${reasonOf(cause as NodeJS.ErrnoException)}`);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
};

function reasonOf({ code, syscall, message }: NodeJS.ErrnoException): string {
  return reasons[code ?? ''] ?? (syscall === undefined ? message : (code ?? message));
}

/** The shorter of the relative and the absolute path. */
export function shownFile(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith('..') || isAbsolute(short) ? file : short;
}

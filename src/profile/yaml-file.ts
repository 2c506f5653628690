/** A YAML file that must hold a mapping: a profile, a gate's policy. */
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, relative } from 'node:path';
import type { Failure } from '../base/failure.js';
import { machineFailure } from '../base/system-error.js';
import { describe, invalid } from './problem.js';
import { toPlain, type Mapping } from './tree.js';
import { readYaml } from './yaml.js';

export type Refuse = (sentence: string) => Failure;

/** Nobody writes more by hand, and reading it could take all memory. */
const mostBytes = 4 * 2 ** 20;

/** `what`: what was expected, such as `a profile, a mapping with keys such as name and arms`. */
export async function readMapping(file: string, what: string, refuse: Refuse): Promise<Mapping> {
  return mappingOf(await readText(file, refuse), shownFile(file), what);
}

export function mappingOf(text: string, source: string, what: string): Mapping {
  const tree = readYaml(text, source);
  if (tree.kind === 'mapping') return tree;
  throw invalid([{ at: tree.at, path: [], text: `expected ${what}, got ${describe(toPlain(tree))}` }]);
}

async function readText(file: string, refuse: Refuse): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > mostBytes) throw refuse(`cannot read ${shownFile(file)}: it has ${size} bytes, and at most ${mostBytes} are read`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'Failure') throw cause;
    const refused = machineFailure(cause);
    if (refused !== null) throw refused;
    throw refuse(`cannot read ${shownFile(file)}: ${reasons[codeOf(cause)] ?? codeOf(cause)}`);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
};

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}

/** As short as an editor or a terminal can still open it. */
export function shownFile(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith('..') || isAbsolute(short) ? file : short;
}

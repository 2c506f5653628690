/**
 * Functions that a JIT compiler made, by the map that perf reads: /tmp/perf-PID.map, which the process writes with its pid
 * as it sees it, in its /tmp. Anybody may write to /tmp, so a map is read only if it and a link to it belong to the user
 * of the process, or to root.
 */
import { lstatSync, statSync } from 'node:fs';
import { readText } from '../../base/files/read-file.js';
import { partitionPoint } from '../../base/sorted.js';
import type { RefusedMap } from '../../facts/user-stack-facts.js';
import { readIfThere } from '../../host/files.js';

export interface JitMap {
  readonly functionAt: (address: bigint) => string | null;
  /** Null: it was read, or there is none. */
  readonly refused: RefusedMap | null;
}

interface JitFunction {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

const mostBytes = 2 ** 26;
/** A large service has some 100,000. More take seconds to read, and much memory. */
const mostFunctions = 2 ** 20;

export function jitMapOf(pid: number): JitMap {
  const status = readIfThere(`/proc/${pid}/status`) ?? '';
  const ownPid = /^NSpid:.*?(\d+)$/m.exec(status)?.[1] ?? String(pid);
  const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? -1);
  const found = functionsIn(`/proc/${pid}/root/tmp/perf-${ownPid}.map`, uid);
  return typeof found === 'string' ? jitMap([], found) : jitMap(found, null);
}

function jitMap(functions: readonly JitFunction[], refused: RefusedMap | null): JitMap {
  return {
    refused,
    functionAt(address) {
      const at = Number(address);
      const one = functions[partitionPoint(functions, ({ start }) => start <= at) - 1];
      return one === undefined || at >= one.end ? null : one.name;
    },
  };
}

/** By address. */
function functionsIn(path: string, uid: number): JitFunction[] | RefusedMap {
  const isTrusted = (file: { readonly uid: number }): boolean => [0, uid].includes(file.uid);
  try {
    const link = lstatSync(path, { throwIfNoEntry: false });
    if (link === undefined) return [];
    const file = statSync(path);
    if (!isTrusted(link) || !isTrusted(file)) return 'owner';
    if (!file.isFile()) return 'no-file';
    if (file.size > mostBytes) return 'large';
    return parsed(readText(path, { mostBytes }));
  } catch {
    return 'unreadable';
  }
}

function parsed(text: string): JitFunction[] | RefusedMap {
  const functions: JitFunction[] = [];
  for (const [, start, bytes, name] of text.matchAll(/^(?:0x)?([0-9a-f]{1,16}) (?:0x)?([0-9a-f]{1,16}) (.{1,512})/gm)) {
    if (start === undefined || bytes === undefined || name === undefined) continue;
    if (functions.length === mostFunctions) return 'large';
    // Addresses of programs have fewer than 53 bits.
    const from = Number.parseInt(start, 16);
    functions.push({ start: from, end: from + Number.parseInt(bytes, 16), name });
  }
  return functions.sort((a, b) => a.start - b.start);
}

/** Other processes as /proc shows them. */
import { readdirSync, readFileSync } from 'node:fs';

/** False for one that is gone or only waits to be reaped. */
export function isAlive(pid: number): boolean {
  const stat = readOrNull(`/proc/${pid}/stat`);
  return stat !== null && !['Z', 'X'].includes(afterName(stat)[0] ?? 'X');
}

/** No error if it has ended meanwhile. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function childrenOf(parent: number): number[] {
  return pids().filter((pid) => Number(afterName(readOrNull(`/proc/${pid}/stat`) ?? '')[1]) === parent);
}

/** Living processes with `text` in their command line. */
export function processesWith(text: string): number[] {
  return pids().filter((pid) => isAlive(pid) && (readOrNull(`/proc/${pid}/cmdline`) ?? '').includes(text));
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** State, parent and so on: what follows the name, which may hold blanks and parentheses. */
function afterName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Processes that a program of the user's own has started: they outlive it unless it ends them, and would run beside the next run. */
import { readdirSync } from 'node:fs';
import { readIfThere } from '../host/files.js';

export interface Descendant {
  readonly pid: number;
  /** In clock ticks: with the pid it names a process for ever. */
  readonly startTime: string;
}

const poll_ms = 50;

/** Children, and theirs; those of a process that has ended belong to others and are not found. */
export function descendantsOf(pid: number): Descendant[] {
  return childrenOf(pid).flatMap((child) => {
    const startTime = startTimeOf(child);
    return startTime === null ? [] : [{ pid: child, startTime }, ...descendantsOf(child)];
  });
}

/** Ends those that still run, by SIGTERM and after `grace_ms` by SIGKILL; returns how many there were. */
export async function endThose(descendants: readonly Descendant[], grace_ms: number): Promise<number> {
  const alive = (): Descendant[] => descendants.filter(({ pid, startTime }) => startTimeOf(pid) === startTime);
  const left = alive().length;
  const signal = (name: NodeJS.Signals): void => {
    for (const { pid } of alive()) kill(pid, name);
  };
  signal('SIGTERM');
  const deadline = Date.now() + grace_ms;
  while (alive().length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, poll_ms));
  signal('SIGKILL');
  return left;
}

/** By proc_pid_children(5), a list for each of its threads. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((tid) => (readIfThere(`/proc/${pid}/task/${tid}/children`) ?? '').split(' ').filter((word) => word !== '').map(Number));
  } catch {
    return [];
  }
}

/** Field 22 of proc_pid_stat(5), counted after the name; null once it is gone or waits for its parent to notice. */
function startTimeOf(pid: number): string | null {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : (fields[22 - 3] ?? null);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

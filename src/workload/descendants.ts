/** Processes that a program of the user's own has started: they outlive it unless it ends them, and would run beside the next run. */
import { readdirSync } from 'node:fs';
import { readIfThere } from '../host/files.js';
import { isStillThere, killIfSame, startTimeOf, type ProcessIdentity } from './process-identity.js';

const poll_ms = 50;

/** Children, and theirs; those of a process that has ended belong to others and are not found. */
export function descendantsOf(pid: number): ProcessIdentity[] {
  return childrenOf(pid).flatMap((child) => {
    const startTime = startTimeOf(child);
    return startTime === null ? [] : [{ pid: child, startTime }, ...descendantsOf(child)];
  });
}

/** Ends those that still run, by SIGTERM and after `grace_ms` by SIGKILL; returns how many there were. */
export async function endThose(descendants: readonly ProcessIdentity[], grace_ms: number): Promise<number> {
  const alive = (): ProcessIdentity[] => descendants.filter(isStillThere);
  const left = alive().length;
  const signal = (name: NodeJS.Signals): void => {
    for (const one of descendants) killIfSame(one, name);
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

/**
 * A process that is no child of ours, or not known as one: a pid alone does not do, since the kernel gives it again.
 */
import { readIfThere } from '../host/files.js';

export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks: with the pid it names a process for ever. Null: it had ended before it was looked at. */
  readonly startTime: string | null;
}

/** Field 22 of proc_pid_stat(5); exec leaves it as it is. Null once it is gone or waits for its parent to notice. */
export function startTimeOf(pid: number): string | null {
  const fields = statOf(pid);
  return fields === null || fields[0] === 'Z' ? null : (fields[22 - 3] ?? null);
}

/** Field 4. Null once it is gone. */
export function parentOf(pid: number): number | null {
  const fields = statOf(pid);
  return fields === null || fields[0] === 'Z' ? null : Number(fields[4 - 3]);
}

/** From field 3, the state, on: what follows the name, which may hold blanks and parentheses. */
export function statOf(pid: number): string[] | null {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

export function isStillThere({ pid, startTime }: ProcessIdentity): boolean {
  return startTime !== null && startTimeOf(pid) === startTime;
}

export function killIfSame(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isStillThere(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

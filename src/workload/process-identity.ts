/** A process that is no child of ours, or not known as one: a pid alone does not do, since the kernel gives it again. */
import { readIfThere } from '../host/files.js';

export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks: with the pid it names a process for ever. Null: it had ended before it was looked at. */
  readonly startTime: string | null;
}

/** Field 22 of proc_pid_stat(5), counted after the name; exec leaves it as it is. Null once it is gone or waits for its parent to notice. */
export function startTimeOf(pid: number): string | null {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : (fields[22 - 3] ?? null);
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

/**
 * Identifies a process that is not our child, or not known to be. A pid alone does not do, because the kernel reuses
 * it.
 */
import { readdirSync } from 'node:fs';
import { statOf } from '../host/process-stat.js';

export interface ProcessIdentity {
  readonly pid: number;
  /**
   * In clock ticks; together with the pid it identifies a process forever. Null if the process had ended before it was
   * read.
   */
  readonly startTime: string | null;
}

/** Field 22 of proc_pid_stat(5); exec does not change it. Null once the process is gone or is a zombie. */
export function startTimeOf(pid: number): string | null {
  const fields = statOf(pid);
  return fields === null || fields[0] === 'Z' ? null : (fields[22 - 3] ?? null);
}

/** Field 4. Null once the process is gone. */
export function parentOf(pid: number): number | null {
  const fields = statOf(pid);
  return fields === null || fields[0] === 'Z' ? null : Number(fields[4 - 3]);
}

/** PF_KTHREAD, include/linux/sched.h: field 9 of proc_pid_stat(5) has it. */
const kernelThread = 0x0020_0000;

export function isKernelThread(pid: number, proc?: string): boolean {
  return (Number(statOf(pid, proc)?.[9 - 3] ?? 0) & kernelThread) !== 0;
}

export function everyPid(proc = '/proc'): number[] {
  return readdirSync(proc)
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
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

/** The processes that are to be observed, and why one cannot be. */
import { readlinkSync, readdirSync } from 'node:fs';
import { usage } from '../base/failure.js';
import { readIfThere } from '../host/files.js';
import { statOf } from '../host/process-stat.js';
import {
  everyPid,
  isKernelThread,
  isStillThere,
  startTimeOf,
  type ProcessIdentity,
} from '../workload/process-identity.js';

export interface Target extends ProcessIdentity {
  readonly startTime: string;
  /** Its comm. */
  readonly name: string;
  readonly threads_n: number;
  /** Resident memory; null: not read. */
  readonly rssBytes: number | null;
}

/** Throws one sentence where this cannot be observed. */
export function targetOf(pid: number): Target {
  const stat = statOf(pid);
  if (stat === null) throw usage(`--pid ${pid}: there is no such process; \`ps -e\` lists those that run`);
  if (pid === process.pid) throw usage(`--pid ${pid}: this is pauselab itself; name the process that stalls`);
  const status = readIfThere(`/proc/${pid}/status`) ?? '';
  const leader = Number(/^Tgid:\s+(\d+)$/m.exec(status)?.[1] ?? pid);
  if (leader !== pid)
    throw usage(`--pid ${pid}: this is a thread of the process ${leader}; name that, its threads are observed`);
  if (isKernelThread(pid))
    throw usage(`--pid ${pid}: this is a thread of the kernel, which has no memory of its own; name a process`);
  const startTime = startTimeOf(pid);
  if (startTime === null)
    throw usage(`--pid ${pid}: this process has ended, and its parent has not noticed yet (a zombie); name another`);
  const residentBytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return {
    pid,
    startTime,
    name: nameOf(pid),
    threads_n: tidsNow(pid).length,
    rssBytes: residentBytes === undefined ? null : Number(residentBytes) * 1024,
  };
}

function nameOf(pid: number): string {
  return (readIfThere(`/proc/${pid}/comm`) ?? '').trimEnd();
}

/** The name that it has now, if that is another one; null also where it has ended. */
export function otherNameOf(target: Target): string | null {
  const name = nameOf(target.pid);
  return name === target.name || !isStillThere(target) ? null : name;
}

/** Empty where it has ended. */
export function tidsNow(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

/** Programs of the kernel see process ids as the first PID namespace has them, so ours has to be that one. */
export function isInOtherNamespace(): boolean {
  try {
    // PROC_PID_INIT_INO, include/linux/proc_ns.h.
    return readlinkSync('/proc/self/ns/pid') !== 'pid:[4026531836]';
  } catch {
    // A kernel without PID namespaces.
    return false;
  }
}

/** All processes of this name, and threads of the kernel: the comm, or the last part of the program's path. */
export function pidsNamed(name: string): number[] {
  // Threads of the kernel have no program, and a process may have an empty comm: neither is meant.
  if (name === '') return [];
  return everyPid().filter((pid) => {
    if (pid === process.pid) return false;
    // The kernel keeps 15 bytes of a name, and shows more of those of its workers.
    if ([name, name.slice(0, 15)].includes(nameOf(pid))) return true;
    const [program = ''] = (readIfThere(`/proc/${pid}/cmdline`) ?? '').split('\0');
    return program.split('/').at(-1) === name;
  });
}

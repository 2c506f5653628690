/** The threads of the kernel that take the mmap_lock of programs, on this machine. */
import { kernelThreads } from '../../catalogue/kernel-threads.js';
import { readIfThere } from '../../host/files.js';
import { everyPid, isKernelThread } from '../process-identity.js';

/** Their ids; none in a container with pids of its own, and where the kernel is built without them. */
export function kernelThreadIds(proc = '/proc'): number[] {
  return everyPid(proc).filter((pid) => {
    const name = readIfThere(`${proc}/${pid}/comm`);
    // A program may have the name too.
    return kernelThreads.some((one) => one === name) && isKernelThread(pid, proc);
  });
}

/** The argument by which the sampler looks at them too; it ends with the processes that it looks at otherwise. */
export function lookedAtBeside(tids: readonly number[]): string[] {
  return tids.length === 0 ? [] : [`beside=${tids.join(',')}`];
}

/** The threads of the kernel that take the mmap_lock of programs, on this machine. */
import { readdirSync } from 'node:fs';
import { kernelThreads } from '../catalogue/kernel-threads.js';
import { readIfThere } from './files.js';

/** PF_KTHREAD, include/linux/sched.h. A program may have the name too. */
const kernelThread = 0x00200000;

/** Their ids; none in a container with pids of its own, and where the kernel is built without them. */
export function kernelThreadIds(proc = '/proc'): number[] {
  return readdirSync(proc)
    .filter((name) => /^\d+$/.test(name) && isOne(readIfThere(`${proc}/${name}/stat`) ?? ''))
    .map(Number);
}

/** `38 (khugepaged) S 2 0 0 0 -1 2129984 …`: flags is field 9. */
function isOne(stat: string): boolean {
  const end = stat.lastIndexOf(')');
  const name = stat.slice(stat.indexOf('(') + 1, end);
  const flags = Number(stat.slice(end + 2).split(' ')[6]);
  return kernelThreads.some((one) => one === name) && (flags & kernelThread) !== 0;
}

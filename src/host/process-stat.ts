/** /proc/PID/stat, as proc_pid_stat(5) describes it. */
import { readIfThere } from './files.js';

/** The fields from field 3, the state: they follow the name, which may contain blanks and parentheses. */
export function statOf(pid: number, proc = '/proc'): string[] | null {
  return fieldsOf(`${proc}/${pid}/stat`);
}

/** Of one thread. /proc/TID/stat adds up what all threads of its process did, which takes long for thousands. */
export function threadStatOf(tid: number): string[] | null {
  return fieldsOf(`/proc/${tid}/task/${tid}/stat`);
}

function fieldsOf(path: string): string[] | null {
  const stat = readIfThere(path);
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

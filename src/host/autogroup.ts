/**
 * Autogroup: the scheduler first divides CPU time between sessions, and compares nice values only inside a session. A
 * nice-19 holder in another session than its hogs does not have low priority at all, so all must share a session.
 */
import { unfit } from '../base/failure.js';
import { readIfThere } from './files.js';

/**
 * The group of a process that descends from no `setsid` since the boot, as under a container's init: the kernel's file
 * is empty for it (proc_sched_autogroup_show_task), and all such processes share the root task group.
 */
export const rootTaskGroup = 'the root task group';

/**
 * The common autogroup, such as `/autogroup-12`, or `rootTaskGroup`; null if autogroup is off or absent. A process that
 * has ended is in no group and is left out; its end is reported elsewhere.
 */
export function commonAutogroup(
  pids: readonly number[],
  read: (path: string) => string | null = readIfThere,
): string | null {
  if (read('/proc/sys/kernel/sched_autogroup_enabled') !== '1') return null;
  const groups = pids.flatMap((pid) => {
    const file = read(`/proc/${pid}/autogroup`);
    return file === null ? [] : [{ pid, group: groupIn(file) }];
  });
  const [first] = groups;
  const other = groups.find(({ group }) => group !== first?.group);
  if (first !== undefined && other !== undefined) {
    throw unfit(
      `process ${first.pid} is in ${first.group} and process ${other.pid} in ${other.group}, ` +
        'and nice has no effect across autogroups; start both in one session, ' +
        'or set kernel.sched_autogroup_enabled to 0',
    );
  }
  return first?.group ?? null;
}

function groupIn(file: string): string {
  return file === '' ? rootTaskGroup : (file.split(' ')[0] ?? file);
}

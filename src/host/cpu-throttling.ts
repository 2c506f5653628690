/** How long cgroups kept a process back by their limit of CPU time (cpu.max, or cpu.cfs_quota_us in cgroup v1). */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupsIn, isHierarchyRoot, machine, type KernelFiles } from './cgroups.js';
import { readIfThere } from './files.js';

export interface ThrottlingMeter {
  /** What is counted up to now stays known, also after the end of the process and its cgroup. */
  look(): void;
  /**
   * Since the meter was made. Added up over the cgroups of the threads and those above them, and over all CPUs; 0 where
   * there is no limit, and possibly below 0 after a move to another cgroup. Null: not known, because the process was
   * gone when the meter was made, or because the cgroup of one of its threads is not visible here. Cgroups above the
   * container in which pauselab runs are never visible, and do not count.
   */
  grown_ns(): number | null;
}

/**
 * `threads`: `main` leaves out cgroups that only other threads are in, such as those that pauselab makes for its holder.
 */
export function throttlingMeter(
  pid: number,
  { threads, files = machine }: { readonly threads: 'all' | 'main'; readonly files?: KernelFiles },
): ThrottlingMeter {
  const memberships = (): readonly (string | null)[] | null =>
    threads === 'all' ? membershipsOf(pid, files) : mainMembershipOf(pid, files);
  const first = countersOf(memberships() ?? [null], files);
  const before_ns = countedIn(first);
  let last_ns = before_ns;
  const look = (): void => {
    last_ns = countedIn(first) ?? last_ns;
  };
  return {
    look,
    grown_ns() {
      if (before_ns === null) return null;
      const now = memberships();
      look();
      const now_ns = now === null ? last_ns : countedIn(countersOf(now, files));
      return now_ns === null ? null : now_ns - before_ns;
    },
  };
}

/** Texts of /proc/PID/task/TID/cgroup: a thread may be in another cgroup than its process. Null: the process is gone. */
function membershipsOf(pid: number, files: KernelFiles): readonly (string | null)[] | null {
  const tasks = join(files.proc, String(pid), 'task');
  const tids = namesIn(tasks);
  if (tids.length === 0) return null;
  const texts = tids.flatMap((tid) => readIfThere(join(tasks, tid, 'cgroup')) ?? []);
  return texts.length === 0 ? [withoutText(files)] : texts;
}

function mainMembershipOf(pid: number, files: KernelFiles): readonly (string | null)[] | null {
  const folder = join(files.proc, String(pid));
  if (!existsSync(folder)) return null;
  return [readIfThere(join(folder, 'cgroup')) ?? withoutText(files)];
}

/** A kernel without cgroups has no such file for any process, and no limit. Elsewhere the file was refused. */
function withoutText({ proc }: KernelFiles): '' | null {
  return existsSync(join(proc, 'self/cgroup')) ? null : '';
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Files of the cgroups and of those above them, each once; null: one of the cgroups is not visible. */
function countersOf(memberships: readonly (string | null)[], files: KernelFiles): ReadonlySet<string> | null {
  const counters = new Set<string>();
  for (const membership of new Set(memberships)) {
    const cgroups = membership === null ? null : cgroupsIn(membership, 'cpu', files);
    if (cgroups === null) return null;
    // The root has no limit, and until Linux 5.8 no such file.
    for (const cgroup of cgroups) if (!isHierarchyRoot(cgroup)) counters.add(join(cgroup.folder, 'cpu.stat'));
  }
  return counters;
}

function countedIn(counters: ReadonlySet<string> | null): number | null {
  if (counters === null) return null;
  const texts = [...counters].map((path) => readIfThere(path));
  return texts.includes(null) ? null : texts.reduce((sum_ns, text) => sum_ns + throttledIn(text ?? ''), 0);
}

/** Version 1 counts in ns. */
function throttledIn(stat: string): number {
  const count = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
  return count('throttled_usec') * 1000 + count('throttled_time');
}

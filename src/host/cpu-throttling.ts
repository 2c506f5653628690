/**
 * When, and for how long, cgroups kept a process back by their limit of CPU time (cpu.max, or cpu.cfs_quota_us in cgroup
 * v1).
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupsIn, isHierarchyRoot, machine, type KernelFiles } from './cgroups.js';
import { readIfThere } from './files.js';

/** Between two looks. */
export interface ThrottledTime {
  readonly start_ns: number;
  readonly end_ns: number;
  /** That the kernel counted then: it counts when a thread goes on. Added up over all CPUs, and over the cgroups. */
  readonly throttled_ns: number;
}

export interface ThrottlingMeter {
  /** What is counted up to now stays known, also after the end of the process and its cgroup. */
  look(): void;
  /** Looks for the last time. */
  end(): void;
  /**
   * Up to the last look, in order, by the cgroups of the threads and those above them; empty where there is no limit.
   * Times count from `zero_ns` of CLOCK_MONOTONIC. Null: not known, because the process was gone when the meter was made,
   * or because the cgroup of one of its threads is not visible here, or was not the thread's at the look before. Cgroups
   * above the container in which pauselab runs are never visible, and do not count.
   */
  times(zero_ns: bigint): readonly ThrottledTime[] | null;
}

interface Absolute {
  readonly start_ns: bigint;
  readonly end_ns: bigint;
  readonly throttled_ns: number;
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
  const ofProcess = (): string | null => readIfThere(join(files.proc, String(pid), 'cgroup'));
  const first = countersOf(memberships() ?? [null], files);
  /** By file, as last read. */
  const counted = new Map([...(first ?? [])].map((path) => [path, countedIn(path)] as const));
  let isKnown = first !== null && ![...counted.values()].includes(null);
  let isOver = false;
  let cgroup = ofProcess();
  let last_ns = process.hrtime.bigint();
  const times: Absolute[] = [];
  const read = (): void => {
    const time_ns = process.hrtime.bigint();
    let throttled_ns = 0;
    for (const [path, before_ns] of counted) {
      const now_ns = countedIn(path) ?? before_ns ?? 0;
      throttled_ns += Math.max(0, now_ns - (before_ns ?? 0));
      counted.set(path, now_ns);
    }
    if (throttled_ns > 0) times.push({ start_ns: last_ns, end_ns: time_ns, throttled_ns });
    last_ns = time_ns;
  };
  /** How much of the count of another cgroup came before the move is not known, unless nothing was ever counted. */
  const follow = (): void => {
    const now = memberships();
    const paths = now === null ? [] : countersOf(now, files);
    if (paths === null) isKnown = false;
    for (const path of paths ?? []) {
      if (counted.has(path)) continue;
      const count_ns = countedIn(path);
      counted.set(path, count_ns);
      if (count_ns !== 0) isKnown = false;
    }
  };
  const look = (): void => {
    if (isOver) return;
    read();
    // To ask each thread takes long where there are many, and mostly all of them move with their process.
    const now = ofProcess();
    if (now === null || now === cgroup) return;
    cgroup = now;
    follow();
  };
  return {
    look,
    end() {
      look();
      if (!isOver) follow();
      isOver = true;
    },
    times: (zero_ns) =>
      isKnown
        ? times.map(({ start_ns, end_ns, throttled_ns }) => ({
            start_ns: Number(start_ns - zero_ns),
            end_ns: Number(end_ns - zero_ns),
            throttled_ns,
          }))
        : null,
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

/** Null: it cannot be read. */
function countedIn(path: string): number | null {
  const text = readIfThere(path);
  return text === null ? null : throttledIn(text);
}

/** Version 1 counts in ns. */
function throttledIn(stat: string): number {
  const count = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
  return count('throttled_usec') * 1000 + count('throttled_time');
}

/** How long cgroups kept a process back by their limit of CPU time (cpu.max, or cpu.cfs_quota_us in cgroup v1). */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readIfThere } from './files.js';

/**
 * Added up over the cgroups of its threads and those above them, and over all CPUs; 0 where there is no limit. Null: no cgroup of it
 * that counts CPU time can be read, as in a container that does not see its own.
 */
export function throttled_ns(pid: number, proc = '/proc'): number | null {
  const mounts = mountsOf(readIfThere(join(proc, 'self/mountinfo')) ?? '');
  const stats = new Set(cgroupsOf(pid, proc).flatMap((line) => statsOf(line, mounts)));
  const texts = [...stats].flatMap((path) => readIfThere(path) ?? []);
  return texts.length === 0 ? null : texts.reduce((sum_ns, text) => sum_ns + throttledIn(text), 0);
}

/** Lines `ID:CONTROLLERS:PATH`. A thread may be in another cgroup than its process. */
function cgroupsOf(pid: number, proc: string): string[] {
  const tasks = join(proc, String(pid), 'task');
  const texts = new Set(namesIn(tasks).map((tid) => readIfThere(join(tasks, tid, 'cgroup')) ?? ''));
  return [...new Set([...texts].flatMap((text) => text.split('\n')))];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The files of the cgroup and of those above it. */
function statsOf(line: string, mounts: readonly CgroupMount[]): string[] {
  const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
  if (controllers === undefined || path === undefined) return [];
  const mount = mounts.find((one) => (controllers === '' ? one.isV2 : isCpu(controllers) && isCpu(one.options)));
  if (mount === undefined) return [];
  const folders: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    folders.push(join(mount.point, at, 'cpu.stat'));
    if (at === '/') return folders;
  }
}

interface CgroupMount {
  readonly point: string;
  readonly isV2: boolean;
  /** Of a hierarchy of version 1, its controllers are among them. */
  readonly options: string;
}

/** As proc_pid_mountinfo(5) describes it. */
function mountsOf(mountinfo: string): CgroupMount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [, point, type, options] = /^\d+ \d+ \S+ \S+ (\S+) .*? - (cgroup2?) \S+ (\S+)$/.exec(line) ?? [];
    return point === undefined ? [] : [{ point, isV2: type === 'cgroup2', options: options ?? '' }];
  });
}

function isCpu(list: string): boolean {
  return list.split(',').includes('cpu');
}

/** Version 1 counts in ns. */
function throttledIn(stat: string): number {
  const count = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
  return count('throttled_usec') * 1000 + count('throttled_time');
}

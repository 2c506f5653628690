/**
 * How much memory there is for us: the machine's, and less where a cgroup above us has a limit (v1 and v2, all
 * ancestors). And whether the kernel has killed for want of it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatSize } from '../base/text/units.js';
import { readIfThere, readProc } from './files.js';

/** /proc and what it names, for a test to put its own there. */
export interface MemoryFiles {
  readonly proc: string;
  /** In front of the paths that mountinfo names. */
  readonly root: string;
}

export const machine: MemoryFiles = { proc: '/proc', root: '' };

export interface MemoryCgroup {
  readonly version: 1 | 2;
  readonly folder: string;
  /** The process is in it, and not in one below. */
  readonly isOwn: boolean;
  /** The root of the hierarchy: what it counts is the machine's. */
  readonly isRoot: boolean;
}

/**
 * Folders of the memory cgroup that a process (`self` or its pid) is in and of those above it, the innermost first; of
 * either version or both.
 */
export function memoryCgroups({ proc, root }: MemoryFiles, process = 'self'): MemoryCgroup[] {
  const membership = readIfThere(join(proc, process, 'cgroup')) ?? '';
  const mounts = readIfThere(join(proc, 'self/mountinfo')) ?? '';
  return mounts.split('\n').flatMap((line): MemoryCgroup[] => {
    // proc_pid_mountinfo(5): `36 35 98:0 /root /mount/point options - type source superoptions`
    const [before = '', after = ''] = line.split(' - ');
    const [, , , mountRoot = '', point = ''] = before.split(' ').map(unescaped);
    const [type, , superOptions = ''] = after.split(' ');
    const version = type === 'cgroup2' ? 2 : type === 'cgroup' && superOptions.split(',').includes('memory') ? 1 : null;
    if (version === null) return [];
    const path =
      version === 2
        ? /^0::(.*)$/m.exec(membership)?.[1]
        : /^\d+:(?:[^:\n]*,)?memory(?:,[^:\n]*)?:(.*)$/m.exec(membership)?.[1];
    if (path === undefined) return [];
    // In a container that has no cgroup namespace the mount begins below the root that the path counts from.
    const below = mountRoot !== '/' && path.startsWith(mountRoot) ? path.slice(mountRoot.length) : path;
    const names = below.split('/').filter((name) => name !== '' && name !== '..');
    return names
      .concat('')
      .map((_, i): MemoryCgroup => ({
        version,
        folder: join(root, point, ...names.slice(0, names.length - i)),
        isOwn: i === 0,
        isRoot: mountRoot === '/' && i === names.length,
      }))
      .filter(({ folder }) => existsSync(folder));
  });
}

/** Octal, as the kernel writes blanks. */
function unescaped(text: string): string {
  return text.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

export interface MemoryLimit {
  readonly folder: string;
  readonly bytes: number;
  /** Of that: what is left, with the page cache that can be dropped. */
  readonly left: number;
}

/** The cgroup with the least left among those that have a limit; null: none has. */
export function memoryLimit(files: MemoryFiles = machine): MemoryLimit | null {
  const limits = memoryCgroups(files).flatMap(({ version, folder }): MemoryLimit[] => {
    const number = (name: string): number => Number(readIfThere(join(folder, name)) ?? NaN);
    const most = version === 2 ? [number('memory.max'), number('memory.high')] : [number('memory.limit_in_bytes')];
    // `max` is no number, and v1 has the largest one of all where there is none.
    const bytes = Math.min(...most.filter((one) => Number.isFinite(one) && one < 2 ** 62));
    if (!Number.isFinite(bytes)) return [];
    const used = number(version === 2 ? 'memory.current' : 'memory.usage_in_bytes');
    const dropped = Number(
      new RegExp(`^${version === 2 ? '' : 'total_'}inactive_file (\\d+)$`, 'm').exec(
        readIfThere(join(folder, 'memory.stat')) ?? '',
      )?.[1] ?? 0,
    );
    return [{ folder, bytes, left: Math.max(0, bytes - Math.max(0, (Number.isFinite(used) ? used : 0) - dropped)) }];
  });
  return limits.toSorted((a, b) => a.left - b.left)[0] ?? null;
}

/** Memory that can be given out without swapping, and that our cgroups let us have. */
export function availableMemoryBytes(files: MemoryFiles = machine): number {
  const ofMachine = Number(/^MemAvailable:\s*(\d+) kB$/m.exec(readProc(join(files.proc, 'meminfo')))?.[1] ?? 0) * 1024;
  return Math.min(ofMachine, memoryLimit(files)?.left ?? Infinity);
}

/** Counts of processes that the kernel has killed because memory ran out; null where it does not say. */
interface OomKills {
  readonly ofCgroup: number | null;
  readonly ofMachine: number | null;
}

function oomKills(files: MemoryFiles): OomKills {
  // Its own alone: in those above, others are counted too.
  const counts = memoryCgroups(files)
    .filter(({ isOwn }) => isOwn)
    .flatMap(({ version, folder }) => {
      const count = /^oom_kill (\d+)$/m.exec(
        readIfThere(join(folder, version === 2 ? 'memory.events' : 'memory.oom_control')) ?? '',
      )?.[1];
      return count === undefined ? [] : [Number(count)];
    });
  const ofMachine = /^oom_kill (\d+)$/m.exec(readIfThere(join(files.proc, 'vmstat')) ?? '')?.[1];
  return {
    ofCgroup: counts.length === 0 ? null : Math.max(...counts),
    ofMachine: ofMachine === undefined ? null : Number(ofMachine),
  };
}

/** How a process that was ended by SIGKILL is explained, as far as the kernel's counters do: to follow "by SIGKILL". */
export type OomWatch = () => string;

/** Begins to watch; what is counted from now on explains a SIGKILL. */
export function watchOomKills(files: MemoryFiles = machine): OomWatch {
  const before = oomKills(files);
  return () => {
    const now = oomKills(files);
    if (now.ofCgroup !== null && before.ofCgroup !== null && now.ofCgroup > before.ofCgroup) {
      const limit = memoryLimit(files);
      return `, as the kernel ended a process of this cgroup because memory ran out (oom_kill)${limit === null ? '' : `: its limit is ${formatSize(limit.bytes)}`}; lower the region, the heap or the load, or raise the limit`;
    }
    if (now.ofMachine !== null && before.ofMachine !== null && now.ofMachine > before.ofMachine)
      return ', probably by the kernel because memory ran out: it ended a process of this machine meanwhile (oom_kill); lower the region, the heap or the load, or free memory';
    if (now.ofCgroup === null && now.ofMachine === null)
      return ', perhaps by the kernel because memory ran out, which cannot be told here: look at dmesg';
    return '';
  };
}

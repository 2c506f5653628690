/**
 * How much memory we can use: the machine's, or less if a cgroup above us has a limit (v1 and v2, all ancestors). Also
 * whether the kernel killed a process because memory ran out.
 */
import { join } from 'node:path';
import { formatSize } from '../base/text/units.js';
import { cgroupsIn, machine, type Cgroup, type KernelFiles } from './cgroups.js';
import { readIfThere, readProc } from './files.js';

/**
 * Memory cgroups of a process (`self` or a pid), innermost first. Null: they cannot be seen here, and so neither can
 * their limits.
 */
export function memoryCgroups(files: KernelFiles = machine, process = 'self'): Cgroup[] | null {
  return cgroupsIn(readIfThere(join(files.proc, process, 'cgroup')) ?? '', 'memory', files);
}

export interface MemoryLimit {
  readonly folder: string;
  readonly bytes: number;
  /** The part of it that is still free, including page cache that can be dropped. */
  readonly left: number;
}

/** Of the cgroups with a limit, the one with the least memory left; null if no visible one has a limit. */
export function memoryLimit(files: KernelFiles = machine): MemoryLimit | null {
  return memoryLimits(files).toSorted((a, b) => a.left - b.left)[0] ?? null;
}

/** The smallest limit, which does not depend on what is used at the moment; null if no visible cgroup has one. */
export function smallestMemoryLimitBytes(files: KernelFiles = machine): number | null {
  const sizes = memoryLimits(files).map(({ bytes }) => bytes);
  return sizes.length === 0 ? null : Math.min(...sizes);
}

function memoryLimits(files: KernelFiles): MemoryLimit[] {
  return (memoryCgroups(files) ?? []).flatMap(({ version, folder }): MemoryLimit[] => {
    const number = (name: string): number => Number(readIfThere(join(folder, name)) ?? NaN);
    const most = version === 2 ? [number('memory.max'), number('memory.high')] : [number('memory.limit_in_bytes')];
    // Without a limit, v2 has `max`, which is not a number, and v1 has an extremely large one.
    const bytes = Math.min(...most.filter((value) => Number.isFinite(value) && value < 2 ** 62));
    if (!Number.isFinite(bytes)) return [];
    const used = number(version === 2 ? 'memory.current' : 'memory.usage_in_bytes');
    const dropped = Number(
      new RegExp(`^${version === 2 ? '' : 'total_'}inactive_file (\\d+)$`, 'm').exec(
        readIfThere(join(folder, 'memory.stat')) ?? '',
      )?.[1] ?? 0,
    );
    return [{ folder, bytes, left: Math.max(0, bytes - Math.max(0, (Number.isFinite(used) ? used : 0) - dropped)) }];
  });
}

/** Memory that can be allocated without swapping, within the limits of our cgroups. */
export function availableMemoryBytes(files: KernelFiles = machine): number {
  const ofMachine = Number(/^MemAvailable:\s*(\d+) kB$/m.exec(readProc(join(files.proc, 'meminfo')))?.[1] ?? 0) * 1024;
  return Math.min(ofMachine, memoryLimit(files)?.left ?? Infinity);
}

/** How many processes the kernel killed because memory ran out; null if the kernel does not report it. */
interface OomKills {
  readonly ofCgroup: number | null;
  readonly ofMachine: number | null;
}

function oomKills(files: KernelFiles): OomKills {
  // Only its own cgroup: those above count other processes too.
  const counts = (memoryCgroups(files) ?? [])
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

/** Explains an end by SIGKILL from the kernel's counters, if possible; the text follows "by SIGKILL". */
export type OomWatch = () => string;

/** Starts to watch; kills that are counted from now on explain a SIGKILL. */
export function watchOomKills(files: KernelFiles = machine): OomWatch {
  const before = oomKills(files);
  return () => {
    const now = oomKills(files);
    if (now.ofCgroup !== null && before.ofCgroup !== null && now.ofCgroup > before.ofCgroup) {
      const limit = memoryLimit(files);
      return (
        ', as the kernel ended a process of this cgroup because memory ran out (oom_kill)' +
        `${limit === null ? '' : `: its limit is ${formatSize(limit.bytes)}`}; ` +
        'lower the region, the heap or the load, or raise the limit'
      );
    }
    if (now.ofMachine !== null && before.ofMachine !== null && now.ofMachine > before.ofMachine)
      return (
        ', probably by the kernel because memory ran out: it ended a process of this machine meanwhile (oom_kill); ' +
        'lower the region, the heap or the load, or free memory'
      );
    if (now.ofCgroup === null && now.ofMachine === null)
      return ', perhaps by the kernel because memory ran out, which cannot be determined here: check dmesg';
    return '';
  };
}

/** How much CPU time this process may use: by its cgroup and those above it (cpu.max; cpu.cfs_quota_us in version 1). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupsIn, isHierarchyRoot, machine, type Cgroup, type KernelFiles } from './cgroups.js';
import { readIfThere } from './files.js';

export type CpuLimit =
  /** The lowest; `file` has it. */
  | { readonly kind: 'limit'; readonly cpus: number; readonly file: string }
  | { readonly kind: 'none' }
  /** No visible cgroup has a limit, and those above this container are not visible. */
  | { readonly kind: 'none-visible' }
  | { readonly kind: 'unknown' };

export function cpuLimit(files: KernelFiles = machine): CpuLimit {
  const cgroups = cgroupsIn(readIfThere(join(files.proc, 'self/cgroup')) ?? '', 'cpu', files);
  if (cgroups === null) return { kind: 'unknown' };
  const limits = cgroups.map(limitOf);
  const [lowest] = limits.flatMap((one) => one ?? []).toSorted((a, b) => a.cpus - b.cpus);
  if (lowest !== undefined && Number.isFinite(lowest.cpus)) return { kind: 'limit', ...lowest };
  if (limits.includes(null)) return { kind: 'unknown' };
  const top = cgroups.at(-1);
  return { kind: top === undefined || isHierarchyRoot(top) ? 'none' : 'none-visible' };
}

/** Infinity CPUs where there is no limit; null: it may not be read. */
function limitOf({ version, folder }: Cgroup): { readonly cpus: number; readonly file: string } | null {
  const file = join(folder, version === 2 ? 'cpu.max' : 'cpu.cfs_quota_us');
  // The root, and a cgroup for which the controller is off, have no such file and no limit.
  if (!existsSync(file)) return { cpus: Infinity, file };
  const text = version === 2 ? readIfThere(file) : versionOne(folder);
  if (text === null) return null;
  const [quota = '', period = ''] = text.split(' ');
  return { cpus: quota === 'max' || Number(quota) < 0 ? Infinity : Number(quota) / Number(period), file };
}

/** As cpu.max has it; a quota of -1 is none. */
function versionOne(folder: string): string | null {
  const [quota, period] = ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) => readIfThere(join(folder, name)));
  return typeof quota === 'string' && typeof period === 'string' ? `${quota} ${period}` : null;
}

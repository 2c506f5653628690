/**
 * The folders of a process's cgroups, of either version, as far as a mount shows them here. A process may be in a cgroup
 * that no mount shows, such as one of another container: then nothing is known of its limits.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from './files.js';

/** /proc and the mount points that it names; tests use other folders. */
export interface KernelFiles {
  readonly proc: string;
  /** Prefix of the paths that mountinfo names. */
  readonly root: string;
}

export const machine: KernelFiles = { proc: '/proc', root: '' };

export interface Cgroup {
  readonly version: 1 | 2;
  readonly folder: string;
  /** The process is in this cgroup itself, not in one below. */
  readonly isOwn: boolean;
  /** The root of what is mounted: outside of containers, it counts the whole machine. */
  readonly isRoot: boolean;
}

/**
 * `membership`: the text of /proc/PID/cgroup. The cgroup that has the controller, and its ancestors, innermost first.
 * Empty: no hierarchy has the controller, so it limits nothing. Null: no mount shows the cgroup.
 */
export function cgroupsIn(
  membership: string,
  controller: 'cpu' | 'memory',
  { proc, root }: KernelFiles = machine,
): Cgroup[] | null {
  const lines = membership.split('\n').flatMap((line) => {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    return id === undefined || controllers === undefined || path === undefined ? [] : [{ id, controllers, path }];
  });
  // A controller belongs to one hierarchy: to that of version 2 only if no other has it.
  const ofVersion1 = lines.find(({ controllers }) => isIn(controller, controllers));
  const line = ofVersion1 ?? lines.find(({ id, controllers }) => id === '0' && controllers === '');
  if (line === undefined) return [];
  const version = ofVersion1 === undefined ? 2 : 1;
  for (const mount of cgroupMounts(readIfThere(join(proc, 'self/mountinfo')) ?? '')) {
    if (mount.version !== version || (version === 1 && !isIn(controller, mount.options))) continue;
    const names = namesBelow(mount.mountRoot, line.path);
    if (names === null || !existsSync(join(root, mount.point, ...names))) continue;
    return names.concat('').map((_, i) => ({
      version,
      folder: join(root, mount.point, ...names.slice(0, names.length - i)),
      isOwn: i === 0,
      isRoot: mount.mountRoot === '/' && i === names.length,
    }));
  }
  return null;
}

/**
 * Whether a cgroup is the root of its hierarchy, which has no limit. In a container the topmost folder usually is not:
 * cgroups above it exist, and are not visible.
 */
export function isHierarchyRoot({ version, folder }: Pick<Cgroup, 'version' | 'folder'>): boolean {
  // Only the root lacks the one (cgroup v2), and only the root has the other (cgroup v1).
  return version === 2 ? !existsSync(join(folder, 'cgroup.type')) : existsSync(join(folder, 'release_agent'));
}

/**
 * Both paths count from the root of our cgroup namespace, and begin with `..` where they lie outside of it. The names on
 * the way up are not known, so only a path that begins like that of the mount can be followed.
 */
function namesBelow(mountRoot: string, path: string): string[] | null {
  const isBelow = mountRoot === '/' || path === mountRoot || path.startsWith(`${mountRoot}/`);
  if (!isBelow) return null;
  const names = (mountRoot === '/' ? path : path.slice(mountRoot.length)).split('/').filter((name) => name !== '');
  return names.includes('..') ? null : names;
}

export interface CgroupMount {
  readonly version: 1 | 2;
  /** The folder of the hierarchy that it shows: from the root of our cgroup namespace on, outside of it with `..`. */
  readonly mountRoot: string;
  readonly point: string;
  /** Of version 1, its controllers are among them. */
  readonly options: string;
}

/** Proc_pid_mountinfo(5): `36 35 98:0 /root /mount/point options - type source superoptions`. */
export function cgroupMounts(mountinfo: string): CgroupMount[] {
  return mountinfo.split('\n').flatMap((line): CgroupMount[] => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , mountRoot = '', point = ''] = before.split(' ').map(unescaped);
    const [type, , options = ''] = after.split(' ');
    return type === 'cgroup2' || type === 'cgroup'
      ? [{ version: type === 'cgroup2' ? 2 : 1, mountRoot, point, options }]
      : [];
  });
}

function isIn(controller: string, list: string): boolean {
  return list.split(',').includes(controller);
}

/** Octal escapes, as the kernel writes blanks. */
function unescaped(text: string): string {
  return text.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

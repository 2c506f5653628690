/** The processes of a cgroup, of version 1 or 2, and those that targets started during an observation. */
import { resolve } from 'node:path';
import { cgroupMounts } from '../host/cgroups.js';
import { readIfThere } from '../host/files.js';
import { everyPid, isKernelThread, parentOf, startTimeOf } from '../workload/process-identity.js';
import type { Target } from './target.js';

interface CgroupPlace {
  /** Null: of any hierarchy; empty: version 2. */
  readonly controllers: string | null;
  /** As in /proc/PID/cgroup. */
  readonly path: string;
}

/** `cgroup`: as in /proc/PID/cgroup, or a folder below a mount point. Without pauselab itself. */
export function pidsInCgroup(cgroup: string): number[] {
  if (cgroup === '') return [];
  const place = cgroupPlaceOf(cgroup, readIfThere('/proc/self/mountinfo') ?? '');
  return everyPid().filter(
    (pid) =>
      pid !== process.pid &&
      isInside(readIfThere(`/proc/${pid}/cgroup`) ?? '', place) &&
      startTimeOf(pid) !== null &&
      !isKernelThread(pid),
  );
}

/** The longest mount point that fits decides. */
export function cgroupPlaceOf(cgroup: string, mountinfo: string): CgroupPlace {
  const named = resolve('/', cgroup);
  const [mount] = cgroupMounts(mountinfo)
    .filter(({ point }) => isPathIn(named, point))
    .sort((a, b) => b.point.length - a.point.length);
  if (mount === undefined) return { controllers: null, path: named };
  const { version, mountRoot, point, options } = mount;
  // A root outside of our cgroup namespace begins with `..`, which stands for names that are not known.
  const path = `${mountRoot === '/' ? '' : mountRoot}${named.slice(point.length)}`;
  return { controllers: version === 2 ? '' : options, path: path === '' ? '/' : path };
}

/** `text`: of /proc/PID/cgroup, a line `ID:CONTROLLERS:PATH` for each hierarchy. */
export function isInside(text: string, { controllers, path }: CgroupPlace): boolean {
  return text.split('\n').some((line) => {
    const [, own, at] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (own === undefined || at === undefined || !isPathIn(at, path)) return false;
    // The options of a mount list its controllers among others: rw,cpu,cpuacct; a named hierarchy has name=NAME.
    return (
      controllers === null ||
      own.split(',').every((one) => (one === '' ? controllers === '' : controllers.split(',').includes(one)))
    );
  });
}

function isPathIn(path: string, above: string): boolean {
  const names = namesOf(above);
  // So many levels above our root: all that leads up no further is inside.
  if (names.every((name) => name === '..')) return levelsUp(path) <= names.length;
  return path === above || path.startsWith(`${above}/`);
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

function levelsUp(path: string): number {
  return namesOf(path).filter((name) => name === '..').length;
}

/**
 * Child processes of the targets, at any depth, and processes in the cgroups. Those that ended meanwhile are not among
 * them, and neither are those that `self`, pauselab, started. `before`: processes that were there at the start.
 */
export function startedMeanwhile(
  targets: readonly Target[],
  cgroups: readonly string[],
  before: ReadonlySet<number>,
  self = process.pid,
): number[] {
  const observed = new Set(targets.map(({ pid }) => pid));
  const parents = new Map(everyPid().map((pid) => [pid, parentOf(pid)]));
  const inside = new Set(cgroups.flatMap(pidsInCgroup));
  const isBelow = (pid: number, ancestors: ReadonlySet<number>): boolean => {
    const parent = parents.get(pid) ?? null;
    return parent !== null && (ancestors.has(parent) || isBelow(parent, ancestors));
  };
  return [...parents.keys()].filter(
    (pid) =>
      !before.has(pid) &&
      !observed.has(pid) &&
      (inside.has(pid) || isBelow(pid, observed)) &&
      !isBelow(pid, new Set([self])),
  );
}

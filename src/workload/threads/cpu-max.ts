/**
 * A limit on the CPU time of some threads of a process (cpu.max, cgroup v2), and not of their process: victims go on
 * while the holder is throttled. They go into a threaded cgroup below the one of their process
 * (Documentation/admin-guide/cgroup-v2.rst, "Threads"); what was asked is read back. Below the root of a hierarchy, as
 * in a guest, this disturbs nobody; elsewhere the kernel refuses it where the process's cgroup has controllers that
 * know no threads, and that is said. A cgroup outlives a pauselab that is killed, so each is noted in the runtime
 * folder before it is made, and whoever removes that one removes it.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseJson } from '../../base/json.js';
import { readText } from '../../base/files/read-file.js';
import type { SchedulingProblem } from '../../facts/run-facts.js';
import type { Stated } from '../../facts/stated.js';
import { readIfThere, readProc } from '../../host/files.js';
import type { CpuMax } from '../../profile/resolved/resolved.js';
import { stated } from '../../words/run-words.js';

export interface CpuMaxUse extends CpuMax {
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttled_ns: number;
}

export interface CpuLimit {
  /** Why it is not in force; empty if it is. */
  readonly problems: readonly Stated<SchedulingProblem>[];
  /** What the cgroup has counted; the last count once it is removed, null where there never was one. */
  use(): CpuMaxUse | null;
  /** Once the threads have ended. */
  remove(): void;
}

export interface CgroupFiles {
  readonly root: string;
  /** Text of /proc/<tid>/cgroup. */
  readonly membership: (tid: number) => string;
}

const prefix = 'pauselab-';
/** In a runtime folder: its cgroups, a JSON document a line. */
const notes = 'cgroups';

const machine: CgroupFiles = { root: '/sys/fs/cgroup', membership: (tid) => readProc(`/proc/${tid}/cgroup`) };

/** `folder`: the runtime folder, where it is noted. */
export function limitCpuTime(
  name: string,
  tids: readonly number[],
  { quota_ns, period_ns }: CpuMax,
  folder: string,
  files: CgroupFiles = machine,
): CpuLimit {
  const refused = (why: string): CpuLimit => ({
    problems: [stated({ code: 'cpu-limit-refused', thread: name, reason: why })],
    use: () => null,
    remove: () => undefined,
  });
  const [first] = tids;
  if (first === undefined) return refused('it has no thread');
  const home = join(files.root, pathOf(files.membership(first)) ?? '/');
  if (
    !words(join(files.root, 'cgroup.controllers')).includes('cpu') ||
    !words(join(home, 'cgroup.controllers')).includes('cpu')
  )
    return refused(`${home} has no cgroup v2 with the controller cpu`);
  const own = join(home, `${prefix}${process.pid}-${randomBytes(4).toString('hex')}`);
  const control = join(home, 'cgroup.subtree_control');
  const isOn = words(control).includes('cpu');
  let last: CpuMaxUse | null = null;
  const use = (): CpuMaxUse | null => (last = useIn(own) ?? last);
  const remove = (): void => {
    use();
    tryTo(() => {
      rmdirSync(own);
    });
    if (!isOn) takeBack(control);
  };
  try {
    appendFileSync(join(folder, notes), `${JSON.stringify({ cgroup: own, takesBack: !isOn })}\n`);
    mkdirSync(own);
    // First the type: with threads below it, a cgroup that has processes may hand on this controller.
    writeFileSync(join(own, 'cgroup.type'), 'threaded');
    if (!isOn) writeFileSync(control, '+cpu');
    const asked = `${Math.round(quota_ns / 1000)} ${Math.round(period_ns / 1000)}`;
    writeFileSync(join(own, 'cpu.max'), asked);
    for (const tid of tids) writeFileSync(join(own, 'cgroup.threads'), String(tid));
    const [actual, inside] = [words(join(own, 'cpu.max')).join(' '), words(join(own, 'cgroup.threads'))];
    if (actual !== asked) throw new Error(`cpu.max was to be ${asked} and is ${actual}`);
    if (tids.some((tid) => !inside.includes(String(tid)))) throw new Error('its threads are not in it');
  } catch (error) {
    tryTo(() => {
      for (const tid of tids) writeFileSync(join(home, 'cgroup.threads'), String(tid));
    });
    remove();
    return refused(error instanceof Error ? error.message : String(error));
  }
  return { problems: [], use, remove };
}

function pathOf(membership: string): string | undefined {
  return /^0::(.*)$/m.exec(membership)?.[1];
}

/** Those that a killed pauselab noted in its runtime folder. False: one of them is in use still. */
export function removeLeftCgroups(folder: string): boolean {
  const path = join(folder, notes);
  if (!existsSync(path)) return true;
  return readText(path, { mostBytes: 1 << 20 })
    .split('\n')
    .flatMap(noteOf)
    .every(({ cgroup, takesBack }) => {
      try {
        rmdirSync(cgroup);
      } catch (error) {
        // It has threads that are about to end; a cgroup of another container has no such path here.
        if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
      }
      if (takesBack) takeBack(join(dirname(cgroup), 'cgroup.subtree_control'));
      return true;
    });
}

/** Of a line that was cut, or changed, nothing. */
function noteOf(line: string): { cgroup: string; takesBack: boolean }[] {
  try {
    const { cgroup, takesBack } = parseJson(line) as { cgroup?: unknown; takesBack?: unknown };
    return typeof cgroup === 'string' && basename(cgroup).startsWith(prefix)
      ? [{ cgroup, takesBack: takesBack === true }]
      : [];
  } catch {
    return [];
  }
}

/** Hands the controller on no longer, unless another pauselab's cgroup there has its limit by it. */
function takeBack(control: string): void {
  tryTo(() => {
    if (!readdirSync(dirname(control)).some((name) => name.startsWith(prefix))) writeFileSync(control, '-cpu');
  });
}

function words(path: string): string[] {
  return (readIfThere(path) ?? '').split(/\s+/).filter((word) => word !== '');
}

function useIn(folder: string): CpuMaxUse | null {
  const [quota = '', period = ''] = words(join(folder, 'cpu.max'));
  if (period === '') return null;
  const stat = words(join(folder, 'cpu.stat'));
  const count = (key: string): number => Number(stat[stat.indexOf(key) + 1] ?? 0);
  return {
    quota_ns: Number(quota) * 1000,
    period_ns: Number(period) * 1000,
    periods: count('nr_periods'),
    throttledPeriods: count('nr_throttled'),
    throttled_ns: count('throttled_usec') * 1000,
  };
}

/** What cannot be undone is an empty cgroup, which costs nothing. */
function tryTo(action: () => void): void {
  try {
    action();
  } catch {
    // Said above.
  }
}

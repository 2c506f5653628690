/**
 * Limits or weighs the CPU time of some threads of a process (cpu.max and cpu.weight, cgroup v2), not of the whole
 * process: victims go on while the holder is throttled. The threads move into a threaded cgroup below that of their
 * process (Documentation/admin-guide/cgroup-v2.rst, "Threads"), and what was set is read back. Below the root of a
 * hierarchy, as in a guest, this disturbs nobody. Elsewhere the kernel refuses it if the process's cgroup has
 * controllers without thread support; that is reported. A cgroup outlives a killed pauselab, so each is noted in the
 * runtime folder before it is created, and is removed together with that folder.
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

/** What a cgroup has that differs from the default. */
export interface GroupSettings {
  readonly cpuMax?: CpuMax | undefined;
  /** 1 to 10000; 100 is the default of each cgroup. */
  readonly cpuWeight?: number | undefined;
}

export type GroupName = 'holder' | 'hogs';

export interface CpuGroup {
  /** Of its threads. */
  readonly name: GroupName;
  /** Why the settings are not in force; empty if they are. */
  readonly problems: readonly Stated<SchedulingProblem>[];
  /** As read back; null: no weight was asked for, or it is not in force. */
  readonly weight: number | null;
  /** The counters of its limit: the last count after it is removed, null without a limit, or if it never existed. */
  use(): CpuMaxUse | null;
  /** Call it once the threads have ended. */
  remove(): void;
}

export interface CgroupFiles {
  readonly root: string;
  /** Text of /proc/<tid>/cgroup. */
  readonly membership: (tid: number) => string;
}

const prefix = 'pauselab-';
/** A file in the runtime folder that lists its cgroups, a JSON document per line. */
const notes = 'cgroups';

const machine: CgroupFiles = { root: '/sys/fs/cgroup', membership: (tid) => readProc(`/proc/${tid}/cgroup`) };

/** `folder`: the runtime folder, where the cgroup is noted. */
export function groupThreads(
  name: GroupName,
  tids: readonly number[],
  { cpuMax, cpuWeight }: GroupSettings,
  folder: string,
  files: CgroupFiles = machine,
): CpuGroup {
  const refused = (reason: string): CpuGroup => ({
    name,
    problems: [
      ...(cpuMax === undefined ? [] : [stated({ code: 'cpu-limit-refused', thread: name, reason })]),
      ...(cpuWeight === undefined ? [] : [stated({ code: 'cpu-weight-refused', thread: name, reason })]),
    ],
    weight: null,
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
    return refused(`${home} has no cgroup v2 with the cpu controller`);
  const cgroup = join(home, `${prefix}${process.pid}-${randomBytes(4).toString('hex')}`);
  const control = join(home, 'cgroup.subtree_control');
  const isOn = words(control).includes('cpu');
  let last: CpuMaxUse | null = null;
  const use = (): CpuMaxUse | null => (cpuMax === undefined ? null : (last = useIn(cgroup) ?? last));
  const remove = (): void => {
    use();
    tryTo(() => {
      rmdirSync(cgroup);
    });
    if (!isOn) takeBack(control);
  };
  try {
    appendFileSync(join(folder, notes), `${JSON.stringify({ cgroup: cgroup, takesBack: !isOn })}\n`);
    mkdirSync(cgroup);
    // The type comes first: a cgroup with processes may delegate this controller only if the cgroups below are
    // threaded.
    writeFileSync(join(cgroup, 'cgroup.type'), 'threaded');
    if (!isOn) writeFileSync(control, '+cpu');
    const asked = textsOf({ cpuMax, cpuWeight });
    for (const [file, text] of asked) writeFileSync(join(cgroup, file), text);
    for (const tid of tids) writeFileSync(join(cgroup, 'cgroup.threads'), String(tid));
    for (const [file, text] of asked) {
      const actual = words(join(cgroup, file)).join(' ');
      if (actual !== text) throw new Error(`${file} should be ${text} and is ${actual}`);
    }
    const inside = words(join(cgroup, 'cgroup.threads'));
    if (tids.some((tid) => !inside.includes(String(tid)))) throw new Error('its threads are not in it');
  } catch (error) {
    tryTo(() => {
      for (const tid of tids) writeFileSync(join(home, 'cgroup.threads'), String(tid));
    });
    remove();
    return refused(error instanceof Error ? error.message : String(error));
  }
  return { name, problems: [], weight: cpuWeight ?? null, use, remove };
}

/** The files of a cgroup, and what is written to them. */
function textsOf({ cpuMax, cpuWeight }: GroupSettings): (readonly [file: string, text: string])[] {
  const micro = (time_ns: number): number => Math.round(time_ns / 1000);
  return [
    ...(cpuMax === undefined ? [] : [['cpu.max', `${micro(cpuMax.quota_ns)} ${micro(cpuMax.period_ns)}`] as const]),
    ...(cpuWeight === undefined ? [] : [['cpu.weight', String(cpuWeight)] as const]),
  ];
}

function pathOf(membership: string): string | undefined {
  return /^0::(.*)$/m.exec(membership)?.[1];
}

/** Removes the cgroups that a killed pauselab noted in its runtime folder. False if one of them is still in use. */
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
        // It has threads that are about to end. A cgroup of another container has no such path here.
        if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
      }
      if (takesBack) takeBack(join(dirname(cgroup), 'cgroup.subtree_control'));
      return true;
    });
}

/** Empty for a line that was cut or changed. */
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

/** Stops delegating the controller, unless another pauselab's cgroup there still has a limit. */
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

/** If it cannot be undone, an empty cgroup stays, which costs nothing. */
function tryTo(action: () => void): void {
  try {
    action();
  } catch {
    // See the comment above.
  }
}

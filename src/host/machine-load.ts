/**
 * The machine's activity during a window: CPU time stolen by the hypervisor, CPU time of other programs, and the clock
 * source. Only these decide whether a run is disturbed, never its latencies.
 */
import { readIfThere, readProc } from './files.js';
import { statOf } from './process-stat.js';

/** USER_HZ: the unit of /proc/stat and /proc/<pid>/stat, 100 on every Linux that Node runs on. */
const tick_ns = 10_000_000;

export interface LoadReading {
  readonly time_ns: bigint;
  /** That were read. */
  readonly cpus_n: number;
  /** Sum over these CPUs. */
  readonly busy_ns: number;
  readonly steal_ns: number;
  /** Of the experiment's processes, including this one. */
  readonly own_ns: number;
  readonly clockSource: string | null;
}

export interface MachineLoad {
  /** Shares of the time of the CPUs that were read. */
  readonly steal_share: number;
  readonly foreignLoad_share: number;
  /** Of the experiment's processes. */
  readonly ownLoad_share: number;
  readonly clockSource: string | null;
  readonly clockSourceChanged: boolean;
}

/** Null: all that are online. */
export type ReadCpus = readonly number[] | null;

/**
 * Of the experiment's processes there is only this one. `cpus`: those that the experiment may use, because what other
 * programs do on other CPUs does not disturb it.
 */
export function readLoad(cpus: ReadCpus): LoadReading {
  return loadIn(readProc('/proc/stat'), cpus);
}

/** Null: the machine hides it (/proc mounted with subset=pid). */
export function readLoadIfShown(cpus: ReadCpus, path = '/proc/stat'): LoadReading | null {
  const stat = readIfThere(path);
  return stat === null ? null : loadIn(stat, cpus);
}

function loadIn(stat: string, cpus: ReadCpus): LoadReading {
  const usage = process.cpuUsage();
  return {
    time_ns: process.hrtime.bigint(),
    ...parseStat(stat, cpus),
    own_ns: (usage.user + usage.system) * 1000,
    clockSource: readIfThere('/sys/devices/system/clocksource/clocksource0/current_clocksource'),
  };
}

/**
 * Null if a process is gone: its CPU time is unknown, and would pass for that of other programs. `beside_ns`: CPU time
 * of the experiment's programs that come and go; null: unknown.
 */
export function readLoadOf(cpus: ReadCpus, pids: readonly number[], beside_ns: number | null = 0): LoadReading | null {
  const reading = readLoad(cpus);
  const times = [beside_ns, ...pids.map(cpuTimeOf)].flatMap((time_ns) => time_ns ?? []);
  if (times.length < 1 + pids.length) return null;
  return { ...reading, own_ns: times.reduce((sum, time_ns) => sum + time_ns, reading.own_ns) };
}

/**
 * A line for each CPU that is online: `cpuN user nice system idle iowait irq softirq steal guest guest_nice`; user
 * includes guest, nice includes guest_nice.
 */
export function parseStat(stat: string, cpus: ReadCpus): Pick<LoadReading, 'cpus_n' | 'busy_ns' | 'steal_ns'> {
  const online = [...stat.matchAll(/^cpu(\d+) (.*)$/gm)].map(([, cpu, times = '']) => ({
    cpu: Number(cpu),
    times: times.split(' ').map(Number),
  }));
  const read = cpus === null ? online : amongOnline(online, cpus);
  const sum = (of: (times: readonly number[]) => number): number =>
    read.reduce((all, { times }) => all + of(times), 0) * tick_ns;
  return {
    cpus_n: read.length,
    busy_ns: sum(([user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0]) => user + nice + system + irq + softirq),
    steal_ns: sum(([, , , , , , , steal = 0]) => steal),
  };
}

/** A container (lxcfs) may show its CPUs alone, and number them from 0. */
function amongOnline<Line extends { readonly cpu: number }>(online: readonly Line[], cpus: readonly number[]): Line[] {
  const found = online.filter(({ cpu }) => cpus.includes(cpu));
  return found.length === 0 || online.length <= cpus.length ? [...online] : found;
}

/** utime + stime of a process; null once it is gone. */
export function cpuTimeOf(pid: number): number | null {
  const fields = statOf(pid);
  return fields === null ? null : (Number(fields[14 - 3] ?? 0) + Number(fields[15 - 3] ?? 0)) * tick_ns;
}

export function loadBetween(before: LoadReading, after: LoadReading): MachineLoad {
  const capacity_ns = Number(after.time_ns - before.time_ns) * after.cpus_n;
  const own_ns = after.own_ns - before.own_ns;
  const share = (used_ns: number): number => (capacity_ns > 0 ? Math.max(0, used_ns) / capacity_ns : 0);
  return {
    steal_share: share(after.steal_ns - before.steal_ns),
    foreignLoad_share: share(after.busy_ns - before.busy_ns - own_ns),
    ownLoad_share: share(own_ns),
    clockSource: after.clockSource,
    clockSourceChanged: before.clockSource !== after.clockSource,
  };
}

/** Between consecutive readings; times become relative to `go_ns`. */
export function stealBetween(
  readings: readonly LoadReading[],
  go_ns: bigint,
): { start_ns: number; end_ns: number; steal_share: number }[] {
  return readings.slice(1).flatMap((after, i) => {
    const before = readings[i];
    if (before === undefined || after.time_ns <= before.time_ns) return [];
    return [
      {
        start_ns: Number(before.time_ns - go_ns),
        end_ns: Number(after.time_ns - go_ns),
        steal_share: loadBetween(before, after).steal_share,
      },
    ];
  });
}

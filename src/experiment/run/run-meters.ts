/**
 * Readings of the machine and the workload during a window: load, CPU time, memory. A process that has ended has no CPU
 * time left to read, and pauselab may look late, so each look reads everything, and the first and the last look that saw
 * all processes count.
 */
import {
  cpuTimeOf,
  loadBetween,
  readLoad,
  readLoadOf,
  type LoadReading,
  type MachineLoad,
} from '../../host/machine-load.js';
import { machine, type KernelFiles } from '../../host/cgroups.js';
import { throttlingMeter, type ThrottlingMeter } from '../../host/cpu-throttling.js';
import type { PreparedWorkload } from '../../workload/prepared.js';
import { memoryMeter, type MemoryMeter } from '../../workload/watch/memory-meter.js';

export interface CpuUsed {
  readonly cpu_ns: number;
  readonly over_ns: number;
}

/** What programs used is null if it was not read over enough of the window. */
export type RunLoad = Omit<MachineLoad, 'foreignLoad_share' | 'ownLoad_share'> & {
  readonly foreignLoad_share: number | null;
  readonly ownLoad_share: number | null;
};

export interface MeterReadings {
  /** Over the window. */
  readonly machine: RunLoad;
  /** Readings of the machine, about one per second. */
  readonly loads: readonly LoadReading[];
  /** CPU time of the process with the victims, over the window. Over no time if it is not known. */
  readonly used: CpuUsed;
  readonly memory: MemoryMeter;
  /** When a limit of CPU time kept the process with the victims back, from its warm-up to the end of its work. */
  readonly throttling: Pick<ThrottlingMeter, 'times'>;
}

export interface RunMeters {
  onWindowStart(): void;
  onSnapshot(): void;
  onWindowEnd(): void;
  /** A stall of the window may last until then. What pauselab does later is none of the run. */
  onWorkEnd(): void;
  readings(): MeterReadings;
}

/** `pids`: processes of the run. Their CPU time is not foreign load. `cpus`: those that the run may use. */
export function runMeters(
  workload: PreparedWorkload,
  pids: readonly number[],
  cpus: readonly number[],
  files: KernelFiles = machine,
): RunMeters {
  const cpu = cpuMeter(workload);
  // The limits that a profile sets on threads of the holder are none of the victims'.
  const throttling = throttlingMeter(workload.victimsPid, { threads: 'main', files });
  const memory = memoryMeter(workload.pids, workload.victimsPid);
  const load = loadMeter(pids, workload, cpus);
  const look = (): void => {
    load.look();
    cpu.look();
    memory.look();
    throttling.look();
  };
  return {
    onWindowStart() {
      load.start();
      cpu.start();
      memory.look();
      // A stall may begin in the warm-up, which has its own times.
      throttling.look();
    },
    onSnapshot: look,
    onWindowEnd: look,
    onWorkEnd() {
      throttling.end();
    },
    readings: () => ({
      machine: load.machine(),
      loads: load.readings(),
      used: cpu.used(),
      memory,
      throttling,
    }),
  };
}

/** What other programs did in the rest of a window is unknown. */
const leastRead_share = 0.75;

function loadMeter(pids: readonly number[], workload: Pick<PreparedWorkload, 'besideCpu_ns'>, cpus: readonly number[]) {
  const read = (): LoadReading | null => readLoadOf(cpus, pids, workload.besideCpu_ns?.());
  let begin = read();
  let end = begin;
  let readings: LoadReading[] = [begin ?? readLoad(cpus)];
  return {
    start() {
      begin = end = read();
      readings = [begin ?? readLoad(cpus)];
    },
    look() {
      const reading = read();
      readings.push(reading ?? readLoad(cpus));
      begin ??= reading;
      end = reading ?? end;
    },
    readings: (): readonly LoadReading[] => readings,
    machine: (): RunLoad => machineLoad(readings, begin === null || end === null ? null : { begin, end }),
  };
}

/** `whole`: the first and the last reading that saw all processes. */
export function machineLoad(
  readings: readonly LoadReading[],
  whole: { readonly begin: LoadReading; readonly end: LoadReading } | null,
): RunLoad {
  const [first, last] = [readings[0], readings.at(-1)];
  if (first === undefined || last === undefined) throw new Error('the load of a run was never read');
  const all_ns = Number(last.time_ns - first.time_ns);
  const isRead =
    whole !== null && all_ns > 0 && Number(whole.end.time_ns - whole.begin.time_ns) / all_ns >= leastRead_share;
  return {
    ...loadBetween(first, last),
    ...(isRead ? sharesOf(loadBetween(whole.begin, whole.end)) : { foreignLoad_share: null, ownLoad_share: null }),
  };
}

function sharesOf({
  foreignLoad_share,
  ownLoad_share,
}: MachineLoad): Pick<RunLoad, 'foreignLoad_share' | 'ownLoad_share'> {
  return { foreignLoad_share, ownLoad_share };
}

/** CPU time of the process with the victims. It includes the cost of a JVM's probes. */
function cpuMeter({ victimsPid }: Pick<PreparedWorkload, 'victimsPid'>) {
  const reading = (): CpuUsed | null => {
    const cpu_ns = cpuTimeOf(victimsPid);
    return cpu_ns === null ? null : { cpu_ns, over_ns: Number(process.hrtime.bigint()) };
  };
  let begin: CpuUsed | null = null;
  let end: CpuUsed | null = null;
  return {
    start: () => {
      begin = end = reading();
    },
    look: () => {
      const now = reading();
      begin ??= now;
      end = now ?? end;
    },
    used: (): CpuUsed =>
      begin === null || end === null
        ? { cpu_ns: 0, over_ns: 0 }
        : { cpu_ns: Math.max(0, end.cpu_ns - begin.cpu_ns), over_ns: end.over_ns - begin.over_ns },
  };
}

/** Readings of the machine and the workload during a window: load, CPU time, memory. */
import { cpuTimeOf, loadBetween, readLoad, type LoadReading, type MachineLoad } from '../../host/machine-load.js';
import type { PreparedWorkload } from '../../workload/prepared.js';
import { memoryMeter, type MemoryMeter } from '../../workload/watch/memory-meter.js';

export interface CpuUsed {
  readonly cpu_ns: number;
  readonly over_ns: number;
}

export interface MeterReadings {
  /** Over the window. */
  readonly machine: MachineLoad;
  /** Readings of the machine, about one per second. */
  readonly loads: readonly LoadReading[];
  /** CPU time of the process with the victims, over the window. */
  readonly used: CpuUsed;
  readonly memory: MemoryMeter;
}

export interface RunMeters {
  onWindowStart(): void;
  onSnapshot(): void;
  onWindowEnd(): void;
  readings(): MeterReadings;
}

/** `pids`: processes of the run. Their CPU time is not foreign load. */
export function runMeters(workload: PreparedWorkload, pids: readonly number[], cpuCount: number): RunMeters {
  const cpu = cpuMeter(workload);
  const memory = memoryMeter(workload.pids, workload.victimsPid);
  const loads: LoadReading[] = [];
  const read = (): LoadReading => readLoad(pids, workload.besideCpu_ns?.());
  let before = read();
  let after: LoadReading | undefined;
  return {
    onWindowStart() {
      before = read();
      cpu.start();
      memory.look();
    },
    onSnapshot() {
      loads.push(readLoad([]));
      memory.look();
    },
    onWindowEnd() {
      after = read();
      cpu.stop();
      memory.look();
    },
    readings: () => ({
      machine: loadBetween(before, after ?? read(), cpuCount),
      loads: [before, ...loads, ...(after === undefined ? [] : [after])],
      used: cpu.used(),
      memory,
    }),
  };
}

/** CPU time of the process with the victims. It includes the cost of a JVM's probes. */
function cpuMeter({ victimsPid }: PreparedWorkload) {
  const now_ns = (): number => cpuTimeOf(victimsPid);
  const reading = (): CpuUsed => ({ cpu_ns: now_ns(), over_ns: Number(process.hrtime.bigint()) });
  let begin: CpuUsed = { cpu_ns: 0, over_ns: 0 };
  let end = begin;
  return {
    start: () => {
      begin = end = reading();
    },
    stop: () => {
      end = reading();
    },
    used: (): CpuUsed => ({ cpu_ns: Math.max(0, end.cpu_ns - begin.cpu_ns), over_ns: end.over_ns - begin.over_ns }),
  };
}

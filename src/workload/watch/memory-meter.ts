/** Measures a workload's memory over a window: the price of not giving memory back. */
import { largestOf } from '../../base/largest.js';
import { countingCgroupOf, residentBytes } from '../../host/process-memory.js';
import { readIfThere } from '../../host/files.js';
import { mean } from '../../stats/sample.js';

export interface ProcessMemory {
  readonly pid: number;
  /** The kernel's name for it. */
  readonly name: string;
  readonly rssMeanBytes: number;
  readonly rssPeakBytes: number;
  /** After the window; null if it is not known. */
  readonly pssBytes: number | null;
}

export interface MemoryUse {
  /** Number of readings behind the mean and the peak. */
  readonly samples_n: number;
  /** Sum over all processes. */
  readonly rssMeanBytes: number;
  readonly rssPeakBytes: number;
  readonly pssBytes: number | null;
  readonly processes: readonly ProcessMemory[];
  /** The cgroup of the victims' process; null if no cgroup counts memory. */
  readonly cgroup: {
    readonly folder: string;
    readonly meanBytes: number;
    readonly peakBytes: number;
    readonly others_n: number;
  } | null;
}

export interface MemoryMeter {
  /** Reads the counters, which takes some microseconds. */
  look(): void;
  /** Null if no look saw all processes. */
  use(pssBytes: ReadonlyMap<number, number>): MemoryUse | null;
}

/** Memory from the JSON documents that a process of ours printed after its window; at most one value. */
export function pssSaidBy(printed: readonly unknown[]): number[] {
  return printed.flatMap((document) => {
    const bytes = (document as { memory?: { pssBytes?: unknown } } | null)?.memory?.pssBytes;
    return typeof bytes === 'number' ? [bytes] : [];
  });
}

/** `victimsPid`: the process whose cgroup is read. */
export function memoryMeter(
  pids: readonly number[],
  victimsPid: number,
  resident: (pid: number) => number | null = residentBytes,
): MemoryMeter {
  const cgroup = countingCgroupOf(victimsPid);
  const names = pids.map((pid) => readIfThere(`/proc/${pid}/comm`) ?? '');
  const looks: number[][] = [];
  const charged: number[] = [];
  let others_n = 0;
  return {
    look() {
      const sizes = pids.map(resident);
      // If a process is gone, the sum would describe another workload.
      if (sizes.every((size) => size !== null)) looks.push(sizes);
      const bytes = cgroup?.bytes() ?? null;
      if (cgroup === null || bytes === null) return;
      charged.push(bytes);
      others_n = Math.max(others_n, cgroup.pids().filter((pid) => !pids.includes(pid)).length);
    },
    use(pss) {
      if (looks.length === 0) return null;
      const sums = looks.map((sizes) => sizes.reduce((sum, size) => sum + size, 0));
      const processes = pids.map((pid, i) => {
        const rss = looks.map((sizes) => sizes[i] ?? 0);
        return {
          pid,
          name: names[i] ?? '',
          rssMeanBytes: Math.round(mean(rss)),
          rssPeakBytes: largestOf(rss),
          pssBytes: pss.get(pid) ?? null,
        };
      });
      const shares = processes.flatMap(({ pssBytes }) => pssBytes ?? []);
      return {
        samples_n: looks.length,
        rssMeanBytes: Math.round(mean(sums)),
        rssPeakBytes: largestOf(sums),
        pssBytes: shares.length < processes.length ? null : shares.reduce((sum, bytes) => sum + bytes, 0),
        processes,
        cgroup:
          cgroup === null || charged.length === 0
            ? null
            : {
                folder: cgroup.folder,
                meanBytes: Math.round(mean(charged)),
                peakBytes: largestOf(charged),
                others_n,
              },
      };
    },
  };
}

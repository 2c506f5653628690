/** The CPUs that pauselab may use, and the meaning of a profile's `first`, `second` and numbers on this machine. */
import { unfit, usage } from '../base/failure.js';
import type { Cpus } from '../profile/resolved/resolved.js';
import { readIfThere, readProc } from './files.js';

export interface CpuTopology {
  /** CPUs that this process may run on (taskset, cpuset), ascending. */
  readonly allowed: readonly number[];
  /** Hardware threads that share a core with a CPU, itself included. */
  readonly siblings: (cpu: number) => readonly number[];
}

export function cpuTopology(): CpuTopology {
  const allowed = /^Cpus_allowed_list:\s*(.*)$/m.exec(readProc('/proc/self/status'))?.[1] ?? '';
  return {
    allowed: parseCpuList(allowed),
    siblings: (cpu) => {
      const list = readIfThere(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`);
      return list === null ? [cpu] : parseCpuList(list);
    },
  };
}

/** On how many cores the allowed CPUs are: hardware threads of a core slow each other. */
export function coresOf({ allowed, siblings }: CpuTopology): number {
  return new Set(allowed.map((cpu) => Math.min(cpu, ...siblings(cpu)))).size;
}

/** `0-3,8` as in /proc and /sys. */
export function parseCpuList(text: string): number[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .flatMap((part) => {
      const [from = NaN, to = from] = part.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    });
}

/**
 * `first` is the first CPU that pauselab may use. `second` is the next CPU on another core (hardware threads of a core
 * slow each other), or on the same core if there is no other.
 */
export function resolveCpus(cpus: Cpus, { allowed, siblings }: CpuTopology): readonly number[] {
  const [first] = allowed;
  if (first === undefined) throw unfit('this process may use no CPU; check taskset and cpuset');
  switch (cpus.kind) {
    case 'first':
      return [first];
    case 'second': {
      const others = allowed.filter((cpu) => cpu !== first);
      const second = others.find((cpu) => !siblings(first).includes(cpu)) ?? others[0];
      if (second === undefined) {
        throw unfit(
          `two CPUs are needed, one for holder and hogs and one for victims, but only CPU ${first} may be used; ` +
            'run on a machine with two CPUs, or widen taskset or the cpuset',
        );
      }
      return [second];
    }
    case 'list': {
      const missing = cpus.cpus.filter((cpu) => !allowed.includes(cpu));
      if (missing.length > 0)
        throw usage(
          `${missing.length === 1 ? `CPU ${missing.join()} does` : `CPUs ${missing.join(', ')} do`} not exist ` +
            'or may not be used here; ' +
            `allowed are ${allowed.join(', ')}`,
        );
      return cpus.cpus;
    }
  }
}

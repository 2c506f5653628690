/** The machine's facts as a bundle records them. Facts that could not be read are null, never guessed. */
import { cpus, release, totalmem, version } from 'node:os';
import { gunzipSync } from 'node:zlib';
import { coresOf, cpuTopology } from './cpus.js';
import { readIfThere, readKernelBytes } from './files.js';
import { configHz, configOption, configuredPreemption } from './kernel-config.js';
import { smallestMemoryLimitBytes } from './memory.js';
import { schedFeatures } from './sched-features.js';

export interface HostFacts {
  readonly kernel: string;
  readonly kernelVersion: string;
  /**
   * Such as `none`, `voluntary`, `full`, `lazy`; null if it cannot be read (debugfs) and is not fixed at build time.
   */
  readonly preemption: string | null;
  readonly hz: number | null;
  /** Scheduler features, such as `HRTICK` and `NO_WA_BIAS`; null if debugfs does not show them. */
  readonly schedFeatures: readonly string[] | null;
  readonly perVmaLocks: boolean | null;
  readonly cpuModel: string;
  /** CPUs that pauselab may use, by their numbers. */
  readonly cpus: readonly number[];
  /** On how many cores they are. */
  readonly cores: number;
  readonly memoryBytes: number;
  /** The smallest limit of this process's cgroups; null if none has a limit. */
  readonly memoryLimitBytes: number | null;
  readonly hypervisor: boolean | null;
  readonly transparentHugePages: string | null;
  readonly autogroup: boolean | null;
  readonly clockSource: string | null;
  readonly maxMapCount: number | null;
  /** Another after each boot. */
  readonly bootId: string | null;
  readonly node: string;
  readonly root: boolean;
}

export function hostFacts(): HostFacts {
  const config = kernelConfig();
  const cpuinfo = readIfThere('/proc/cpuinfo');
  const autogroup = readIfThere('/proc/sys/kernel/sched_autogroup_enabled');
  const topology = cpuTopology();
  return {
    kernel: release(),
    kernelVersion: version(),
    preemption: preemptionModel(config),
    hz: config === null ? null : configHz(config),
    schedFeatures: schedFeatures(),
    perVmaLocks: config === null ? null : configOption(config, 'PER_VMA_LOCK') === 'y',
    cpuModel: cpus()[0]?.model ?? 'unknown',
    cpus: topology.allowed,
    cores: coresOf(topology),
    memoryBytes: totalmem(),
    memoryLimitBytes: smallestMemoryLimitBytes(),
    hypervisor: cpuinfo === null ? null : /^flags\s*:.*\bhypervisor\b/m.test(cpuinfo),
    transparentHugePages: selected(readIfThere('/sys/kernel/mm/transparent_hugepage/enabled'), /\[(\w+)\]/),
    autogroup: autogroup === null ? null : autogroup === '1',
    clockSource: readIfThere('/sys/devices/system/clocksource/clocksource0/current_clocksource'),
    maxMapCount: Number(readIfThere('/proc/sys/vm/max_map_count')) || null,
    bootId: readIfThere('/proc/sys/kernel/random/boot_id'),
    node: process.version,
    root: process.geteuid?.() === 0,
  };
}

/** The .config of the running kernel; null if it is not there. */
export function kernelConfig(): string | null {
  const plain = readIfThere(`/boot/config-${release()}`);
  if (plain !== null) return plain;
  try {
    return gunzipSync(readKernelBytes('/proc/config.gz')).toString();
  } catch {
    return null;
  }
}

// With PREEMPT_DYNAMIC, the model in force is that of the boot parameter, else the configured default.
function preemptionModel(config: string | null): string | null {
  const inForce = selected(readIfThere('/sys/kernel/debug/sched/preempt'), /\((\w+)\)/);
  if (inForce !== null) return inForce;
  const parameter = /(?:^|\s)preempt=(\w+)/.exec(readIfThere('/proc/cmdline') ?? '')?.[1];
  if (parameter !== undefined) return parameter;
  return config === null ? null : configuredPreemption(config);
}

function selected(text: string | null, pattern: RegExp): string | null {
  return text === null ? null : (pattern.exec(text)?.[1] ?? null);
}

/**
 * Is this machine fit for measurements? There is a check for every condition that disturbs a measurement, each with
 * what was found and, where it matters, what to do. Nothing is guessed: what cannot be read is reported as unknown.
 */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { getPriority } from 'node:os';
import { spawnKept } from '../base/child.js';
import { settlesWithin } from '../base/clock.js';
import { nativeAddon, type NativeAddon } from '../base/native.js';
import { formatShare, formatSize } from '../base/text/units.js';
import type { CpuTopology } from '../host/cpus.js';
import type { HostFacts } from '../host/facts.js';
import { readIfThere } from '../host/files.js';
import { cpuLimit } from '../host/cpu-limit.js';
import { availableMemoryBytes, memoryCgroups, memoryLimit } from '../host/memory.js';
import { mostPriority } from './means.js';
import { tmpfsMagic } from '../workload/runtime-folder.js';
import { loadBetween, readLoad, type MachineLoad } from '../host/machine-load.js';

export interface MachineCheck {
  readonly name: string;
  readonly found: string;
  /**
   * `unfit`: no measurement on this machine is trustworthy; `advice`: measurements are trustworthy, and would be better
   * otherwise; `info`: good to know.
   */
  readonly status: 'ok' | 'info' | 'advice' | 'unfit';
  readonly advice: string | null;
}

const ok = (name: string, found: string): MachineCheck => ({ name, found, status: 'ok', advice: null });
const info = (name: string, found: string): MachineCheck => ({ name, found, status: 'info', advice: null });
const advise = (name: string, found: string, advice: string): MachineCheck => ({
  name,
  found,
  status: 'advice',
  advice,
});
const unfitFor = (name: string, found: string, advice: string): MachineCheck => ({
  name,
  found,
  status: 'unfit',
  advice,
});

export function checkKernel(host: HostFacts): MachineCheck[] {
  const unknown = 'unknown (the kernel configuration is not readable)';
  return [
    info('kernel', host.kernel),
    info('preemption model', host.preemption ?? unknown),
    info(
      'tick rate',
      host.hz === null ? unknown : `${host.hz} Hz: a preempted thread notices at a tick, every ${1000 / host.hz} ms`,
    ),
    host.perVmaLocks === null
      ? info('per-VMA locks', unknown)
      : info('per-VMA locks', host.perVmaLocks ? 'built in' : 'not built in: every call takes mmap_lock'),
    info('transparent huge pages', host.transparentHugePages ?? 'not available'),
    info(
      'autogroup',
      host.autogroup === null
        ? 'not available'
        : host.autogroup
          ? 'on: nice values count only inside a session, so pauselab keeps a run in one'
          : 'off',
    ),
    existsSync('/proc/self/schedstat')
      ? ok('run delay', 'readable (schedstat)')
      : unfitFor('run delay', '/proc/<pid>/schedstat does not exist', 'use a kernel with CONFIG_SCHED_INFO'),
  ];
}

export function checkCpus({ allowed, siblings }: CpuTopology, host: HostFacts): MachineCheck[] {
  const [first = 0] = allowed;
  const governor = readIfThere(`/sys/devices/system/cpu/cpu${first}/cpufreq/scaling_governor`);
  const others = allowed.filter((cpu) => !siblings(first).includes(cpu));
  return [
    allowed.length >= 2
      ? ok('CPUs', `${allowed.length} may be used: ${allowed.join(',')} (${host.cpuModel})`)
      : unfitFor(
          'CPUs',
          `${allowed.length} may be used`,
          'use a machine with two CPUs, or widen taskset or the cpuset: holder and victims need a CPU each',
        ),
    allowed.length < 2 || others.length > 0
      ? ok('cores', others.length > 0 ? 'holder and victims get a core each' : 'a single one')
      : advise(
          'cores',
          'all usable CPUs are hardware threads of one core',
          'allow CPUs of two cores: hardware threads slow each other',
        ),
    governor === null || governor === 'performance'
      ? info('frequency governor', governor ?? 'none')
      : advise('frequency governor', governor, 'set it to performance: short operations vary with the frequency'),
    host.clockSource === null || host.clockSource === 'tsc' || host.clockSource === 'arch_sys_counter'
      ? ok('clock source', host.clockSource ?? 'unknown')
      : advise(
          'clock source',
          host.clockSource,
          'find out why the kernel stopped using tsc (dmesg): reading this clock takes microseconds',
        ),
    hypervisorCheck(host),
  ];
}

function hypervisorCheck({ hypervisor }: Pick<HostFacts, 'hypervisor'>): MachineCheck {
  if (hypervisor === null) return info('hypervisor', 'unknown: /proc/cpuinfo is not readable');
  return hypervisor
    ? advise('hypervisor', 'this is a virtual machine', 'check steal in every run, and prefer ratios to single figures')
    : ok('hypervisor', 'none detected');
}

const leastShmBytes = 64 * 1024 ** 2;
const leastMemoryBytes = 2 * 1024 ** 3;

export function checkMemory(): MachineCheck[] {
  const limit = memoryLimit();
  return [
    sharedMemory(),
    availableMemory(),
    limit === null
      ? memoryCgroups() === null
        ? info('memory limit', unseen)
        : ok('memory limit', 'none')
      : advise(
          'memory limit',
          `${formatSize(limit.bytes)}, of which ${formatSize(limit.left)} are free`,
          'a region near the limit of the cgroup is reclaimed while it is measured',
        ),
    checkCpuLimit(),
  ];
}

function sharedMemory(path = '/dev/shm'): MachineCheck {
  const mount = `mount -t tmpfs tmpfs ${path}`;
  if (!existsSync(path)) return unfitFor(path, 'does not exist', mount);
  const { type, bavail, bsize } = statfsSync(path);
  if (type !== tmpfsMagic) return unfitFor(path, 'not a tmpfs', mount);
  const free = bavail * bsize;
  return free >= leastShmBytes
    ? ok(path, `tmpfs, ${formatSize(free)} free`)
    : unfitFor(
        path,
        `${formatSize(free)} free`,
        `give it ${formatSize(leastShmBytes)}: mount -o remount,size=256m ${path}`,
      );
}

function availableMemory(): MachineCheck {
  if (readIfThere('/proc/meminfo') === null)
    return unfitFor('memory', '/proc/meminfo is not readable', `${inFull}: no region can be sized here`);
  const available = availableMemoryBytes();
  return available >= leastMemoryBytes
    ? ok('memory', `${formatSize(available)} available`)
    : advise(
        'memory',
        `${formatSize(available)} available`,
        'calibrated regions need several hundred MiB; free memory, or lower stall.aim',
      );
}

export function checkCpuLimit(limit = cpuLimit()): MachineCheck {
  switch (limit.kind) {
    case 'limit':
      return advise(
        'CPU limit',
        `${limit.cpus.toFixed(2)} CPUs (${limit.file})`,
        'lift it: up to Linux 6.17 a throttled holder keeps its lock until the next period',
      );
    case 'none':
      return ok('CPU limit', 'none');
    case 'none-visible':
      return info('CPU limit', 'none in this container; a limit above the container would not be visible');
    case 'unknown':
      return info('CPU limit', unseen);
  }
}

const unseen = 'unknown: the cgroup of this process is not visible here';

const inFull = 'mount /proc in full, without subset=pid';

export async function checkMachineLoad(topology: CpuTopology): Promise<MachineCheck[]> {
  if (readIfThere('/proc/stat') === null)
    return [
      unfitFor(
        'steal and other programs',
        '/proc/stat is not readable',
        `${inFull}: disturbances of a measurement cannot be detected here`,
      ),
    ];
  const before = readLoad(topology.allowed);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return loadChecks(loadBetween(before, readLoad(topology.allowed)));
}

export function loadChecks({ steal_share, foreignLoad_share }: MachineLoad): MachineCheck[] {
  return [
    steal_share < 0.01
      ? ok('steal', formatShare(steal_share))
      : advise(
          'steal',
          `the hypervisor takes ${formatShare(steal_share)} of the CPU time`,
          "measure when the host is quieter; runs above the profile's limit count as disturbed",
        ),
    foreignLoad_share < 0.05
      ? ok('other programs', `${formatShare(foreignLoad_share)} of the CPU time`)
      : advise(
          'other programs',
          `${formatShare(foreignLoad_share)} of the CPU time`,
          'end them: they preempt both victims and holder',
        ),
  ];
}

/** Permissions, tried on a sleeping process of ours. It runs Node, because a guest has no `sleep`. */
export async function checkPermissions(addon: NativeAddon = nativeAddon()): Promise<MachineCheck[]> {
  // Its keeper sleeps too, and is a process of ours like any other.
  const child = spawnKept(process.execPath, ['-e', 'setTimeout(() => undefined, 30_000)'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => {
    child.once('exit', resolve).once('error', resolve);
  });
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const pid = child.pid ?? 0;
  const attempt = (
    name: string,
    missing: string,
    action: () => void,
    refused: (name: string, found: string) => MachineCheck = info,
  ): MachineCheck => {
    try {
      action();
      return ok(name, 'permitted');
    } catch (error) {
      return refused(name, `refused (${(error as NodeJS.ErrnoException).code ?? String(error)}): ${missing}`);
    }
  };
  try {
    const { cpus } = addon.threadScheduling(pid);
    return [
      attempt('lower priority (nice 19)', 'holders cannot be niced', () => {
        addon.setNice(pid, 19);
      }),
      attempt('raise priority (nice −1)', 'profiles with negative nice values need root or ulimit -e', () => {
        addon.setNice(pid, Math.min(getPriority() - 1, -1));
      }),
      attempt('SCHED_BATCH', 'policy batch cannot be used', () => {
        addon.setPolicy(pid, 3, 0);
      }),
      attempt('SCHED_IDLE', 'policy idle cannot be used', () => {
        addon.setPolicy(pid, 5, 0);
      }),
      attempt('SCHED_FIFO', 'policies fifo and rr need root or ulimit -r', () => {
        addon.setPolicy(pid, 1, mostPriority);
      }),
      attempt(
        'CPU affinity',
        'CPUs cannot be chosen',
        () => {
          addon.setAffinity(pid, cpus.slice(0, 1));
        },
        (name, found) =>
          unfitFor(
            name,
            found,
            'permit sched_setaffinity (a seccomp filter may forbid it): holder and victims need a CPU each',
          ),
      ),
      accessCheck('tracefs', '/sys/kernel/tracing/trace_pipe', 'traces need root and a mounted tracefs'),
      lockedMemory(),
    ];
  } finally {
    child.kill('SIGKILL');
    await settlesWithin(ended, 5_000);
  }
}

function accessCheck(name: string, path: string, missing: string): MachineCheck {
  try {
    accessSync(path, constants.R_OK);
    return ok(name, 'accessible');
  } catch (error) {
    return info(name, `not accessible (${(error as NodeJS.ErrnoException).code ?? 'unknown'}): ${missing}`);
  }
}

function lockedMemory(): MachineCheck {
  const soft = /^Max locked memory\s+(\S+)/m.exec(readIfThere('/proc/self/limits') ?? '')?.[1];
  const text = soft === undefined ? 'unknown' : soft === 'unlimited' ? soft : formatSize(Number(soft));
  return info('locked memory', `${text}: the board (about 0.5 MiB a series) is locked if it fits`);
}

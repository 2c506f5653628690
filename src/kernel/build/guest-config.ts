/**
 * The configuration of a kernel that is built for guests: what a guest and the measurements need, and nothing else, so
 * that a build takes minutes. Everything is built in, because a guest has no modules.
 */
import { usage } from '../../base/failure.js';
import { readText } from '../../base/files/read-file.js';
import { configOption, configOptions } from '../../host/kernel-config.js';
import { mostConfigBytes } from '../image/config-file.js';

/** Without one of them a guest does not start, or shows nothing. */
const needed: readonly string[] = [
  '64BIT=y',
  'SMP=y',
  'PRINTK=y',
  'TTY=y',
  'SERIAL_8250=y',
  'SERIAL_8250_CONSOLE=y',
  'PCI=y',
  'VIRTIO_MENU=y',
  'VIRTIO_PCI=y',
  'VIRTIO_CONSOLE=y',
  'BLK_DEV_INITRD=y',
  'RD_GZIP=y',
  'DEVTMPFS=y',
  'SHMEM=y',
  'TMPFS=y',
  'PROC_FS=y',
  'SYSFS=y',
  'BINFMT_ELF=y',
  'MULTIUSER=y',
  'POSIX_TIMERS=y',
  'FUTEX=y',
  'EPOLL=y',
  'EVENTFD=y',
  'SIGNALFD=y',
  'TIMERFD=y',
  'ADVISE_SYSCALLS=y',
  'FILE_LOCKING=y',
  'NET=y',
  'UNIX=y',
];

/** What experiments, JVMs and traces use. A version that lacks one is built without it. */
const wanted: readonly string[] = [
  'NR_CPUS=64',
  'CC_OPTIMIZE_FOR_PERFORMANCE=y',
  'KERNEL_GZIP=y',
  'BUG=y',
  'PRINTK_TIME=y',
  'KALLSYMS=y',
  'IKCONFIG=y',
  'IKCONFIG_PROC=y',
  'BINFMT_SCRIPT=y',
  // The clock and the CPUs of a guest.
  'PCI_MSI=y',
  'ACPI=y',
  'X86_X2APIC=y',
  'HYPERVISOR_GUEST=y',
  'PARAVIRT=y',
  'KVM_GUEST=y',
  'PARAVIRT_CLOCK=y',
  'VIRTIO_PCI_LEGACY=y',
  'HW_RANDOM=y',
  'HIGH_RES_TIMERS=y',
  'NO_HZ_IDLE=y',
  'HZ_250=y',
  // Preemption as Debian has it, and `preempt=` to choose.
  'PREEMPT_LAZY=y',
  'PREEMPT_DYNAMIC=y',
  // The scheduler: autogroups, cgroups with cpu.max, run delay.
  'SCHED_AUTOGROUP=y',
  'CGROUPS=y',
  'CGROUP_SCHED=y',
  'FAIR_GROUP_SCHED=y',
  'CFS_BANDWIDTH=y',
  'CPUSETS=y',
  'CGROUP_CPUACCT=y',
  'CGROUP_FREEZER=y',
  'CGROUP_PIDS=y',
  'MEMCG=y',
  'DEBUG_KERNEL=y',
  'DEBUG_FS=y',
  'SCHEDSTATS=y',
  'SCHED_HRTICK=y',
  'PSI=y',
  'TASKSTATS=y',
  'TASK_DELAY_ACCT=y',
  // Memory.
  'TRANSPARENT_HUGEPAGE=y',
  'TRANSPARENT_HUGEPAGE_ALWAYS=y',
  'COMPACTION=y',
  'MIGRATION=y',
  'USERFAULTFD=y',
  'MEMFD_CREATE=y',
  'PROC_PAGE_MONITOR=y',
  'ANON_VMA_NAME=y',
  // Traces.
  'FTRACE=y',
  'FTRACE_SYSCALLS=y',
  'PERF_EVENTS=y',
  // What Node and JVMs call.
  'AIO=y',
  'IO_URING=y',
  'MEMBARRIER=y',
  'RSEQ=y',
  'FUTEX_PI=y',
  'SYSVIPC=y',
  'POSIX_MQUEUE=y',
  'INET=y',
  'PROC_SYSCTL=y',
  'SECCOMP=y',
  'CPU_SUP_INTEL=y',
  'CPU_SUP_AMD=y',
  // Mutexes only; off as in Debian. `--config` switches it on.
  'SCHED_PROXY_EXEC=n',
];

export const guestConfig = [...needed, ...wanted].map(lineOf).join('');

function lineOf(option: string): string {
  return option.endsWith('=n') ? `# CONFIG_${option.slice(0, -2)} is not set\n` : `CONFIG_${option}\n`;
}

/** An option in place of a file, so that a profile can say it: `config=CONFIG_PSI=y`. */
const singleOption = /^CONFIG_\w+=\S+$/;

/** The options that the user adds, as they stand in their files. A text like CONFIG_PSI=y is an option itself. */
export function readOptions(paths: readonly string[]): string {
  return paths
    .map((path) => {
      if (singleOption.test(path)) return path.endsWith('=n') ? lineOf(path.slice('CONFIG_'.length)) : `${path}\n`;
      let text: string;
      try {
        text = readText(path, { mostBytes: mostConfigBytes });
      } catch (cause) {
        throw usage(
          `${path} could not be read (${(cause as Error).message}); name a file with lines like CONFIG_PSI=y`,
          {
            cause,
          },
        );
      }
      if (!/^(?:# )?CONFIG_\w+(?:=| is not set)/m.test(text))
        throw usage(`${path} sets no option of a kernel's configuration; name a file with lines like CONFIG_PSI=y`);
      return text.endsWith('\n') ? text : `${text}\n`;
    })
    .join('');
}

/** Refuses a configuration with which no guest starts, and one that lacks what the user's files ask for. */
export function checkGuestConfig(config: string, added: string, linux: string): void {
  const lacking = needed.filter((option) => configOption(config, nameOf(option)) !== 'y').map(nameOf);
  if (lacking.length > 0)
    throw usage(
      `the configuration of ${linux} lacks ${lacking.map((name) => `CONFIG_${name}=y`).join(', ')}, ` +
        'without which no guest starts; change what switches it off (--config)',
    );
  const refused = [...lastValues(added)].filter(([name, value]) => (configOption(config, name) ?? 'n') !== value);
  if (refused.length > 0)
    throw usage(
      `${linux} did not take ${refused
        .slice(0, mostNamed)
        .map(([name, value]) => `CONFIG_${name}=${value}`)
        .join(', ')}` +
        `${refused.length > mostNamed ? ` and ${refused.length - mostNamed} more` : ''} of --config: ` +
        'it does not have the option, or another option forbids it; leave it out, or add what it depends on',
    );
}

const mostNamed = 6;

function nameOf(option: string): string {
  return option.slice(0, option.indexOf('='));
}

/** The values that a file asks for; `n` for an option that it switches off. */
function lastValues(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const off = /^# CONFIG_(\w+) is not set/.exec(line)?.[1];
    if (off !== undefined) values.set(off, 'n');
    else for (const [name, value] of configOptions(line)) values.set(name, value);
  }
  return values;
}

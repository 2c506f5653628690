/**
 * A JVM as it is seen without attaching: its command line, the files of its JDK, and its performance counters. Paths are
 * those of its mount namespace, reached through /proc/PID/root.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readBytes, readText } from '../../base/files/read-file.js';
import { collectorOfThreads } from '../../catalogue/collectors.js';
import { memoryFlags } from '../../catalogue/memory-flags.js';
import { readIfThere } from '../../host/files.js';
import { collectorOfFlag } from '../../host/jdks.js';
import { isMainNamed, jvmCommand, logFiles, selectedCollector, type JvmCommand } from './jvm-command.js';
import { countersOf, parsePerfData, type JvmCounters, type PerfData } from './jvm-perf-data.js';

export interface RunningJvm {
  readonly pid: number;
  readonly command: JvmCommand;
  /** Such as 17.0.15+6; null: it could not be read. */
  readonly version: string | null;
  /** In pauselab's names; a name of another VM unchanged; null: it is not known. */
  readonly collector: string | null;
  readonly flags: readonly string[];
  readonly logFiles: readonly string[];
  /** Of its counters, in its mount namespace; null: it has none (-XX:-UsePerfData, -XX:+PerfDisableSharedMem). */
  readonly perfDataPath: string | null;
}

/** HotSpot's file of 32 KiB, which -XX:PerfDataMemorySize may enlarge. */
const mostPerfBytes = 32 << 20;
const mostTextBytes = 1 << 20;

/**
 * Null for a process that is no JVM. Reading the maps takes the process's mmap_lock for reading on older kernels, for
 * some microseconds, so it is done before the window.
 */
export function jvmAt(pid: number): RunningJvm | null {
  const maps = readIfThere(`/proc/${pid}/maps`) ?? '';
  const library = /^\S+ \S+ \S+ \S+ \S+ +(\/.*\/libjvm\.so)(?: \(deleted\))?$/m.exec(maps)?.[1];
  if (library === undefined) return null;
  const perfDataPath = /^\S+ \S+ \S+ \S+ \S+ +(\/.*\/hsperfdata_[^/\n]+\/\d+)$/m.exec(maps)?.[1] ?? null;
  const data = perfDataOf(pid, perfDataPath);
  const counted = data?.get('sun.rt.javaCommand');
  const command = jvmCommand({
    words: nulSeparated(readIfThere(`/proc/${pid}/cmdline`)),
    // Of an executable that was replaced since, as by an update.
    program: basename(programOf(pid)).replace(/ \(deleted\)$/, ''),
    counted: typeof counted === 'string' ? counted : null,
    environment: new Map(
      nulSeparated(readIfThere(`/proc/${pid}/environ`)).map((entry) => {
        const at = entry.indexOf('=');
        return [entry.slice(0, at), entry.slice(at + 1)];
      }),
    ),
    argumentFile: (path) => textOf(path.startsWith('/') ? `/proc/${pid}/root${path}` : `/proc/${pid}/cwd/${path}`),
  });
  return {
    pid,
    command,
    version: versionOf(pid, library, data),
    collector: collectorNamed(pid, command, data),
    flags: memoryFlags(command.options),
    logFiles: logFiles(command.options),
    perfDataPath,
  };
}

/** Why this user may not look into the process, as the system names it; null: it may, or the process has ended. */
export function accessProblem(pid: number): string | null {
  try {
    readlinkSync(`/proc/${pid}/root`);
    return null;
  } catch (error) {
    const { code = 'EACCES' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ESRCH' ? null : code;
  }
}

/** Null where they cannot be read. */
export function readCounters({ pid, perfDataPath }: Pick<RunningJvm, 'pid' | 'perfDataPath'>): JvmCounters | null {
  const data = perfDataOf(pid, perfDataPath);
  return data === null ? null : countersOf(data);
}

/** Every JVM that this user may look into. */
export function runningJvms(): RunningJvm[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .flatMap((pid) => jvmAt(pid) ?? []);
}

/** `name`: as isMainNamed has it. */
export function jvmsNamed(jvms: readonly RunningJvm[], name: string): RunningJvm[] {
  return jvms.filter(({ command: { main } }) => main !== null && isMainNamed(main, name));
}

function perfDataOf(pid: number, path: string | null): PerfData | null {
  if (path === null) return null;
  try {
    return parsePerfData(readBytes(`/proc/${pid}/root${path}`, { mostBytes: mostPerfBytes }));
  } catch {
    return null;
  }
}

/** `release` is a file of every JDK since 7. */
function versionOf(pid: number, library: string, data: PerfData | null): string | null {
  const counted = data?.get('java.property.java.vm.version');
  if (typeof counted === 'string') return counted;
  const home = [...new Set([programOf(pid), library].map((file) => dirname(dirname(file))))];
  // lib/server/libjvm.so lies one folder deeper than bin/java.
  for (const folder of [...home, ...home.map(dirname)]) {
    const release = textOf(join(`/proc/${pid}/root`, folder, 'release'));
    const version = /^JAVA_(?:RUNTIME_)?VERSION="(.*)"$/m.exec(release ?? '')?.[1];
    if (version !== undefined) return version;
  }
  return null;
}

function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '/';
  }
}

/** By the flags, else by its threads, else by the names of its counters. */
function collectorNamed(pid: number, { options }: JvmCommand, data: PerfData | null): string | null {
  const flag = selectedCollector(options);
  return (
    (flag === null ? null : collectorOfFlag(flag)) ?? collectorOfThreads(threadNames(pid)) ?? policyOf(data) ?? null
  );
}

const policies: Readonly<Record<string, string>> = {
  GarbageFirst: 'g1',
  'Copy:MSC': 'serial',
  'ParScav:MSC': 'parallel',
};

function policyOf(data: PerfData | null): string | undefined {
  return policies[String(data?.get('sun.gc.policy.name'))];
}

function threadNames(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((tid) => readIfThere(`/proc/${pid}/task/${tid}/comm`) ?? '');
  } catch {
    return [];
  }
}

function nulSeparated(text: string | null): string[] {
  return (text ?? '').split('\0').filter((part, i, all) => i < all.length - 1 || part !== '');
}

function textOf(path: string): string | null {
  try {
    return readText(path, { mostBytes: mostTextBytes });
  } catch {
    return null;
  }
}

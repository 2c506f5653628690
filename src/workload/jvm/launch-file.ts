/** The launcher's file: what native/launcher/launch_file.h reads. */
import { usage } from '../../base/failure.js';
import { allocatorVariables } from '../../catalogue/allocators.js';
import type { LimitName } from '../../profile/resolved/limits.js';
import type { SchedulingPolicy } from '../../profile/resolved/resolved.js';

/** How a process is to be before it becomes java; what is not there stays as it is here. */
export interface ProcessSettings {
  /** Of all threads, until they are set by name (thread-watch.ts). */
  readonly nice?: number | undefined;
  readonly policy?: SchedulingPolicy | undefined;
  readonly cpus?: readonly number[] | undefined;
  readonly workingDirectory?: string | undefined;
  /** Soft limits in bytes or counts. */
  readonly limits?: Partial<Record<LimitName, number | 'unlimited'>> | undefined;
  /** Added last: LD_PRELOAD, MALLOC_CONF and the like. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Names, or beginnings of names that end in `*`, beside `foreignSettings`. */
  readonly removeFromEnvironment?: readonly string[] | undefined;
}

export interface LaunchFileInput extends ProcessSettings {
  readonly java: string;
  /** Where it is not java: what sentences about a failed start call it, and what they advise. */
  readonly called?: string | undefined;
  readonly remedy?: string | undefined;
  readonly parentPid: number;
  readonly pidFile: string;
  /**
   * Stay as its parent, so that whatever it starts ends with it: SIGTERM, and SIGKILL after so long
   * (native/launcher/keeper.h).
   */
  readonly keep?: { readonly grace_ms: number; readonly endFile: string } | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The program's own, after those of the JVM and the main class. */
  readonly args: readonly string[];
}

/**
 * What a user's shell may hold and what would change the JVM or its allocator behind the profile's back. A profile that
 * wants one of them says so.
 */
export const foreignSettings = [
  'JAVA_TOOL_OPTIONS',
  '_JAVA_OPTIONS',
  'JDK_JAVA_OPTIONS',
  'CLASSPATH',
  ...allocatorVariables,
];

/** Of sleeps, which every thread inherits: else they end up to 50 µs late, and the engine's victims do not. */
const timerSlack_ns = 1;

export function launchFile(input: LaunchFileInput): string {
  const {
    java,
    called,
    remedy,
    parentPid,
    pidFile,
    keep,
    stdout,
    stderr,
    nice,
    policy,
    cpus,
    workingDirectory,
    limits,
    environment,
    removeFromEnvironment,
    args,
  } = input;
  const lines: [string, string | number | undefined][] = [
    ['java', java],
    ['called', called],
    ['remedy', remedy],
    ['parent', parentPid],
    ['pid_file', pidFile],
    ['stdout', stdout],
    ['stderr', stderr],
    ['keep_ms', keep?.grace_ms],
    ['end_file', keep?.endFile],
    ['cwd', workingDirectory],
    ['nice', nice],
    ['policy', policy],
    ['cpus', cpus?.join(',')],
    ['timer_slack_ns', timerSlack_ns],
    // A core of a JVM is as large as its heap.
    ...Object.entries({ core: 0, ...limits }).map(([name, value]) => ['limit', `${name} ${value}`] as [string, string]),
    ...[...foreignSettings, ...(removeFromEnvironment ?? [])].map((name) => ['unset', name] as [string, string]),
    ...Object.entries(environment ?? {}).map(([name, value]) => ['set', `${name}=${value}`] as [string, string]),
    ...args.map((argument) => ['argument', argument] as [string, string]),
  ];
  return lines.flatMap(([key, value]) => (value === undefined ? [] : [line(key, String(value))])).join('');
}

function line(key: string, value: string): string {
  if (/[\n\0]/.test(value))
    throw usage(
      `a value for the start of java holds a line break or a NUL, and the launcher's file has one value a line: ${key} ${JSON.stringify(value)}; leave it out`,
    );
  return `${key}=${value}\n`;
}

/** The launcher's file, which native/launcher/launch_file.h reads. */
import { usage } from '../base/failure.js';
import { allocatorVariables } from '../catalogue/allocators.js';
import type { LimitName } from '../profile/resolved/limits.js';
import type { SchedulingPolicy } from '../profile/resolved/resolved.js';

/** The state of a process before it becomes the program. Settings that are absent stay as in this process. */
export interface ProcessSettings {
  /** Of all threads, until thread-watch.ts sets them by name. */
  readonly nice?: number | undefined;
  readonly policy?: SchedulingPolicy | undefined;
  readonly slice_ns?: number | undefined;
  readonly cpus?: readonly number[] | undefined;
  readonly workingDirectory?: string | undefined;
  /** Soft limits in bytes or counts. */
  readonly limits?: Partial<Record<LimitName, number | 'unlimited'>> | undefined;
  /** Added last: LD_PRELOAD, MALLOC_CONF and similar. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Names, or prefixes that end in `*`, in addition to `foreignSettings`. */
  readonly removeFromEnvironment?: readonly string[] | undefined;
}

export interface LaunchFileInput extends ProcessSettings {
  /** Absolute path. */
  readonly program: string;
  /** For a program other than java: its name and the advice in messages about a failed start. */
  readonly called?: string | undefined;
  readonly remedy?: string | undefined;
  readonly parentPid: number;
  readonly pidFile: string;
  /**
   * The launcher stays as its parent, so that everything it starts ends with it: by SIGTERM, and by SIGKILL after this
   * time (native/launcher/keeper.h).
   */
  readonly keep?: { readonly grace_ms: number; readonly endFile: string } | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The program's arguments, after those of the JVM and the main class. */
  readonly args: readonly string[];
}

/**
 * Variables that a user's shell may contain and that would change the JVM or its allocator behind the profile's back. A
 * profile that wants such a variable sets it.
 */
export const foreignSettings = [
  'JAVA_TOOL_OPTIONS',
  '_JAVA_OPTIONS',
  'JDK_JAVA_OPTIONS',
  'CLASSPATH',
  ...allocatorVariables,
];

/**
 * Timer slack of sleeps, which every thread inherits: with the default, sleeps end up to 50 µs late, but the engine's
 * victims have no slack.
 */
const timerSlack_ns = 1;

export function launchFile(input: LaunchFileInput): string {
  const {
    program,
    called = 'java',
    remedy,
    parentPid,
    pidFile,
    keep,
    stdout,
    stderr,
    nice,
    policy,
    slice_ns,
    cpus,
    workingDirectory,
    limits,
    environment,
    removeFromEnvironment,
    args,
  } = input;
  const lines: [string, string | number | undefined][] = [
    // The launcher calls every program java.
    ['java', program],
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
    ['slice_ns', slice_ns],
    ['cpus', cpus?.join(',')],
    ['timer_slack_ns', timerSlack_ns],
    // A core dump of a JVM is as large as its heap.
    ...Object.entries({ core: 0, ...limits }).map(([name, value]) => ['limit', `${name} ${value}`] as [string, string]),
    ...[...foreignSettings, ...(removeFromEnvironment ?? [])].map((name) => ['unset', name] as [string, string]),
    ...Object.entries(environment ?? {}).map(([name, value]) => ['set', `${name}=${value}`] as [string, string]),
    ...args.map((argument) => ['argument', argument] as [string, string]),
  ];
  return lines.flatMap(([key, value]) => (value === undefined ? [] : [line(key, String(value), called)])).join('');
}

function line(key: string, value: string, called: string): string {
  if (/[\n\0]/.test(value))
    throw usage(
      `a value for the start of ${called} contains a line break or a NUL, but the launcher's file has a value per line: ` +
        `${key} ${JSON.stringify(value)}; leave it out`,
    );
  return `${key}=${value}\n`;
}

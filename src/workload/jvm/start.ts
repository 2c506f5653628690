/**
 * Starts a JVM: java-caller → our launcher → java, in our session, bound to our death, with output in files on tmpfs.
 */
import { existsSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../../base/clock.js';
import { interruptedBefore, unfit, workloadFailed } from '../../base/failure.js';
import { linesOf } from '../../base/text/lines.js';
import { readIfThere } from '../../host/files.js';
import { watchOomKills, type OomWatch } from '../../host/memory.js';
import { keptEnd, type KeptEnd } from '../kept-end.js';
import { launchFile, type ProcessSettings } from '../launch-file.js';
import { launcherFailure, type Launched } from '../launched.js';
import { printedLines, printedText } from '../printed.js';
import { killIfSame, parentOf, startTimeOf, type ProcessIdentity } from '../process-identity.js';
import { programs, type Exit, type Program } from '../programs.js';
import { writeRuntimeFile } from '../runtime-folder.js';
import { isCrashReport } from './flags.js';
import type { JavaMain } from '../../profile/check/java-command.js';
import { callJava, type JavaCallEnd } from './java-caller.js';
import { plainPath } from './plain-path.js';

export interface JavaLaunch extends ProcessSettings {
  /** Absolute path, from a Jdk (host/jdks.ts). */
  readonly java: string;
  /** The run's folder, on tmpfs. */
  readonly folder: string;
  /** Distinguishes the JVMs of a run: prefix of its files. */
  readonly name: string;
  readonly jvmArgs: readonly string[];
  readonly main: JavaMain;
  /** The program's arguments. */
  readonly args: readonly string[];
  /** For a program that may start others: how long they may take to end after it. */
  readonly keepFor_ms?: number | undefined;
}

export interface JavaProgram extends Program {
  readonly name: string;
  readonly java: string;
  /** Lines of stdout so far; a JVM prints most of its errors there. */
  output(): string[];
  /** Variables of our environment that java did not get. */
  readonly removedFromEnvironment: readonly string[];
  /** Name of a crashed JVM's report (hs_err), else null. */
  crashReport(): string | null;
  /** Number of processes that it had started and that outlived it; they end before `exited` resolves. */
  leftBehind(): number;
  /** Its launch file, command line, output, errors and crash report, for the bundle. */
  logs(): Record<string, string>;
}

/**
 * For preparation and exec, which take some milliseconds. The rest is the JVM's start, for which the caller has a
 * deadline.
 */
const startDeadline_ms = 20_000;
const poll_ms = 2;

/**
 * Resolves when java has replaced the launcher, or has already ended (check `exit`). If the launcher fails, throws its
 * message: exit code 2 for wrong input, 5 for what the machine refuses.
 */
export async function startJava(launch: JavaLaunch, interrupted?: Promise<unknown>): Promise<JavaProgram> {
  const { java, folder, name } = launch;
  const at = (suffix: string): string => join(folder, `${name}.${suffix}`);
  const killedWhy = watchOomKills();
  if (!existsSync(programs.launcher()))
    throw unfit(`${programs.launcher()} does not exist; run \`npm run setup\` to build it`);
  const launcher = plainPath(programs.launcher(), folder);
  const keep = launch.keepFor_ms === undefined ? undefined : { grace_ms: launch.keepFor_ms, endFile: at('end') };
  const text = launchFile({
    ...launch,
    program: java,
    parentPid: process.pid,
    pidFile: at('pid'),
    keep,
    stdout: at('out'),
    stderr: at('err'),
  });
  // It contains the program's environment, secrets included.
  writeRuntimeFile(at('launch'), text, { mode: 0o600 });
  // Left by an earlier JVM of this name.
  for (const suffix of ['pid', 'end', 'out', 'err']) rmSync(at(suffix), { force: true });

  let end: JavaCallEnd | null = null;
  const exited = callJava({ launcher, launchFile: at('launch'), jvmArgs: launch.jvmArgs, main: launch.main }).then(
    (result) => (end = result),
  );
  let failure: unknown;
  exited.catch((error: unknown) => {
    failure = error;
  });

  const isJava = (pid: number): boolean => !['', realpathSync(launcher)].includes(executableOf(pid));
  const begun: { process: StartedProcess | null } = { process: null };
  const endNow = (): JavaCallEnd | null => end;
  const launchedJava = (exit: JavaCallEnd, isPrepared: boolean): Launched => ({
    program: java,
    called: 'java',
    isPrepared,
    printed: [...printedLines(at('err')), ...linesOf(exit.stderr).filter((text) => text !== '')],
    exit,
  });
  const seen = await waitFor(
    () => {
      if (failure !== undefined) throw failure as Error;
      const started = (begun.process ??= readPidFile(at('pid')));
      const ended = endNow();
      const refused = ended === null ? null : launcherFailure(launchedJava(ended, started !== null));
      if (refused !== null) throw refused;
      return started !== null && (ended !== null || isJava(started.pid)) ? started : null;
    },
    { deadline_ms: startDeadline_ms, poll_ms, interrupted },
  );
  if (seen !== 'late' && seen !== 'interrupted')
    return programOf(launch, text, { started: seen.found, end: () => end, exited, killedWhy });
  // If not even its pid is known, it keeps running until it dies with us.
  if (begun.process !== null) killIfSame(begun.process, 'SIGKILL');
  if (seen === 'interrupted') throw interruptedBefore('java was started');
  throw workloadFailed(
    `java was not started after ${startDeadline_ms / 1000} s: the launcher is still preparing ${java}; ` +
      `check the file systems of ${java} and of the logs`,
  );
}

interface Begun {
  readonly started: StartedProcess;
  readonly end: () => Exit | null;
  readonly exited: Promise<Exit>;
  readonly killedWhy: OomWatch;
}

function programOf(launch: JavaLaunch, launchText: string, { started, end, exited, killedWhy }: Begun): JavaProgram {
  const { java, folder, name } = launch;
  const linesAt = (suffix: string): string[] => printedLines(join(folder, `${name}.${suffix}`));
  const crashReport = (): string | null =>
    readdirSync(folder).find((file) => isCrashReport(file) && file.includes(`pid${started.pid}.`)) ?? null;
  // The keeper writes how the program ended before it ends the rest.
  const kept = (): KeptEnd | null => (launch.keepFor_ms === undefined ? null : keptEnd(linesAt('end')));
  const exit = (): Exit | null => kept()?.exit ?? end();
  return {
    name,
    java,
    pid: started.pid,
    removedFromEnvironment: started.removed,
    exit,
    exited,
    kill: (signal) => {
      if (exit() === null) killIfSame(started, signal);
      // A stopped keeper could not end anything.
      if (started.keeper !== null && end() === null) killIfSame(started.keeper, 'SIGCONT');
    },
    complaints: () => linesAt('err'),
    output: () => linesAt('out'),
    crashReport,
    killedWhy,
    leftBehind: () => kept()?.left ?? 0,
    logs: () => ({
      ...launchLogs(folder, name),
      [`${name}-launch.txt`]: launchText,
      [`${name}-command.txt`]: commandLine(launch),
    }),
  };
}

/** Everything that exists of a JVM of this name, even if it never ran. */
export function launchLogs(folder: string, name: string): Record<string, string> {
  const texts: Record<string, string> = { [`${name}-launch.txt`]: readIfThere(join(folder, `${name}.launch`)) ?? '' };
  for (const suffix of ['out', 'err']) texts[`${name}-${suffix}.log`] = printedText(join(folder, `${name}.${suffix}`));
  const pid = (readIfThere(join(folder, `${name}.pid`)) ?? '').split('\n')[0];
  const report = readdirSync(folder).find((file) => isCrashReport(file) && file.includes(`pid${pid ?? ''}.`));
  return report === undefined ? texts : { ...texts, [report]: printedText(join(folder, report)) };
}

/** A word per line, so that blanks inside words are visible. */
function commandLine({ java, jvmArgs, main, args }: JavaLaunch): string {
  const program =
    'jar' in main
      ? ['-jar', main.jar]
      : [
          ...(main.classPath.length === 0 ? [] : ['-cp', main.classPath.join(':')]),
          'module' in main ? `--module=${main.module}` : main.mainClass,
        ];
  return [java, ...jvmArgs, ...program, ...args].map((word) => `${word}\n`).join('');
}

/** java-caller does not expose its child process, so a pid is all there is. */
interface StartedProcess extends ProcessIdentity {
  readonly removed: readonly string[];
  /** The launcher, if it stayed as the keeper; null if it became java. */
  readonly keeper: ProcessIdentity | null;
}

function readPidFile(path: string): StartedProcess | null {
  const [pid, ...removed] = (readIfThere(path) ?? '').split('\n');
  if (pid === undefined || pid === '') return null;
  const parent = parentOf(Number(pid));
  return {
    pid: Number(pid),
    startTime: startTimeOf(Number(pid)),
    removed,
    keeper: parent === null || parent === process.pid ? null : { pid: parent, startTime: startTimeOf(parent) },
  };
}

function executableOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}

/** Starting a JVM: java-caller → our launcher → java, in our session, dying with us, its output in files on tmpfs. */
import { existsSync, readdirSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printedLines, printedText } from '../printed.js';
import { Failure, unfit, workloadFailed, type ExitCode } from '../../base/failure.js';
import { readIfThere } from '../../host/files.js';
import { killIfSame, startTimeOf, type ProcessIdentity } from '../process-identity.js';
import { programs, type Exit, type Program } from '../programs.js';
import { isCrashReport } from './flags.js';
import type { JavaMain } from '../../profile/java-command.js';
import { callJava, type JavaCallEnd } from './java-caller.js';
import { launchFile, type ProcessSettings } from './launch-file.js';

export interface JavaLaunch extends ProcessSettings {
  /** Absolute: of a Jdk (host/jdks.ts). */
  readonly java: string;
  /** The run's folder, on tmpfs. */
  readonly folder: string;
  /** Of this JVM among those of the run: its files begin with it. */
  readonly name: string;
  readonly jvmArgs: readonly string[];
  readonly main: JavaMain;
  /** The program's own. */
  readonly args: readonly string[];
}

export interface JavaProgram extends Program {
  readonly name: string;
  readonly java: string;
  /** What it wrote to stdout so far, as lines; a JVM says most of its errors there. */
  output(): string[];
  /** The variables that were here and that java did not get. */
  readonly removedFromEnvironment: readonly string[];
  /** Name of the report that a crashed JVM left (hs_err), else null. */
  crashReport(): string | null;
  /** Its launch file, output, complaints and crash report, for the bundle. */
  logs(): Record<string, string>;
}

/** Of preparing and exec, which take some milliseconds; what follows is the JVM's and has the caller's deadline. */
const startDeadline_ms = 20_000;
const poll_ms = 2;

/**
 * Resolves when java has taken the launcher's place (or has ended already: look at `exit`). Throws what the launcher
 * says if it cannot: exit code 2 for what it was told, 5 for what the machine refuses.
 */
export async function startJava(launch: JavaLaunch): Promise<JavaProgram> {
  const { java, folder, name } = launch;
  const at = (suffix: string): string => join(folder, `${name}.${suffix}`);
  const launcher = programs.launcher();
  if (!existsSync(launcher)) throw unfit(`${launcher} is not there; run \`npm run setup\` to build it`);
  const text = launchFile({ ...launch, parentPid: process.pid, pidFile: at('pid'), stdout: at('out'), stderr: at('err') });
  // It has the environment of the program, secrets included.
  writeFileSync(at('launch'), text, { mode: 0o600 });
  // Of an earlier JVM of this name.
  for (const suffix of ['pid', 'out', 'err']) rmSync(at(suffix), { force: true });

  let end: JavaCallEnd | null = null;
  const exited = callJava({ launcher, launchFile: at('launch'), jvmArgs: launch.jvmArgs, main: launch.main }).then((result) => (end = result));
  let failure: unknown;
  exited.catch((error: unknown) => { failure = error; });

  const isJava = (pid: number): boolean => !['', realpathSync(launcher)].includes(executableOf(pid));
  const deadline = Date.now() + startDeadline_ms;
  let started: StartedProcess | null = null;
  for (;;) {
    if (failure !== undefined) throw failure as Error;
    started ??= readPidFile(at('pid'));
    const ended = end as JavaCallEnd | null;
    if (ended !== null && (started === null || saysLauncher(printedLines(at('err')), java))) throw launcherFailed(ended, printedLines(at('err')));
    if (started !== null && (ended !== null || isJava(started.pid))) break;
    if (Date.now() > deadline) {
      // Where not even its pid is known it stays behind, and dies with us.
      if (started !== null) killIfSame(started, 'SIGKILL');
      throw workloadFailed(`java was not started after ${startDeadline_ms / 1000} s: the launcher is still at its preparations for ${java}; look at the file systems of ${java} and of the logs`);
    }
    await new Promise((resolve) => setTimeout(resolve, poll_ms));
  }
  return programOf(launch, text, started, () => end, exited);
}

function programOf({ java, folder, name }: JavaLaunch, launchText: string, started: StartedProcess, end: () => Exit | null, exited: Promise<Exit>): JavaProgram {
  const at = (suffix: string): string => join(folder, `${name}.${suffix}`);
  const linesAt = (suffix: string): string[] => printedLines(at(suffix));
  const crashReport = (): string | null => readdirSync(folder).find((file) => isCrashReport(file) && file.includes(`pid${started.pid}.`)) ?? null;
  return {
    name,
    java,
    pid: started.pid,
    removedFromEnvironment: started.removed,
    exit: end,
    exited,
    kill: (signal) => { if (end() === null) killIfSame(started, signal); },
    complaints: () => linesAt('err'),
    output: () => linesAt('out'),
    crashReport,
    logs: () => {
      const report = crashReport();
      const files = { [`${name}-launch.txt`]: launchText, [`${name}-out.log`]: printedText(at('out')), [`${name}-err.log`]: printedText(at('err')) };
      return report === null ? files : { ...files, [report]: printedText(join(folder, report)) };
    },
  };
}

/** java-caller keeps its child to itself, so a pid is all there is. */
interface StartedProcess extends ProcessIdentity {
  readonly removed: readonly string[];
}

function readPidFile(path: string): StartedProcess | null {
  const [pid, ...removed] = (readIfThere(path) ?? '').split('\n');
  if (pid === undefined || pid === '') return null;
  return { pid: Number(pid), startTime: startTimeOf(Number(pid)), removed };
}

function executableOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}

/** After its pid file the launcher can fail in one way only (native/launcher/main.cc). */
function saysLauncher([first = '']: readonly string[], java: string): boolean {
  return first.startsWith(`${java} could not be executed`);
}

function launcherFailed({ code, signal, stderr }: JavaCallEnd, [logged]: readonly string[]): Failure {
  const sentence = logged ?? stderr.split('\n')[0] ?? '';
  const known: Partial<Record<number, ExitCode>> = { 2: 2, 5: 5, 6: 6 };
  const exitCode = code === null ? undefined : known[code];
  if (exitCode !== undefined && sentence !== '') return new Failure(exitCode, sentence);
  return workloadFailed(`the launcher of java ended ${signal === null ? `with exit code ${String(code)}` : `by ${signal}`} before java was started${sentence === '' ? '' : `, saying "${sentence}"`}`);
}


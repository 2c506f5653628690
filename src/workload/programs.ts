/** Starts native programs: in our session, bound to our death, with output in files. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { settlesWithin } from '../base/clock.js';
import { Failure, unfit } from '../base/failure.js';
import { nativePart } from '../base/native.js';
import { machineFailure } from '../base/system-error.js';
import { watchOomKills, type OomWatch } from '../host/memory.js';
import { printedLines } from './printed.js';
import { openRuntimeFile } from './runtime-folder.js';

/** PAUSELAB_ENGINE names another engine: tests use one whose operations have known times. */
export const programs = {
  engine: () => process.env.PAUSELAB_ENGINE ?? nativePart('pauselab-engine'),
  sampler: () => nativePart('pauselab-sampler'),
  tracer: () => nativePart('pauselab-tracer'),
  observer: () => nativePart('pauselab-observer'),
  guardian: () => nativePart('pauselab-guardian'),
  launcher: () => nativePart('pauselab-launcher'),
};

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `by SIGTERM` or `with exit code 3`; for SIGKILL also the reason, if it is known. */
export function howEnded({ code, signal }: Exit, { killedWhy }: Pick<Program, 'killedWhy'>): string {
  return signal === null ? `with exit code ${String(code)}` : `by ${signal}${signal === 'SIGKILL' ? killedWhy() : ''}`;
}

export interface Program {
  readonly pid: number;
  /** Null while it runs. */
  exit(): Exit | null;
  readonly exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
  /** Lines that it wrote to stderr so far. */
  complaints(): string[];
  /** What the kernel's counters say about an end by SIGKILL. */
  readonly killedWhy: OomWatch;
}

export interface ProgramOptions {
  /** The whole environment; ours if absent. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly ownSession?: boolean;
}

/**
 * Not detached by default: a detached child is a new session, and nice has no effect across sessions
 * (host/autogroup.ts). Output goes to files, so that nothing in the measured process ever waits for us to read a pipe.
 */
export async function startProgram(
  file: string,
  args: readonly string[],
  stdoutPath: string,
  stderrPath: string,
  { environment, ownSession = false }: ProgramOptions = {},
): Promise<Program> {
  const killedWhy = watchOomKills();
  const outputs: number[] = [];
  let child: ChildProcess;
  try {
    for (const path of [stdoutPath, stderrPath]) outputs.push(openRuntimeFile(path));
    child = spawn(file, args, {
      stdio: ['ignore', ...outputs],
      shell: false,
      detached: ownSession,
      ...(environment === undefined ? {} : { env: { ...environment } }),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    // If the file does not exist or cannot be executed, it was not built. Otherwise the machine refuses another
    // process.
    const refused = machineFailure(cause);
    if (refused !== null) throw refused;
    throw unfit(`${file} could not be started (${(cause as Error).message}); run \`npm run setup\` to build it`, {
      cause,
    });
  } finally {
    for (const descriptor of outputs) closeSync(descriptor);
  }
  let exit: Exit | null = null;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });
  return {
    pid: child.pid ?? 0,
    exit: () => exit,
    exited,
    kill: (signal) => {
      child.kill(signal);
    },
    killedWhy,
    complaints: () => printedLines(stderrPath),
  };
}

/** If a process hangs in a system call for longer, it is left to the kernel. */
const killDeadline_ms = 10_000;

/** For a program that has nothing left to do. */
const endDeadline_ms = 10_000;

/** A program that says it is done may still be stopped (SIGSTOP) before it ends. */
export async function endsOrIsKilled(program: Pick<Program, 'exit' | 'kill' | 'exited'>): Promise<void> {
  if (!(await settlesWithin(program.exited, endDeadline_ms))) await killAll([program]);
}

/** Kills the programs that still run, one after the other, and waits for each. */
export async function killAll(programs: readonly Pick<Program, 'exit' | 'kill' | 'exited'>[]): Promise<void> {
  for (const program of programs) {
    if (program.exit() !== null) continue;
    program.kill('SIGKILL');
    await settlesWithin(program.exited, killDeadline_ms);
  }
}

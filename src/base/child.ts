/**
 * System programs that do a piece of work and end: apt, dpkg-deb, jlink, strace. Each runs under our launcher as its
 * keeper (native/launcher/keeper.h), so that the program and everything it started end with us, however we end.
 * Programs are asked for English messages.
 */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as after } from 'node:timers/promises';
import { linesOf } from './text/lines.js';
import { settlesWithin } from './clock.js';
import { unfit } from './failure.js';
import { nativePart } from './native.js';
import { systemFailure } from './system-error.js';
import { withPipes } from './with-pipes.js';

export interface ChildEnd {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It was still running at its deadline. */
  readonly isLate: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly cwd?: string;
  /** Receives standard output line by line; `stdout` then stays empty. */
  readonly onLine?: (line: string) => void;
  /**
   * The program is ended after this time, half an hour by default: a download from a mirror may be slow, but must not
   * hang forever.
   */
  readonly deadline_ms?: number;
}

/** Enough for any message of these programs; the rest is cut off. */
const mostOutput = 1 << 20;
const usualDeadline_ms = 30 * 60_000;
/** The keeper gives a program 2 s after SIGTERM (native/launcher/main.cc). */
const keeperDeadline_ms = 10_000;

/** The command line that starts a program under a keeper. If the keeper is killed, the program is killed too. */
export function kept(file: string, args: readonly string[]): readonly [file: string, args: string[]] {
  const launcher = nativePart('pauselab-launcher');
  if (!existsSync(launcher)) throw unfit(`${launcher} does not exist; run \`npm run setup\` to build it`);
  return [launcher, [`-Dpauselab.keep=${process.pid}`, file, ...args]];
}

/** The returned pid is the keeper's. SIGTERM to it ends everything that it keeps. */
export function spawnKept(file: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const [launcher, words] = kept(file, args);
  return withPipes(spawn(launcher, words, options));
}

/** Sends SIGTERM to the keeper, then SIGKILL if that has no effect, for example because somebody stopped the keeper. */
export async function endKept(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  if (await settlesWithin(ended, keeperDeadline_ms)) return;
  child.kill('SIGKILL');
  await settlesWithin(ended, keeperDeadline_ms);
}

/** Null if the program does not exist. Throws the signal's reason if the signal ended it. */
export async function runChild(
  file: string,
  args: readonly string[],
  { env = process.env, signal, cwd, onLine, deadline_ms = usualDeadline_ms }: ChildOptions = {},
): Promise<ChildEnd | null> {
  signal?.throwIfAborted();
  const child = spawnKept(file, args, {
    env: { ...env, LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const output = { stdout: '', stderr: '' };
  const keep =
    (name: keyof typeof output) =>
    (text: string): void => {
      if (output[name].length < mostOutput) output[name] += text;
    };
  child.stderr?.setEncoding('utf8').on('data', keep('stderr'));
  const lines =
    onLine === undefined || child.stdout === null
      ? undefined
      : createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', onLine);
  if (lines === undefined) child.stdout?.setEncoding('utf8').on('data', keep('stdout'));
  const linesDone =
    lines === undefined
      ? Promise.resolve()
      : new Promise<void>((done) => {
          lines.once('close', done);
        });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done, fail) => {
    child.once('error', (cause) => {
      fail(systemFailure(cause) ?? cause);
    });
    child.once('close', (code, by) => {
      done({ code, signal: by });
    });
  });
  let giveUp: () => void = () => undefined;
  const givenUp = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  signal?.addEventListener('abort', giveUp, { once: true });
  const state = { isLate: false };
  const timer = setTimeout(() => {
    state.isLate = true;
    giveUp();
  }, deadline_ms);
  try {
    await Promise.race([ended, givenUp.then(() => endKept(child, ended))]);
    // If even SIGKILL did not end it, nothing is known about its end.
    const end = (await settlesWithin(ended, 0)) ? await ended : { code: null, signal: null };
    if (end.code !== null) await linesDone;
    // The program's end may arrive before our signal does.
    else if (!state.isLate) await after(100);
    signal?.throwIfAborted();
    return end.code === noSuchProgram && output.stderr.includes(`${file} could not be executed (ENOENT)`)
      ? null
      : { ...end, ...state, ...output };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

/** The exit code that the launcher and every shell use for this. */
const noSuchProgram = 127;

/** The line of its messages that is worth quoting: apt's last line only says that there were errors. */
export function lastComplaint({ stderr }: Pick<ChildEnd, 'stderr'>): string {
  const lines = linesOf(stderr)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const line =
    lines.find((line) => /Failed to fetch|GPG error/.test(line)) ??
    lines.findLast((line) => /^(?:[EW]:|[\w-]+: error|tar:)/.test(line)) ??
    lines.at(-1) ??
    'it printed no message';
  return line
    .replace(/^[EWN]: /, '')
    .replace(/\s+/g, ' ')
    .slice(0, 300);
}

export function saysDiskFull(text: string): boolean {
  return /No space left on device|ENOSPC|Disk quota exceeded|EDQUOT/.test(text);
}

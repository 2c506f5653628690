/**
 * Programs of the system that do a piece of work and end: apt, dpkg-deb, jlink, strace. Each has our launcher for its
 * keeper (native/launcher/keeper.h), so that it ends with us however we end, and what it has started too. Their words
 * are asked for in English.
 */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as after } from 'node:timers/promises';
import { linesOf } from './text/lines.js';
import { settlesWithin } from './clock.js';
import { unfit } from './failure.js';
import { nativeProgram } from './native.js';
import { systemFailure } from './system-error.js';
import { withPipes } from './with-pipes.js';

export interface ChildEnd {
  /** Null if it was ended by a signal. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It had not ended after its deadline. */
  readonly isLate: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly cwd?: string;
  /** Its standard output by the line, instead of in `stdout`. */
  readonly onLine?: (line: string) => void;
  /**
   * After which it is ended. Without one it has half an hour: what loads from a mirror may be slow, and never hangs for
   * ever.
   */
  readonly deadline_ms?: number;
}

/** Enough for a message of any of them; what they say beyond is cut off. */
const mostOutput = 1 << 20;
const usualDeadline_ms = 30 * 60_000;
/** The keeper gives a program 2 s after SIGTERM (native/launcher/main.cc). */
const keeperDeadline_ms = 10_000;

/** The words that start a program so that it ends with us. Of a keeper that is killed the program is, too. */
export function kept(file: string, args: readonly string[]): readonly [file: string, args: string[]] {
  const launcher = nativeProgram('pauselab-launcher');
  if (!existsSync(launcher)) throw unfit(`${launcher} is not there; run \`npm run setup\` to build it`);
  return [launcher, [`-Dpauselab.keep=${process.pid}`, file, ...args]];
}

/** Its pid is the keeper's, and SIGTERM ends all that it keeps. */
export function spawnKept(file: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const [launcher, words] = kept(file, args);
  return withPipes(spawn(launcher, words, options));
}

/** By SIGTERM to its keeper; by SIGKILL if that is of no use, as when somebody has stopped the keeper. */
export async function endKept(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  if (await settlesWithin(ended, keeperDeadline_ms)) return;
  child.kill('SIGKILL');
  await settlesWithin(ended, keeperDeadline_ms);
}

/** Null if there is no such program. Throws the signal's reason if that ended it. */
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
    // Where not even SIGKILL has ended it, its end is not known.
    const end = (await settlesWithin(ended, 0)) ? await ended : { code: null, signal: null };
    if (end.code !== null) await linesDone;
    // Its end may be seen before our own signal is.
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

/** As the launcher and every shell say it. */
const noSuchProgram = 127;

/** The line of its complaints that a sentence can quote: apt's last one only says that there were others. */
export function lastComplaint({ stderr }: Pick<ChildEnd, 'stderr'>): string {
  const lines = linesOf(stderr)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const line =
    lines.find((one) => /Failed to fetch|GPG error/.test(one)) ??
    lines.findLast((one) => /^(?:[EW]:|[\w-]+: error|tar:)/.test(one)) ??
    lines.at(-1) ??
    'it said nothing';
  return line
    .replace(/^[EWN]: /, '')
    .replace(/\s+/g, ' ')
    .slice(0, 300);
}

export function saysDiskFull(text: string): boolean {
  return /No space left on device|ENOSPC|Disk quota exceeded|EDQUOT/.test(text);
}

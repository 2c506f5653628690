/** The command as a user starts it: `dist/main.js` in a process of its own, in our session. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';
import { endProcess, isAlive, processesWith } from './processes.js';
import { linesOf, type StderrLines } from './streams.js';
import { until } from './until.js';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const mainFile = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Options {
  readonly env?: Readonly<Record<string, string>>;
  /** A program that runs the command, such as `taskset -c 0`. */
  readonly wrapper?: readonly string[];
  readonly cwd?: string;
  /** Of another tree than this one. */
  readonly main?: string;
}

export interface Ended extends StderrLines {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  logs(): readonly string[];
  kill(signal: NodeJS.Signals): void;
}

const children = new Set<ChildProcess>();
const pids = new Set<number>([process.pid]);
/** Commands that a failed test left running. The failure of that test reports what they leave. */
const cutShort = new Set<number>();

export function startPauselab(
  args: readonly string[],
  { env = {}, wrapper = [], cwd = repository, main = mainFile }: Options = {},
): Running {
  const [file = process.execPath, ...rest] = [...wrapper, process.execPath, main, ...args];
  const child = spawn(file, rest, {
    cwd,
    env: { ...process.env, PAUSELAB_LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      children.delete(child);
      resolve({ code, signal, ...output, ...linesOf(output.stderr) });
    });
  });
  const pid = child.pid ?? 0;
  pids.add(pid);
  return {
    pid,
    ended,
    logs: () => linesOf(output.stderr).logs,
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

export function pauselab(args: readonly string[], options?: Options): Promise<Ended> {
  return startPauselab(args, options).ended;
}

/** Board folders of the commands that this file started, and of itself. */
export function runtimeFolders(of: Iterable<number> = pids): string[] {
  const wanted = new Set(of);
  return readdirSync('/dev/shm')
    .filter((name) => wanted.has(Number(/^pauselab-run-(\d+)-/.exec(name)?.[1])))
    .map((name) => `/dev/shm/${name}`);
}

/**
 * To be called once by a test file, last: what a failed test left running ends with it, and nothing else may be left. So
 * a failed test makes this one fail only if it left something that is not its command's.
 */
export function expectNothingLeft(): void {
  test('leaves no process and nothing in /dev/shm', async () => {
    const own = [...pids].filter((pid) => !cutShort.has(pid));
    await until('our processes are gone', () => own.every((pid) => pid === process.pid || !isAlive(pid)));
    await until('workload and sampler are gone', () =>
      own.every((pid) => processesWith(`/dev/shm/pauselab-run-${pid}-`).length === 0),
    );
    expect(runtimeFolders(own)).toEqual([]);
  });
}

afterEach(async ({ task }) => {
  for (const child of children) {
    if (task.result?.state === 'fail' && child.pid !== undefined) cutShort.add(child.pid);
    child.kill('SIGKILL');
    await until('a killed command is gone', () => child.exitCode !== null || child.signalCode !== null);
  }
});

// What a failed test could leave: reported by the test above, and ended here all the same.
afterAll(() => {
  for (const pid of pids) for (const left of processesWith(`/dev/shm/pauselab-run-${pid}-`)) endProcess(left);
  for (const folder of runtimeFolders()) rmSync(folder, { recursive: true, force: true });
});

/** Without a shell's quoting to think of. */
export function shell(script: string, args: readonly string[]): string[] {
  return ['sh', '-c', script, 'sh', ...args];
}

/** Fails with what the command itself said of its failure: an exit code alone tells nobody why. */
export function expectSuccess({ code, signal, sentences, logs }: Ended): void {
  if (code !== 0)
    throw new Error(
      `pauselab ended with ${code ?? signal ?? 'nothing'}: ${sentences.join(' ')} (its last lines on the way: ${logs.slice(-3).join(' / ')})`,
    );
  expect(sentences).toEqual([]);
}

/** What every failure looks like to the user: a sentence (or a list of problems), no result, no stack, no folder. */
export function expectFault(
  ended: Ended,
  wanted: { code: number; says: readonly (string | RegExp)[]; out?: string },
): void {
  expect({ code: ended.code, signal: ended.signal, stderr: ended.stderr }).toMatchObject({
    code: wanted.code,
    signal: null,
  });
  expect(ended.sentences).toHaveLength(wanted.says.length);
  wanted.says.forEach((text, i) => {
    expect(ended.sentences[i]).toMatch(text);
  });
  expect(ended.sentences[0]).toMatch(/^pauselab: /);
  expect(ended.stderr).not.toMatch(/^\s+at |internal error/m);
  expect(ended.stdout).toBe('');
  if (wanted.out !== undefined) expect(existsSync(wanted.out)).toBe(false);
}

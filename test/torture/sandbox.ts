/**
 * A place for one attempt: folders of its own, nothing in them, and a mark in the environment that every process of the
 * attempt inherits. What it leaves is found by looking into them.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readIfThere } from '../../src/host/files.js';
import { endProcess, isAlive } from '../support/processes.js';
import { linesOf, type StderrLines } from '../support/streams.js';

export interface CommandEnd extends StderrLines {
  readonly words: readonly string[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** It had not ended when the deadline came, and was killed with all that it had started. */
  readonly hung: boolean;
}

export interface RunningCommand {
  readonly pid: number;
  readonly ended: Promise<CommandEnd>;
  hasEnded(): boolean;
  logs(): readonly string[];
  kill(signal: NodeJS.Signals): void;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Default: an empty one. */
  readonly cwd?: string;
  /** Where its output goes, instead of to us. */
  readonly stdoutFile?: string;
  /** Default: two minutes. */
  readonly deadline_ms?: number;
}

export interface Sandbox {
  readonly path: string;
  /** Where an attempt's input and its results lie. */
  readonly files: string;
  /** What the command sees as /dev/shm, by a path of ours. */
  readonly shm: string;
  start(words: readonly string[], options?: StartOptions): RunningCommand;
  /** Living processes that an attempt here has started. */
  processes(): number[];
  /** Files in places where a command has no business. */
  strayFiles(): string[];
  /** What is left in the command's /dev/shm; null where it shares the machine's. */
  shmLeft(): string[] | null;
  remove(): void;
}

const mainFile = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const mark = 'PAUSELAB_TORTURE';
const usualDeadline_ms = 120_000;
const pipesGrace_ms = 5_000;

/** A mount namespace gives a command a /dev/shm and a /tmp of its own. Null where this machine allows none. */
const namespace: readonly string[] | null = (() => {
  const ways =
    process.geteuid?.() === 0 ? [['unshare', '--mount']] : [['unshare', '--user', '--map-current-user', '--mount']];
  return (
    ways.find(
      ([file = '', ...args]) => spawnSync(file, [...args, 'sh', '-c', 'mount --bind /tmp /dev/shm']).status === 0,
    ) ?? null
  );
})();

/** Why leftovers in /dev/shm and /tmp cannot be told from those of others; null if they can. */
export const sharedFolders =
  namespace === null
    ? 'no mount namespace can be made here, so what commands leave in /dev/shm and /tmp is not looked at'
    : null;

/** It would hide what lies below it from the command. */
const ownTmp = !mainFile.startsWith('/tmp/');

let count = 0;

export function createSandbox(root: string): Sandbox {
  count += 1;
  const path = join(root, String(count));
  const id = `${process.pid}-${count}-${process.hrtime.bigint()}`;
  const folders = {
    files: join(path, 'files'),
    home: join(path, 'home'),
    tmp: join(path, 'tmp'),
    cwd: join(path, 'cwd'),
    cache: join(path, 'cache'),
  };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  const shm = namespace === null ? '/dev/shm' : mkdtempSync('/dev/shm/torture-');
  const wrapper =
    namespace === null
      ? []
      : [
          ...namespace,
          'sh',
          '-c',
          `mount --bind "$0" /dev/shm && ${ownTmp ? 'mount --bind "$1" /tmp &&' : ''} shift && exec "$@"`,
          shm,
          folders.tmp,
        ];
  const environment = {
    PATH: process.env.PATH ?? '',
    LANG: 'C.UTF-8',
    HOME: folders.home,
    PAUSELAB_CACHE: folders.cache,
    PAUSELAB_LOG_FORMAT: 'json',
    [mark]: id,
    // Else libuv may make system calls that no library sees.
    UV_USE_IO_URING: '0',
    ...(namespace === null || !ownTmp ? { TMPDIR: folders.tmp } : {}),
  };
  const processes = (): number[] => processesMarked(id);
  return {
    path,
    files: folders.files,
    shm,
    start: (words, { env = {}, cwd = folders.cwd, stdoutFile, deadline_ms = usualDeadline_ms } = {}) =>
      startCommand([...wrapper, ...more(env), process.execPath, mainFile, ...words], words, {
        env: environment,
        cwd,
        stdoutFile,
        deadline_ms,
        processes,
      }),
    processes,
    strayFiles: () =>
      [folders.home, folders.tmp, folders.cwd].flatMap((folder) =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
      ),
    shmLeft: () => (namespace === null ? null : readdirSync(shm)),
    remove() {
      for (const pid of processes()) endProcess(pid);
      for (const folder of [path, ...(namespace === null ? [] : [shm])])
        rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Only for the command: the programs that make its mount namespace are not attacked. */
function more(env: Readonly<Record<string, string>>): string[] {
  return ['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
}

interface Start {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdoutFile: string | undefined;
  readonly deadline_ms: number;
  /** All that are to end if it hangs. */
  readonly processes: () => number[];
}

function startCommand(
  [file = '', ...args]: readonly string[],
  words: readonly string[],
  { env, cwd, stdoutFile, deadline_ms, processes }: Start,
): RunningCommand {
  const stdout = stdoutFile === undefined ? 'pipe' : openSync(stdoutFile, 'w');
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', stdout, 'pipe'] });
  if (typeof stdout === 'number') closeSync(stdout);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  let hung = false;
  let over = false;
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    const deadline = setTimeout(() => {
      hung = true;
      for (const pid of processes()) endProcess(pid);
    }, deadline_ms);
    const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(deadline);
      over = true;
      resolve({
        words,
        code,
        signal,
        ...output,
        stdout: stdoutFile === undefined || !existsSync(stdoutFile) ? output.stdout : readFileSync(stdoutFile, 'utf8'),
        hung,
        ...linesOf(output.stderr),
      });
    };
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      // A process that was left behind may hold our pipes.
      const grace = setTimeout(() => {
        finish(code, signal);
      }, pipesGrace_ms);
      child.once('close', () => {
        clearTimeout(grace);
        finish(code, signal);
      });
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    hasEnded: () => over,
    logs: () => linesOf(output.stderr).logs,
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

function processesMarked(id: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && environmentOf(pid).includes(`${mark}=${id}`) && isAlive(pid));
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // Ended meanwhile, or another user's.
    return '';
  }
}

/** Name of the file that a process executes; empty for one that is gone. */
export function programOf(pid: number): string {
  // The name is cut at 15 bytes, and threads of a JVM and of Node change theirs: the path is told by its first
  // argument.
  const [first = ''] = (readIfThere(`/proc/${pid}/cmdline`) ?? '').split('\0');
  return first.slice(first.lastIndexOf('/') + 1);
}

/** False if there is no such process any more. */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

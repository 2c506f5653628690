/** Programs of the system that do a piece of work and end: apt, dpkg-deb, tar. Their words are asked for in English. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { withPipes } from '../base/with-pipes.js';
import { linesOf } from '../base/lines.js';

export interface ChildEnd {
  /** Null if it was ended by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly cwd?: string;
  /** Its standard output by the line, instead of in `stdout`. */
  readonly onLine?: (line: string) => void;
}

/** Enough for a message of any of them; what they say beyond is cut off. */
const mostOutput = 1 << 20;

/** Null if there is no such program. Throws the signal's reason if that ended it. */
export async function runChild(file: string, args: readonly string[], { env = process.env, signal, cwd, onLine }: ChildOptions = {}): Promise<ChildEnd | null> {
  signal?.throwIfAborted();
  const child = withPipes(spawn(file, args, { env: { ...env, LC_ALL: 'C' }, stdio: ['ignore', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) }));
  const onAbort = (): void => { child.kill('SIGTERM'); };
  signal?.addEventListener('abort', onAbort, { once: true });
  const output = { stdout: '', stderr: '' };
  const keep = (name: keyof typeof output) => (text: string): void => { if (output[name].length < mostOutput) output[name] += text; };
  child.stderr.setEncoding('utf8').on('data', keep('stderr'));
  const lines = onLine === undefined ? undefined : createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', onLine);
  if (lines === undefined) child.stdout.setEncoding('utf8').on('data', keep('stdout'));
  const linesDone = lines === undefined ? Promise.resolve() : new Promise<void>((done) => { lines.once('close', done); });
  try {
    const code = await new Promise<number | null | 'missing'>((done, fail) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') done('missing');
        else fail(error);
      });
      child.once('close', done);
    });
    if (code === 'missing') return null;
    await linesDone;
    // A Ctrl-C goes to the whole terminal: its end may be seen before our own signal is.
    if (code === null) await setTimeout(100);
    signal?.throwIfAborted();
    return { code, ...output };
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** The line of its complaints that a sentence can quote: apt's last one only says that there were others. */
export function lastComplaint({ stderr }: Pick<ChildEnd, 'stderr'>): string {
  const lines = linesOf(stderr).map((line) => line.trim()).filter((line) => line !== '');
  const line = lines.find((one) => /Failed to fetch|GPG error/.test(one)) ?? lines.findLast((one) => /^(?:[EW]:|[\w-]+: error|tar:)/.test(one)) ?? lines.at(-1) ?? 'it said nothing';
  return line.replace(/^[EWN]: /, '').replace(/\s+/g, ' ').slice(0, 300);
}

export function saysDiskFull(text: string): boolean {
  return /No space left on device|ENOSPC|Disk quota exceeded|EDQUOT/.test(text);
}

/** pauselab-guardian beside a JVM: requests and answers, one at a time (native/guardian/guardian.cc). */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { settlesWithin } from '../../base/clock.js';
import { unfit } from '../../base/failure.js';
import { readText } from '../../base/files/read-file.js';
import { withPipes } from '../../base/with-pipes.js';
import { programs } from '../../workload/programs.js';

/** Why a JVM did not answer. */
export type AttachProblem =
  | { readonly problem: 'ended' | 'late' | 'stopped' | 'uncaught' }
  /** The guardian itself has ended. */
  | { readonly problem: 'lost' }
  /** By the system, with its error number. */
  | { readonly problem: 'refused'; readonly errno: number };

/** `isDone`: false where the JVM says that the command failed; then `text` says why. */
export type JvmAnswer = { readonly isDone: boolean; readonly text: string } | AttachProblem;

export interface Guardian {
  readonly pid: number;
  ask(command: string): Promise<JvmAnswer>;
  /** `undo` is run by the guardian when it ends, unless `restore` ran it. */
  switchOn(command: string, undo: string): Promise<JvmAnswer>;
  restore(): Promise<JvmAnswer>;
  /** The log so far, oldest lines first; `isCut`: older ones may have made place for them. */
  readLog(): { readonly text: string; readonly isCut: boolean };
  /** Removes the log. False: the JVM does not answer, and the guardian stays until it has undone what it owes. */
  end(): Promise<boolean>;
}

export interface GuardianOptions {
  readonly pid: number;
  /** As the process sees itself, in its PID namespace. */
  readonly ownPid: number;
  readonly uid: number;
  readonly gid: number;
  /** Its /tmp, and the folder of the log. */
  readonly tmp: string;
  readonly logFolder: string;
  readonly logName: string;
}

const readyDeadline_ms = 10_000;
/** A JVM answers after its safepoint, and a busy machine makes that late. */
const answerDeadline_ms = 10_000;
const endDeadline_ms = 12_000;

/**
 * The JVM writes at most this much into a file, and keeps one that is full. A container has 64 MiB of /dev/shm, unless it
 * was given more.
 */
export const mostLogBytes = 16 << 20;

export async function startGuardian(options: GuardianOptions): Promise<Guardian> {
  const { logName } = options;
  const program = programs.guardian();
  if (!existsSync(program)) throw unfit(`${program} does not exist; run \`npm run setup\` to build it`);
  const words = [options.pid, options.ownPid, options.uid, options.gid, options.tmp, options.logFolder, logName];
  // A session of its own: what ends ours by a signal does not end it.
  const child = withPipes(spawn(program, words.map(String), { stdio: ['pipe', 'pipe', 'pipe'], detached: true }));
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => {
      resolve();
    });
    child.once('close', () => {
      resolve();
    });
  });
  // A guardian that has died says so by the end of its output.
  child.stdin.on('error', () => undefined);
  const replies = replyReader(child.stdout);
  const isReady = replies.next();
  await settlesWithin(Promise.race([isReady, ended]), readyDeadline_ms);
  if (!(await settlesWithin(isReady, 0)) || (await isReady) === null) {
    child.kill('SIGTERM');
    // What it says of its end may come later than the end of its answers.
    await settlesWithin(ended, readyDeadline_ms);
    const sentence = complaints.trim().split('\n').at(-1) ?? '';
    throw unfit(sentence === '' ? `${program} ended before it was ready; run \`npm run setup\` to build it` : sentence);
  }
  const request = async (line: string): Promise<JvmAnswer> => {
    child.stdin.write(`${line}\n`);
    const reply = await replies.next();
    return reply === null ? { problem: 'lost' } : answerOfReply(reply);
  };
  return {
    pid: child.pid ?? 0,
    ask: (command) => request(`ask ${answerDeadline_ms} ${command}`),
    switchOn: (command, undo) => request(`switch ${answerDeadline_ms} ${command}\t${undo}`),
    restore: () => request(`restore ${answerDeadline_ms}`),
    readLog() {
      // Descriptor 3 of the guardian is the folder, also after the JVM and its namespaces have gone.
      const at = (name: string): string => join(`/proc/${child.pid ?? 0}/fd/3`, name);
      const isCut = existsSync(at(`${logName}.0`));
      const parts = isCut ? [`${logName}.0`, logName] : [logName];
      return { isCut, text: parts.map((name) => readText(at(name), { mostBytes: 2 * mostLogBytes })).join('') };
    },
    async end() {
      child.stdin.end();
      if (await settlesWithin(ended, endDeadline_ms)) return true;
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      return false;
    },
  };
}

interface Reply {
  readonly head: string;
  readonly body: string;
}

interface Replies {
  /** Null: the output has ended. */
  next(): Promise<Reply | null>;
}

/** Divides the guardian's output into answers: a line, and after `answer BYTES` so many bytes. */
export function replyReader(output: AsyncIterable<Buffer | string>): Replies {
  const chunks: AsyncIterator<Buffer | string, unknown> = output[Symbol.asyncIterator]();
  let rest = Buffer.alloc(0);
  const hasMore = async (): Promise<boolean> => {
    const next = await chunks.next();
    if (next.done === true) return false;
    rest = Buffer.concat([rest, Buffer.from(next.value)]);
    return true;
  };
  return {
    async next() {
      while (!rest.includes(0x0a)) if (!(await hasMore())) return null;
      const at = rest.indexOf(0x0a);
      const head = rest.toString('utf8', 0, at);
      const bytes = Number(/^answer (\d+)$/.exec(head)?.[1] ?? 0);
      while (rest.length < at + 1 + bytes) if (!(await hasMore())) return null;
      const body = rest.toString('utf8', at + 1, at + 1 + bytes);
      rest = rest.subarray(at + 1 + bytes);
      return { head, body };
    },
  };
}

/** The JVM answers with a number, 0 for success, and a text. */
export function answerOfReply({ head, body }: Reply): JvmAnswer {
  const [, problem, errno] = /^failed (ended|late|stopped|uncaught|refused)(?: (\d+))?$/.exec(head) ?? [];
  if (problem === 'refused') return { problem, errno: Number(errno) };
  if (problem === 'ended' || problem === 'late' || problem === 'stopped' || problem === 'uncaught') return { problem };
  const end = body.indexOf('\n');
  if (!head.startsWith('answer ') || end < 0) throw new Error(`not an answer of the guardian: ${head}`);
  return { isDone: body.slice(0, end) === '0', text: body.slice(end + 1) };
}

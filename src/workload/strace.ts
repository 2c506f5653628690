/** strace beside a process: attached before the window, detached after it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { unfit, workloadFailed } from '../base/failure.js';
import { readText } from '../base/read-file.js';
import { machineFailure } from '../base/system-error.js';
import { withPipes } from '../base/with-pipes.js';
import { countCalls, tracedCalls, type StraceCalls } from '../record/strace-calls.js';
import type { RuntimeFolder } from './runtime-folder.js';

const attachDeadline_ms = 20_000;

export interface Tracing {
  /** Detaches, and counts what was traced. */
  finish(): Promise<StraceCalls>;
}

/** Resolves when all threads are traced. A traced process is many times slower: nothing is measured meanwhile. */
export async function traceCalls(pid: number, folder: RuntimeFolder): Promise<Tracing> {
  const output = join(folder.path, 'strace.out');
  const child = withPipes(spawn('strace', ['-f', '-p', String(pid), '-o', output, '--decode-pids=comm', '-e', `trace=${tracedCalls.join(',')}`], { stdio: ['ignore', 'ignore', 'pipe'] }));
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => { said += chunk.toString(); });
  const ended = new Promise<void>((resolve) => { child.once('close', () => { resolve(); }); });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => { reject(unfit(`strace had not attached to process ${pid} after ${attachDeadline_ms / 1000} s`)); }, attachDeadline_ms);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
    };
    child.once('error', (cause) => { settle(() => { reject(machineFailure(cause) ?? unfit(`strace could not be started (${cause.message}); install it (Debian: strace)`, { cause })); }); });
    child.stderr.on('data', () => { if (said.includes('attached')) settle(resolve); });
    void ended.then(() => { settle(() => { reject(unfit(`strace could not trace process ${pid} (${said.trim().split('\n').at(-1) ?? ''}); ptrace may be forbidden here: look at kernel.yama.ptrace_scope and at the container's capabilities`)); }); });
  });
  return {
    async finish() {
      child.kill('SIGINT');
      await ended;
      return countCalls(readWritten(output));
    },
  };
}

/** All of it, since calls are counted: a string can hold no more than twice as much. */
const mostBytes = 256 * 2 ** 20;

function readWritten(path: string): string {
  try {
    return readText(path, { mostBytes });
  } catch (cause) {
    throw workloadFailed(`what strace wrote could not be read (${(cause as Error).message}); trace a shorter time or a slower load`, { cause });
  }
}

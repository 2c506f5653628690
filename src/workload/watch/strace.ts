/** Attaches strace to a process before the window, and detaches it afterwards. */
import { join } from 'node:path';
import { endKept, spawnKept } from '../../base/child.js';
import { waitFor } from '../../base/clock.js';
import { interruptedBefore, unfit, workloadFailed, type Failure } from '../../base/failure.js';
import { readText } from '../../base/files/read-file.js';
import { missing } from '../../host/missing.js';
import { callsInStrace } from '../../catalogue/system-calls.js';
import { countCalls, type StraceCalls } from '../../record/strace-calls.js';
import type { RuntimeFolder } from '../runtime-folder.js';

const attachDeadline_ms = 20_000;
const poll_ms = 20;

export function straceMissing(cause?: Error): Failure {
  return missing(`strace could not be started${cause === undefined ? '' : ` (${cause.message})`}`, ['strace'], {
    cause,
  });
}

export interface Tracing {
  /** Detaches, and counts the traced calls. */
  finish(): Promise<StraceCalls>;
}

/** Resolves when all threads are traced. A traced process is many times slower: nothing is measured meanwhile. */
export async function traceCalls(pid: number, folder: RuntimeFolder, interrupted?: Promise<unknown>): Promise<Tracing> {
  const output = join(folder.path, 'strace.out');
  const args = ['-f', '-p', String(pid), '-o', output, '--decode-pids=comm', '-e', `trace=${callsInStrace.join(',')}`];
  const child = spawnKept('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const state = { hasEnded: false };
  const ended = new Promise<void>((resolve) => {
    child.once('close', resolve).once('error', () => {
      resolve();
    });
  }).then(() => {
    state.hasEnded = true;
  });
  const attached = await waitFor(() => (printed.includes('attached') || state.hasEnded ? true : null), {
    deadline_ms: attachDeadline_ms,
    poll_ms,
    interrupted,
  });
  if (attached === 'late' || attached === 'interrupted') await endKept(child, ended);
  if (attached === 'interrupted') throw interruptedBefore('strace was attached');
  if (attached === 'late') throw unfit(`strace had not attached to process ${pid} after ${attachDeadline_ms / 1000} s`);
  if (printed.includes('strace could not be executed')) throw straceMissing();
  if (state.hasEnded)
    throw unfit(
      `strace could not trace process ${pid} (${printed.trim().split('\n').at(-1) ?? ''}); ` +
        "ptrace may be forbidden here: check kernel.yama.ptrace_scope and the container's capabilities",
    );
  return {
    async finish() {
      // SIGTERM to its keeper: strace detaches, and its file is complete.
      await endKept(child, ended);
      return countCalls(readWritten(output));
    },
  };
}

/** The whole file, because calls are counted. A string can hold at most about twice as much. */
const mostBytes = 256 * 2 ** 20;

function readWritten(path: string): string {
  try {
    return readText(path, { mostBytes });
  } catch (cause) {
    throw workloadFailed(
      `the output of strace could not be read (${(cause as Error).message}); trace a shorter time or a slower load`,
      { cause },
    );
  }
}

/**
 * A lock that several pauselabs take in turn, held by a flock(1) of ours: the kernel takes it back when that ends, and it
 * ends when its standard input does, thus also when we are killed. There is no stale lock to recognise.
 */
import { spawn } from 'node:child_process';
import { unfit } from '../base/failure.js';
import { machineFailure } from '../base/system-error.js';
import { withPipes } from '../base/with-pipes.js';
import { missing } from '../host/missing.js';

export async function withLock<T>(path: string, signal: AbortSignal | undefined, onWait: () => void, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const child = withPipes(spawn('flock', ['--exclusive', path, 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'pipe'] }));
  const ended = new Promise<void>((done) => { child.once('close', () => { done(); }); });
  child.stdin.on('error', () => undefined);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { complaint += text; });
  const waiting = setTimeout(onWait, 500);
  const onAbort = (): void => { child.kill('SIGKILL'); };
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await new Promise<void>((held, fail) => {
      child.stdout.once('data', () => { held(); });
      child.once('error', (cause) => { fail(machineFailure(cause) ?? missing('flock, which keeps two pauselabs from filling the cache at once, is not here', ['flock'], { cause })); });
      void ended.then(() => { fail(unfit(`the lock ${path} could not be taken (${complaint.trim() || 'flock ended'}); is the cache folder writable?`)); });
    });
    clearTimeout(waiting);
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(waiting);
    signal?.removeEventListener('abort', onAbort);
    child.stdin.end();
    if (child.pid !== undefined) await ended;
  }
}

/**
 * A lock for several pauselabs, held by a flock(1) process of ours. The kernel releases it when that process ends, and
 * it ends when its standard input is closed, so also when we are killed. There are no stale locks to detect.
 */
import { endKept, spawnKept } from '../base/child.js';
import { settlesWithin } from '../base/clock.js';
import { unfit } from '../base/failure.js';
import { machineFailure } from '../base/system-error.js';
import { missing } from '../host/missing.js';

/** Time for flock to notice that its standard input was closed. */
const endDeadline_ms = 5_000;

export async function withLock<T>(
  path: string,
  signal: AbortSignal | undefined,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const child = spawnKept('flock', ['--exclusive', path, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('three pipes were asked for');
  const ended = new Promise<void>((done) => {
    child.once('close', () => {
      done();
    });
  });
  stdin.on('error', () => undefined);
  let complaint = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const waiting = setTimeout(onWait, 500);
  const onAbort = (): void => {
    void endKept(child, ended);
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await new Promise<void>((held, fail) => {
      stdout.once('data', () => {
        held();
      });
      child.once('error', (cause) => {
        fail(machineFailure(cause) ?? cause);
      });
      void ended.then(() => {
        fail(
          complaint.includes('flock could not be executed')
            ? missing('flock, which prevents two pauselabs from filling the cache at once, is not installed', ['flock'])
            : unfit(
                `the lock ${path} could not be taken (${complaint.trim() || 'flock ended'}); ` +
                  'is the cache folder writable?',
              ),
        );
      });
    });
    clearTimeout(waiting);
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(waiting);
    signal?.removeEventListener('abort', onAbort);
    stdin.end();
    if (child.pid !== undefined && !(await settlesWithin(ended, endDeadline_ms))) await endKept(child, ended);
  }
}

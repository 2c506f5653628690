/** QEMU's control channel (QMP): one command at a time, each with an answer. Events in between are skipped. */
import type { Socket } from 'node:net';
import { workloadFailed } from '../../base/failure.js';
import { parseJson } from '../../base/json.js';

export interface Qmp {
  execute(command: 'stop' | 'cont' | 'quit' | 'query-cpus-fast' | 'query-status'): Promise<unknown>;
}

const mostLine = 1024 * 1024;

/** QEMU sends a greeting, and accepts commands after `qmp_capabilities`. */
export async function connectQmp(socket: Socket): Promise<Qmp> {
  const lines = linesOf(socket);
  const ask = async (execute: string): Promise<unknown> => {
    socket.write(`${JSON.stringify({ execute })}\n`);
    for (;;) {
      const answer = await lines();
      if ('error' in answer) throw workloadFailed(`QEMU refused ${execute}: ${JSON.stringify(answer.error)}`);
      if ('return' in answer) return answer.return;
    }
  };
  await lines();
  await ask('qmp_capabilities');
  let last: Promise<unknown> = Promise.resolve();
  return {
    execute(command) {
      const next = last.then(() => ask(command));
      last = next.catch(() => undefined);
      return next;
    },
  };
}

function linesOf(socket: Socket): () => Promise<Record<string, unknown>> {
  const ready: Record<string, unknown>[] = [];
  let waiting: { resolve: (line: Record<string, unknown>) => void; reject: (error: Error) => void } | null = null;
  let text = '';
  let ended = false;
  const closed = (): Error => workloadFailed('QEMU closed its control channel');
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.length > mostLine) socket.destroy();
    const whole = text.split('\n');
    text = whole.pop() ?? '';
    for (const line of whole) {
      if (line.trim() === '') continue;
      const message = parseJson(line) as Record<string, unknown>;
      if (waiting === null) ready.push(message);
      else {
        waiting.resolve(message);
        waiting = null;
      }
    }
  });
  socket
    .on('error', () => undefined)
    .on('close', () => {
      ended = true;
      waiting?.reject(closed());
      waiting = null;
    });
  return () => {
    const next = ready.shift();
    if (next !== undefined) return Promise.resolve(next);
    if (ended) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      waiting = { resolve, reject };
    });
  };
}

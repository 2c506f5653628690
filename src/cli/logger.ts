/** Logs and progress: on stderr, synchronous, so that nothing is lost when a run ends badly. JSON lines unless a person reads them. */
import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger };

export function createLogger(): Logger {
  const level = process.env.PAUSELAB_LOG_LEVEL ?? 'info';
  const options = { level, base: null };
  // In this process: a transport would add a thread and 200 ms.
  return process.stderr.isTTY
    ? pino(options, pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss', singleLine: true }))
    : pino(options, pino.destination({ dest: 2, sync: true }));
}

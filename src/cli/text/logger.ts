/**
 * Logs and progress on stderr. Writing is synchronous, so that a crash loses no line. Lines for people have time, level
 * and text; lines for programs are a JSON object each.
 */
import { pino, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { tellCleanUpFailures } from '../../base/clean-up.js';
import { printableLine } from '../../base/text/printable.js';
import { redacted } from '../../base/secrets.js';
import { chosenLogSettings, type LogSettings } from './log-settings.js';

export type { Logger };

export function createLogger({ format, level }: LogSettings = chosenLogSettings()): Logger {
  const onTerminal = process.stderr.isTTY;
  const pretty = prettyFactory({
    colorize: onTerminal,
    ignore: 'pid,hostname',
    translateTime: onTerminal ? 'SYS:HH:MM:ss' : "UTC:yyyy-mm-dd'T'HH:MM:ss'Z'",
    singleLine: true,
  });
  const logger = pino(
    {
      level,
      base: null,
      hooks: {
        // A line can quote a guest, a log or a command line.
        logMethod(words, method) {
          method.apply(
            this,
            words.map((word) => (typeof word === 'string' ? printableLine(redacted(word)) : word)) as Parameters<
              typeof method
            >,
          );
        },
      },
    },
    // A transport would add a thread and 200 ms, so the log is written in this process.
    {
      write: (line) => {
        process.stderr.write(format === 'json' ? line : pretty(line));
      },
    },
  );
  tellCleanUpFailures((sentence) => {
    logger.warn(sentence);
  });
  return logger;
}

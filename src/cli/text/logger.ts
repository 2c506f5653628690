/**
 * Logs and progress: on stderr, synchronous, so that nothing is lost when a run ends badly. Lines for people (time,
 * level, text), or one JSON object a line for programs.
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
        // What a line quotes may come from a guest, a log or a command line.
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
    // In this process: a transport would add a thread and 200 ms.
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

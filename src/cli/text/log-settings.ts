/**
 * Level and form of log lines, from `--log-format` and the environment. They are read before any command runs, so that a
 * wrong word is reported at once.
 */
import { usage } from '../../base/failure.js';
import { didYouMean } from '../../base/text/near-miss.js';

const formats = ['text', 'json'] as const;
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export interface LogSettings {
  readonly format: (typeof formats)[number];
  readonly level: (typeof levels)[number];
}

export function logSettings(format: string | undefined, env: NodeJS.ProcessEnv = process.env): LogSettings {
  // An empty variable counts as not set.
  const valueOf = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  return {
    format:
      oneOf(
        formats,
        format ?? valueOf('PAUSELAB_LOG_FORMAT'),
        format === undefined ? 'PAUSELAB_LOG_FORMAT=' : '--log-format ',
      ) ?? 'text',
    level: oneOf(levels, valueOf('PAUSELAB_LOG_LEVEL'), 'PAUSELAB_LOG_LEVEL=') ?? 'info',
  };
}

let chosen: LogSettings = { format: 'text', level: 'info' };

/** Sets the log of the command that runs next. */
export function useLogSettings(settings: LogSettings): void {
  chosen = settings;
}

export function chosenLogSettings(): LogSettings {
  return chosen;
}

function oneOf<Word extends string>(words: readonly Word[], given: string | undefined, origin: string): Word | null {
  if (given === undefined) return null;
  const found = words.find((word) => word === given);
  if (found === undefined)
    throw usage(`${origin}${given}: expected one of ${words.join(', ')}${didYouMean(given, words)}`);
  return found;
}

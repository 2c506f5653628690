/** The end of a failed command: the only place where an error becomes a sentence and an exit code. */
import { ExitCode, Failure } from '../base/failure.js';
import { printableLine, printableText } from '../base/text/printable.js';
import { redacted } from '../base/secrets.js';
import { systemFailure } from '../base/system-error.js';

/**
 * Prints the error on stderr and returns the exit code. It loads no module: all file descriptors may be in use.
 */
export function endWith(error: unknown): ExitCode {
  const failure = error instanceof Failure ? error : systemFailure(error);
  if (failure !== null) {
    process.stderr.write(`pauselab: ${failure.lines.map((line) => printableLine(redacted(line))).join('\n')}\n`);
    return failure.exitCode;
  }
  process.stderr.write(
    `pauselab: internal error, please report it with the command: ${printableText(redacted(error instanceof Error ? (error.stack ?? error.message) : String(error)))}\n`,
  );
  return ExitCode.internal;
}

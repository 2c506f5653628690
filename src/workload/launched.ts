/**
 * How a start through the launcher ended: did the launcher become the program, and if not, why. A program may print what
 * pauselab's programs print, and end with their exit codes: that says nothing.
 */
import { ExitCode, Failure, workloadFailed } from '../base/failure.js';
import type { Exit } from './programs.js';

/** With these codes programs of pauselab end after one sentence for the user (native/board/fail.h). */
const ownCodes: readonly ExitCode[] = [ExitCode.usage, ExitCode.unfit, ExitCode.workload];

/** The failure that a program of pauselab reported; null if it ended otherwise, or without a sentence. */
export function ownFailure(code: number | null, sentence: string | undefined): Failure | null {
  const exitCode = ownCodes.find((own) => own === code);
  return exitCode === undefined || sentence === undefined ? null : new Failure(exitCode, sentence);
}

export interface Launched {
  /** Path of the program, as in the launch file. */
  readonly program: string;
  /** Its name in sentences. */
  readonly called: string;
  /** The launcher wrote its pid file: only exec could still fail (native/launcher/main.cc). */
  readonly isPrepared: boolean;
  /** The launcher's messages, in the files that the program wrote to as well. */
  readonly printed: readonly string[];
  /** Of the launcher. A keeper ends as the program did. */
  readonly exit: Exit;
}

/** Why the launcher did not become the program; null: it did. */
export function launcherFailure({ program, called, isPrepared, printed, exit }: Launched): Failure | null {
  const [first] = printed;
  // A program may print this sentence as well, but not as its first line, with its own path and this exit code.
  const isExecRefused =
    exit.code === ExitCode.unfit && first?.startsWith(`${program} could not be executed (`) === true;
  if (isPrepared && !isExecRefused) return null;
  const how = exit.signal === null ? `with exit code ${String(exit.code)}` : `by ${exit.signal}`;
  const message = first === undefined ? '' : `, with the message "${first}"`;
  return (
    ownFailure(exit.code, first) ??
    workloadFailed(`the launcher of ${called} ended ${how} before ${called} was started${message}`)
  );
}

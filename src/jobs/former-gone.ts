/** A version that the runs of an experiment used, and that cannot be used again. */
import { ExitCode, Failure, unfit } from '../base/failure.js';
import { goneText, type FormerName } from '../words/former-words.js';

export function gone(former: FormerName, cause?: unknown): Failure {
  return unfit(goneText(former), { cause });
}

/** `error`: of looking for that version. Other failures than its absence stay, such as those of the network. */
export function goneFrom(error: unknown, former: FormerName): unknown {
  return error instanceof Failure && error.exitCode === ExitCode.usage ? gone(former, error) : error;
}

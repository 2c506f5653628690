/** A version that the runs of an experiment used, and that cannot be used again. */
import { unfit, type Failure } from '../base/failure.js';
import { isNotOnMirror } from '../debian/fetched-or-cached.js';
import { goneText, type FormerName } from '../words/former-words.js';

export function gone(former: FormerName, cause?: unknown): Failure {
  return unfit(goneText(former), { cause });
}

/** `error`: of looking for that version. Other failures than its absence stay, such as those of the network and of settings. */
export function goneFrom(error: unknown, former: FormerName): unknown {
  return isNotOnMirror(error) ? gone(former, error) : error;
}

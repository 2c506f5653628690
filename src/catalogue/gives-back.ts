/**
 * Whether a call of a chain of blame gives memory back to the system: as strace names it, or by the name of a holder's
 * operation. A victim gives back no more than the page that it is timed at, so it is never the giver that is asked for.
 */
import { callGivesBack } from './calls.js';
import { operations } from './operations.js';

/** `madvise_free across VMAs` and such too. */
export function givesMemoryBack(call: string | null): boolean {
  const [name = ''] = (call ?? '').split(' ');
  return callGivesBack(name) || operations.some((one) => one.name === name && one.kind === 'holder' && one.givesBack);
}

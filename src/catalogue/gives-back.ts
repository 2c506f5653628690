/**
 * Whether a call in a chain of blame gives memory back to the system, by its name from strace or by the name of a
 * holder's operation. Victims are not considered: a victim gives back only the page on which it is timed.
 */
import { callGivesBack } from './calls.js';
import { operations } from './operations.js';
import { isPurge } from './purges.js';

/** Also accepts names such as `madvise_free across VMAs`. */
export function givesMemoryBack(call: string | null): boolean {
  const [name = ''] = (call ?? '').split(' ');
  return (
    callGivesBack(name) ||
    isPurge(name) ||
    operations.some((operation) => operation.name === name && operation.kind === 'holder' && operation.givesBack)
  );
}

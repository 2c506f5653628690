/**
 * Features of the scheduler, in the words that the kernel reads and writes (kernel/sched/features.h): `HRTICK` switches
 * the feature on, `NO_HRTICK` switches it off. Only the running kernel knows which features it has.
 */
export const schedFeatureWord = /^(?:NO_)?[A-Z][A-Z0-9_]{1,49}$/;

const off = 'NO_';

/** `NO_HRTICK` for `HRTICK`, and the reverse. */
export function oppositeFeature(word: string): string {
  return word.startsWith(off) ? word.slice(off.length) : off + word;
}

/** Without its state: `HRTICK` for both words. */
export function featureName(word: string): string {
  return word.startsWith(off) ? word.slice(off.length) : word;
}

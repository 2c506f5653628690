/** `--wait-for-quiet` of every command that measures. */
import { usage } from '../base/failure.js';
import { parseDuration } from '../base/text/units.js';

export const quietOption = [
  '--wait-for-quiet <time>',
  'wait up to this long, such as 10m, for other programs to become idle',
] as const;

/** In ms; null: do not wait. */
export function quietWithinOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const time = parseDuration(text);
  if (!time.ok) throw usage(`--wait-for-quiet ${text}: expected ${time.expected}`);
  return time.value / 1e6;
}

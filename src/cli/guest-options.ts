/** The options for guests, the same in every command with `--kernel`. */
import { usage } from '../base/failure.js';
import { parseDuration, parseSize, type Parsed } from '../base/text/units.js';
import type { GuestOptions } from '../experiment/place/places.js';

export interface GuestArguments {
  readonly append: readonly string[];
  readonly guestMemory: string;
  readonly guestCpus: number;
  readonly bootDeadline: string;
}

/** Defaults of the options. */
export const guestDefaults = {
  append: [],
  guestMemory: '2GiB',
  guestCpus: 2,
  bootDeadline: '2m',
} as const satisfies GuestArguments;

export function guestOptions({ append, guestMemory, guestCpus, bootDeadline }: GuestArguments): GuestOptions {
  if (guestCpus < 1 || guestCpus > 64) throw usage(`--guest-cpus ${guestCpus}: expected a whole number from 1 to 64`);
  const memoryBytes = parsed('--guest-memory', guestMemory, parseSize);
  if (memoryBytes < 2 ** 20) throw usage(`--guest-memory ${guestMemory}: expected a size such as 2GiB`);
  return {
    cpus: guestCpus,
    memoryBytes,
    append: append.flatMap((words) => words.split(/\s+/).filter((word) => word !== '')),
    bootDeadline_ms: parsed('--boot-deadline', bootDeadline, parseDuration) / 1e6,
  };
}

function parsed(option: string, text: string, parse: (text: string) => Parsed): number {
  const result = parse(text);
  if (!result.ok) throw usage(`${option} ${text}: expected ${result.expected}`);
  return result.value;
}

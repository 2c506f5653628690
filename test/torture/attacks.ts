/** The kinds of attack, by name. */
import type { Outcome } from './attempt.js';
import { calls, fault, faultNames, placeOfFault } from './faults.js';
import { kill, killNames, placeOfKill } from './kills.js';
import { sharedFolders } from './sandbox.js';
import { phases } from './watch.js';

export const kinds = ['kills', 'faults'] as const;
export type Kind = (typeof kinds)[number];

export interface Attack {
  /** Of the time, where no number is asked for. */
  readonly share: number;
  /** Names of attempts, as many as one wants or as there are. The first part of each is the kind. */
  readonly names: (seed: number, root: string) => Iterable<string> | AsyncIterable<string>;
  /** In a folder of its own. */
  readonly make: (name: string, root: string) => Promise<Outcome>;
  /** Where it counts. */
  readonly placeOf: (name: string) => { readonly row: string; readonly column: string };
  /** Of the report's table, in their order. */
  readonly columns: readonly string[];
  /** An attempt that takes longer hangs. */
  readonly deadline_ms: number;
  /** Why there can be none of it here; null if there can. */
  readonly impossible: string | null;
}

export const attacks: Readonly<Record<Kind, Attack>> = {
  kills: { share: 0.4, names: killNames, make: kill, placeOf: placeOfKill, columns: phases, deadline_ms: 240_000, impossible: sharedFolders },
  faults: { share: 0.35, names: faultNames, make: fault, placeOf: placeOfFault, columns: calls, deadline_ms: 240_000, impossible: sharedFolders },
};

export function attackOf(name: string): Attack {
  const kind = kinds.find((one) => name.startsWith(`${one}/`));
  if (kind === undefined) throw new Error(`${name}: there is no such attempt; expected ${kinds.join('/…, ')}/…`);
  return attacks[kind];
}

/** The kinds of attack, by name. */
import type { Outcome } from './attempt.js';
import { calls, fault, faultNames, placeOfFault } from './faults.js';
import { guest, guestNames, guestPhases, placeOfGuest } from './guests.js';
import { kill, killNames, placeOfKill } from './kills.js';
import { columns as mutationColumns, mutation, mutationNames, placeOfMutation } from './mutations.js';
import { sharedFolders } from './sandbox.js';
import { phases } from './watch.js';

export const kinds = ['kills', 'guests', 'faults', 'mutations'] as const;
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
  /** An attempt hangs that uses more CPU time in its lane, which a busy machine does not change. */
  readonly most_cpu_s: number;
  /** Why there can be none of it here; null if there can. */
  readonly impossible: string | null;
}

export const attacks: Readonly<Record<Kind, Attack>> = {
  kills: {
    share: 0.4,
    names: killNames,
    make: kill,
    placeOf: placeOfKill,
    columns: phases,
    most_cpu_s: 120,
    impossible: sharedFolders,
  },
  guests: {
    share: 0.1,
    names: guestNames,
    make: guest,
    placeOf: placeOfGuest,
    columns: guestPhases,
    most_cpu_s: 120,
    impossible: sharedFolders,
  },
  faults: {
    share: 0.35,
    names: faultNames,
    make: fault,
    placeOf: placeOfFault,
    columns: calls,
    most_cpu_s: 120,
    impossible: sharedFolders,
  },
  mutations: {
    share: 0.2,
    names: mutationNames,
    make: mutation,
    placeOf: placeOfMutation,
    columns: mutationColumns,
    most_cpu_s: 20,
    impossible: null,
  },
};

export function attackOf(name: string): Attack {
  const kind = kinds.find((one) => name.startsWith(`${one}/`));
  if (kind === undefined) throw new Error(`${name}: there is no such attempt; expected ${kinds.join('/…, ')}/…`);
  return attacks[kind];
}

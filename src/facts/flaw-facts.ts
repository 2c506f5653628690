/** Why a figure that looks good may not be: codes with figures. src/words/flaw-words.ts makes the sentences. */

/** Why nobody could wait for memory that is given back. */
export type NothingGiven = 'holder-idle' | 'heap-kept';

/** Why evidence of a series is flawed: a figure that looks good in its runs may not be. */
export interface FlawFact {
  readonly code: 'saturated' | 'records-lost' | 'pages-used-up' | 'work-given-up' | 'states-unseen' | NothingGiven;
  /** Runs with the flaw. */
  readonly runs_n: number;
  readonly of_n: number;
}

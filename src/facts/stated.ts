/**
 * A fact and its sentence, as results store them: the code and its figures are for programs, the sentence is for people.
 * Nothing here reads the sentence again: whoever has to decide does it by the code (docs/bundle.md, "Codes").
 */
export type Stated<Fact extends { readonly code: string } = { readonly code: string }> = Fact & {
  readonly sentence: string;
};

/** What a bundle of schema version 1 had in words alone. */
export const unclassified = 'unclassified';

export function sentencesOf(all: readonly { readonly sentence: string }[]): string[] {
  return all.map(({ sentence }) => sentence);
}

/** What several runs say in the same words, once. */
export function distinct<One extends { readonly sentence: string }>(all: readonly One[]): One[] {
  return [...new Map(all.map((one) => [one.sentence, one])).values()];
}

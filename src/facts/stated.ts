/**
 * A fact and its sentence, as results store them: the code and its figures are for programs, the sentence is for
 * people. No code reads the sentence: decisions use the code (docs/bundle.md, "Codes").
 */
export type Stated<Fact extends { readonly code: string } = { readonly code: string }> = Fact & {
  readonly sentence: string;
};

/** What a bundle of schema version 1 had only in words. */
export const unclassified = 'unclassified';

export function sentencesOf(all: readonly { readonly sentence: string }[]): string[] {
  return all.map(({ sentence }) => sentence);
}

/** Each sentence once. */
export function distinct<One extends { readonly sentence: string }>(all: readonly One[]): One[] {
  return [...new Map(all.map((one) => [one.sentence, one])).values()];
}

/** A sentence for each code of a kind of fact: the compiler finds a code without a sentence. */
export type WordsOf<Fact extends { readonly code: string }> = {
  readonly [Code in Fact['code']]: (fact: Fact & { readonly code: Code }) => string;
};

/** Each row takes only the facts of its code, which the compiler cannot follow through a lookup. */
export function sentenceOf<Fact extends { readonly code: string }>(words: WordsOf<Fact>, fact: Fact): string {
  const say = words[fact.code as Fact['code']];
  return say(fact);
}

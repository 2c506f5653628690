/** One sentence for each code of a kind of fact: the compiler finds the code that has none. */
export type WordsOf<Fact extends { readonly code: string }> = {
  readonly [Code in Fact['code']]: (fact: Fact & { readonly code: Code }) => string;
};

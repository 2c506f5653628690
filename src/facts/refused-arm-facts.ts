/** An arm that the JDK of its name cannot run: src/words/verdict-words.ts makes the sentence. */
export type RefusedArm = {
  readonly arm: string;
  /** The version of the JDK. */
  readonly jdk: string;
} & (
  | { readonly code: 'jdk-without-collector'; readonly collector: string }
  | { readonly code: 'jdk-without-flag'; readonly flag: string }
  /** `accepted`: the arm's `jdk`, such as `>=22`. */
  | { readonly code: 'jdk-not-accepted'; readonly accepted: string }
);

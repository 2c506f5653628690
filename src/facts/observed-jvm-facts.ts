/** What an observation says about a JVM: codes with figures. src/words/observed-jvm-words.ts makes the sentences. */
import type { LogProblem } from './run-facts.js';

interface OfJvm {
  readonly pid: number;
  readonly name: string;
}

/** What is not known of it, or missing in its log. */
export type JvmGap =
  /** This user may not look into the process. */
  | (OfJvm & { readonly code: 'jvm-unknown'; readonly errno: string })
  | (OfJvm & { readonly code: 'jvm-log-incomplete'; readonly problem: LogProblem })
  /** It wrote more than is kept. */
  | (OfJvm & { readonly code: 'jvm-log-long'; readonly mostBytes: number })
  | (OfJvm & { readonly code: 'jvm-log-unreadable' });

/** What may be left of an observation in a JVM. */
export type JvmLeftover =
  /** It does not answer. `guardian`: the process that waits until it does. */
  | (OfJvm & { readonly code: 'jvm-not-restored-yet'; readonly guardian: number })
  /** The guardian was killed, so nothing was undone. */
  | (OfJvm & { readonly code: 'jvm-guardian-lost'; readonly file: string })
  /** Its other log outputs are not those of before. */
  | (OfJvm & {
      readonly code: 'jvm-outputs-differ';
      readonly before: readonly string[];
      readonly after: readonly string[];
    });

/** Why `--jvm` cannot attach. */
export type AttachRefusal =
  | { readonly code: 'not-a-jvm' }
  | { readonly code: 'attach-disabled'; readonly flag: string }
  | { readonly code: 'sigquit-uncaught' }
  | { readonly code: 'jvm-stopped' }
  | { readonly code: 'jvm-ended' }
  | { readonly code: 'jvm-silent' }
  | { readonly code: 'jvm-unreachable'; readonly errno: string }
  | { readonly code: 'command-failed'; readonly command: string; readonly text: string }
  | { readonly code: 'no-tmpfs'; readonly folders: readonly string[] }
  | { readonly code: 'guardian-ended' };

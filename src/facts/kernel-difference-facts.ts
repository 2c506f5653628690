/** In what two kernels differ, by image and configuration. src/words/kernel-words.ts makes the sentences. */

/** `a` and `b`: the values of the first and of the other kernel. */
export type KernelDifferenceFact =
  | {
      readonly fact:
        | 'version'
        /** Of two kernels that pauselab built. */
        | 'sources'
        | 'flavour'
        | 'compiler'
        | 'hz'
        | 'preemption default'
        | 'preemption models'
        | 'real time'
        | 'per-VMA locks'
        | 'transparent huge pages'
        | 'mitigations'
        | 'cpu.max'
        | 'autogroup'
        | 'config';
      readonly a: string;
      readonly b: string;
    }
  /** Options of the configuration of two images of one version. */
  | { readonly fact: 'options'; readonly options: readonly string[] };

/** As a bundle has it; null and empty: not of this kind, or of an older bundle. */
export interface StoredKernelDifference {
  readonly fact: string;
  readonly a: string | null;
  readonly b: string | null;
  readonly options: readonly string[];
  readonly sentence: string;
}

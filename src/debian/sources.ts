/** Options for finding packages and what is made of them; all have a default. */
export interface Sources {
  /** The cache folder; by default PAUSELAB_CACHE, else pauselab in XDG_CACHE_HOME or ~/.cache. */
  readonly cache?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Receives a sentence for everything that takes time or differs from the request. */
  readonly note?: (sentence: string) => void;
  /** Ends downloads; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** A kernel that can be booted, whatever it came from. */
export interface KernelImage {
  /** What the user wrote: `deb:6.16.12`, a path. */
  readonly asked: string;
  /** The `uname -r` that it will report, such as `6.16.12+deb13-cloud-amd64`; from the image itself. */
  readonly release: string;
  /** Absolute path of the bzImage (vmlinuz) or vmlinux. */
  readonly image: string;
  /** Path of its .config, if one is known. */
  readonly config: string | null;
  /** The folder lib/modules/<release>, if the source had one. */
  readonly modules: string | null;
  /** Of the image. */
  readonly sha256: string;
  readonly origin: KernelOrigin;
}

export type KernelOrigin =
  | { readonly kind: 'deb'; readonly package: string; readonly version: string; readonly suite: string | null }
  | { readonly kind: 'file' };

/** What finding a kernel may use; all of it has a default. */
export interface KernelSources {
  /** The cache folder; else PAUSELAB_CACHE, else pauselab in XDG_CACHE_HOME or ~/.cache. */
  readonly cache?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Told what takes time and what is not as asked: a sentence each. */
  readonly note?: (sentence: string) => void;
  /** Ends downloads; its reason is what is thrown. */
  readonly signal?: AbortSignal;
}

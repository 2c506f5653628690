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

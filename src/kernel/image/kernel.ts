import type { BuildRecord } from '../../facts/build-record.js';

export type { Sources as KernelSources } from '../../debian/sources.js';

/** A kernel that can be booted, from any source. */
export interface KernelImage {
  /** The user's input: `deb:6.16.12`, a path. */
  readonly asked: string;
  /** The release that `uname -r` will report, such as `6.16.12+deb13-cloud-amd64`; from the image itself. */
  readonly release: string;
  /** Absolute path of the bzImage (vmlinuz) or vmlinux. */
  readonly image: string;
  /** Path of its .config, if one is known. */
  readonly config: string | null;
  /** The folder lib/modules/<release>, if the source had one. */
  readonly modules: string | null;
  /** Checksum of the image. */
  readonly sha256: string;
  readonly origin: KernelOrigin;
}

export type KernelOrigin =
  | {
      readonly kind: 'deb';
      readonly package: string;
      readonly version: string;
      readonly suite: string | null;
      /** The package of its .config, if no signed list has it: then nothing proves that the .config is Debian's. */
      readonly unlistedConfig?: string;
    }
  | { readonly kind: 'file' }
  /** Built by pauselab; `label`: as it was asked for, null if by its sources and changes. */
  | ({
      readonly kind: 'built';
      readonly label: string | null;
      /** Of its vmlinux; null: a pauselab built it that did not keep it. */
      readonly buildId: string | null;
      /** Paths of the packages that install it; empty of a kernel for guests. */
      readonly packages: readonly string[];
    } & BuildRecord);

/** What a built kernel was built from: the inputs by which its build is cached and compared with others. */

export type SourceIdentity =
  | {
      readonly kind: 'deb';
      readonly package: string;
      readonly version: string;
      readonly suite: string;
      readonly sha256: string;
    }
  | { readonly kind: 'tarball'; readonly name: string; readonly sha256: string }
  /** `sha256`: of all files; `commit`: of git, with `+` if files differ from it; null without git. */
  | { readonly kind: 'folder'; readonly path: string; readonly commit: string | null; readonly sha256: string };

/** A change of the sources. */
export interface AppliedChange {
  /** The name of a shipped change, or of a patch's file. */
  readonly name: string;
  readonly origin: 'shipped' | 'file';
  readonly isReverted: boolean;
  /** As a patch. */
  readonly text: string;
  /** Of the text. */
  readonly sha256: string;
}

export interface BuildRecord {
  readonly source: SourceIdentity;
  /** Of the sources: `7.3.4`. */
  readonly version: string;
  readonly changes: readonly AppliedChange[];
  /** The options that were asked for, as a .config has them. */
  readonly options: string;
  /** The first line of its --version. */
  readonly compiler: string;
  /** Of a kernel that was built as packages: what follows the version in its release. Absent of a kernel for guests. */
  readonly localVersion?: string;
}

/** The packages into which a linux-image package of the newer layout is split, read from its dependencies. Pure. */

export interface Part {
  readonly name: string;
  /** The kernel itself is in this package; the other packages have its config and its modules. */
  readonly holdsImage: boolean;
}

/** Empty for a package that contains its kernel. */
export function dependedParts({ depends }: { readonly depends: string }): Part[] {
  const names = [...depends.matchAll(/\blinux-(binary|base|modules)-\d[^\s,|]*/g)].map(([name, kind]) => ({
    name,
    holdsImage: kind === 'binary',
  }));
  return names.some(({ holdsImage }) => holdsImage) ? names : [];
}

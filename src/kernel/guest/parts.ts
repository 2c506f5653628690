/** What a linux-image package of the newer layout is split into, from its dependencies. Pure. */

export interface Part {
  readonly name: string;
  /** Without this one there is no kernel; the others hold its config and its modules. */
  readonly holdsImage: boolean;
}

/** None for a package that holds its kernel itself. */
export function dependedParts({ depends }: { readonly depends: string }): Part[] {
  const names = [...depends.matchAll(/\blinux-(binary|base|modules)-\d[^\s,|]*/g)].map(([name, kind]) => ({
    name,
    holdsImage: kind === 'binary',
  }));
  return names.some(({ holdsImage }) => holdsImage) ? names : [];
}

/**
 * A profile before validation: plain YAML data in which every value has the place where it was written, so that errors
 * have their place also after merging files and overrides.
 */

/** `file:line:column`, or the option that gave the value. */
export type TextPlace = string;

export type Path = readonly (string | number)[];

export type Tree =
  | { readonly kind: 'scalar'; readonly at: TextPlace; readonly value: unknown }
  | { readonly kind: 'list'; readonly at: TextPlace; readonly items: readonly Tree[] }
  | { readonly kind: 'mapping'; readonly at: TextPlace; readonly entries: ReadonlyMap<string, Entry> };

export type Mapping = Extract<Tree, { kind: 'mapping' }>;

export interface Entry {
  readonly keyAt: TextPlace;
  readonly value: Tree;
}

export function toPlain(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toPlain);
  return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, toPlain(entry.value)]));
}

/** The reverse of toPlain, for a value from a single place. */
export function treeOf(value: unknown, at: TextPlace): Tree {
  if (Array.isArray(value)) return { kind: 'list', at, items: value.map((item) => treeOf(item, at)) };
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', at, value };
  const entries = Object.entries(value).map(([key, inner]) => [key, { keyAt: at, value: treeOf(inner, at) }] as const);
  return { kind: 'mapping', at, entries: new Map(entries) };
}

export function childOf(tree: Tree, step: string | number): Tree | undefined {
  if (tree.kind === 'mapping') return tree.entries.get(String(step))?.value;
  return tree.kind === 'list' && typeof step === 'number' ? tree.items[step] : undefined;
}

export function find(tree: Tree, path: Path): Tree | undefined {
  let found: Tree | undefined = tree;
  for (const step of path) found = found && childOf(found, step);
  return found;
}

/** The place of the value at `path`. A missing value has the place of the nearest mapping or list around it. */
export function placeOf(tree: Tree, path: Path): TextPlace {
  let around = tree;
  for (const step of path) {
    const child = childOf(around, step);
    if (child === undefined) break;
    around = child;
  }
  return around.at;
}

export function keyPlace(tree: Tree, path: Path, key: string): TextPlace {
  const parent = find(tree, path);
  return (parent?.kind === 'mapping' ? parent.entries.get(key)?.keyAt : undefined) ?? placeOf(tree, path);
}

/** A path as users write it: an arm by its name, if it has a name. */
export function shownPath(tree: Tree, path: Path): Path {
  const arm = path[0] === 'arms' && path.length > 1 ? find(tree, path.slice(0, 2)) : undefined;
  const name = arm && armName(arm);
  return name === undefined ? path : ['arms', name, ...path.slice(2)];
}

/** `own` replaces `base`: mappings key by key, other values in whole, `arms` of the top level by name. */
export function merge(base: Mapping, own: Mapping): Mapping {
  return mergeMappings(base, own, (key, inherited, overriding) =>
    key === 'arms' && inherited.kind === 'list' && overriding.kind === 'list'
      ? { ...overriding, items: mergeArms(inherited.items, overriding.items) }
      : mergeTrees(inherited, overriding),
  );
}

function mergeTrees(base: Tree, own: Tree): Tree {
  if (base.kind !== 'mapping' || own.kind !== 'mapping') return own;
  return mergeMappings(base, own, (_key, inherited, overriding) => mergeTrees(inherited, overriding));
}

function mergeMappings(base: Mapping, own: Mapping, join: (key: string, base: Tree, own: Tree) => Tree): Mapping {
  const entries = new Map(base.entries);
  for (const [key, entry] of own.entries) {
    const inherited = base.entries.get(key);
    entries.set(key, inherited ? { ...entry, value: join(key, inherited.value, entry.value) } : entry);
  }
  return { ...own, entries };
}

/** Inherited arms keep their order, and new arms follow. An arm that a file names twice stays twice, and is refused. */
function mergeArms(base: readonly Tree[], own: readonly Tree[]): Tree[] {
  const inherited = [...base];
  const added: Tree[] = [];
  const taken = new Set<number>();
  for (const arm of own) {
    const index = inherited.findIndex((one) => armName(one) !== undefined && armName(one) === armName(arm));
    const same = inherited[index];
    if (same === undefined || taken.has(index)) {
      added.push(arm);
    } else {
      taken.add(index);
      inherited[index] = mergeTrees(same, arm);
    }
  }
  return [...inherited, ...added];
}

export function armName(arm: Tree): string | undefined {
  const name = childOf(arm, 'name');
  return name?.kind === 'scalar' && typeof name.value === 'string' ? name.value : undefined;
}

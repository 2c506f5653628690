/** Overrides of a written profile, applied before validation: `--set path=value`, and options for a path. */
import { usage } from '../../base/failure.js';
import { didYouMean } from '../../base/text/near-miss.js';
import { formatPath, invalid } from './problem.js';
import {
  armName,
  childOf,
  find,
  treeOf,
  type Entry,
  type Mapping,
  type Path,
  type TextPlace,
  type Tree,
} from './tree.js';
import { mostDepth, readYamlValue } from './yaml.js';

export interface Override {
  /** Such as `['holder', 'nice']`, `['victims', 0, 'rate']`, `['arms', 'free-one-vma', 'layout']`. */
  readonly path: Path;
  /** Plain data that a profile could have at this path. */
  readonly value: unknown;
  /** The option with its value, as errors name it: `--set holder.nice=10`. */
  readonly origin: TextPlace;
}

/** Longest path as text. Names are short, and the pattern below recurses for every step. */
const mostCharacters = 1000;
/** Longest part of an argument that a sentence shows. */
const mostShown = 200;

/** `option`: another option of the form path=value. The value is YAML. */
export function parseOverride(option: string, text: string): Override {
  const equals = text.indexOf('=');
  const origin = `${option} ${text.length > mostShown ? `${text.slice(0, mostShown)}...` : text}`;
  if (equals <= 0) throw usage(`${origin}: expected path=value such as duration=5s or holder.nice=10`);
  return {
    path: parsePath(text.slice(0, equals).trim(), origin),
    value: readYamlValue(text.slice(equals + 1).trim(), origin),
    origin,
  };
}

export function applyOverride(tree: Mapping, override: Override): Mapping {
  const path = resolveNames(tree, override.path, override);
  if (path[0] === 'extends') throw refuse(override, path, 'extends cannot be set; choose the other profile instead');
  refuseWithoutEffect(tree, path, override);
  return replace(tree, path, treeOf(override.value, override.origin), override) as Mapping;
}

function parsePath(text: string, origin: TextPlace): Path {
  if (text.length > mostCharacters || !/^[^.[\]]+(\[\d{1,6}\]|\.[^.[\]]+)*$/.test(text)) {
    throw usage(
      `${origin}: expected a path such as holder.nice or victims[0].rate, got ${JSON.stringify(text.slice(0, mostShown))}`,
    );
  }
  const path = [...text.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([step, index]) =>
    index === undefined ? step : Number(index),
  );
  if (path.length > mostDepth)
    throw usage(`${origin}: expected a path of at most ${mostDepth} steps, got ${path.length}`);
  return path;
}

/** `arms.free-one-vma` to `arms[0]`. */
function resolveNames(tree: Tree, path: Path, override: Override): Path {
  const [first, name, ...rest] = path;
  if (first !== 'arms' || typeof name !== 'string') return path;
  const list = childOf(tree, 'arms');
  const names = list?.kind === 'list' ? list.items.map((arm) => armName(arm) ?? '') : [];
  const index = names.indexOf(name);
  if (index >= 0) return [first, index, ...rest];
  const hint = didYouMean(name, names) || `; the arms are ${names.join(', ')}`;
  throw refuse(override, ['arms', name], `expected the name of an arm, got ${name}${hint}`);
}

/**
 * The setting of an arm wins over that of the profile. If every arm has the setting, an override in the profile would have
 * no effect.
 */
function refuseWithoutEffect(tree: Tree, path: Path, override: Override): void {
  const list = childOf(tree, 'arms');
  const arms = list?.kind === 'list' ? list.items : [];
  if (path[0] === 'arms' || arms.length === 0 || !arms.every((arm) => setsItself(arm, path))) return;
  const name = arms.map(armName)[0] ?? 'NAME';
  throw refuse(
    override,
    path,
    `every arm sets this itself, so it would have no effect; set arms.${name}.${formatPath(path)} instead`,
  );
}

function setsItself(arm: Tree, path: Path): boolean {
  if (['name', 'title'].includes(String(path[0]))) return false;
  return path.some((_step, index) => {
    const found = find(arm, path.slice(0, index + 1));
    return found !== undefined && (found.kind !== 'mapping' || index === path.length - 1);
  });
}

function replace(tree: Tree | undefined, path: Path, value: Tree, override: Override, done: Path = []): Tree {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const at = [...done, step];
  if (typeof step === 'number') {
    const items = tree?.kind === 'list' ? tree.items : [];
    if (items[step] === undefined) {
      const last = items.length - 1;
      throw refuse(
        override,
        at,
        last < 0 ? 'there is no such list here' : `expected an index from 0 to ${last}, got ${step}`,
      );
    }
    const list = { kind: 'list' as const, at: tree?.at ?? override.origin };
    return {
      ...list,
      items: items.map((item, index) => (index === step ? replace(item, rest, value, override, at) : item)),
    };
  }
  if (tree?.kind === 'list')
    throw refuse(override, at, `expected an index such as ${formatPath(done)}[0], got ${step}`);
  // A scalar on the path is replaced too, and the schema reports it.
  const old: Mapping =
    tree?.kind === 'mapping' ? tree : { kind: 'mapping', at: override.origin, entries: new Map<string, Entry>() };
  const child = replace(old.entries.get(step)?.value, rest, value, override, at);
  return {
    ...old,
    entries: new Map(old.entries).set(step, { keyAt: override.origin, value: child }),
  };
}

function refuse(override: Override, path: Path, text: string) {
  return invalid([{ at: override.origin, path, text }]);
}

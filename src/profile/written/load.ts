/** From a name or a file to a validated profile: reads, inherits, overrides, checks. */
import { dirname, resolve } from 'node:path';
import { usage } from '../../base/failure.js';
import { isPath, shippedFile, shippedNames, unknownProfile } from './catalogue.js';
import { expand } from '../resolved/expand.js';
import { describe, invalid } from './problem.js';
import type { ResolvedProfile } from '../resolved/resolved.js';
import type { Profile } from './profile-schema.js';
import { applyOverride, type Override } from './set.js';
import { find, merge, toPlain, type Mapping } from './tree.js';
import { validate, type Fixed } from '../check/validate.js';
import { readMapping, shownFile, type Refuse } from './yaml-file.js';

/** Throws a usage failure with one line per problem, each `file:line:column path: what was expected, got what`. */
export async function loadProfile(nameOrPath: string, overrides: readonly Override[] = []): Promise<Profile> {
  return validate(overrides.reduce(applyOverride, await loadTree(nameOrPath)));
}

export async function loadResolved(nameOrPath: string, overrides: readonly Override[] = []): Promise<ResolvedProfile> {
  return (await readProfile(nameOrPath))(overrides);
}

/** Resolves a profile with overrides. Fixed values win over the profile and over the overrides. */
export type ResolveWith = (overrides: readonly Override[], fixed?: Fixed) => ResolvedProfile;

/** Reads the profile's files once, for as many overrides as are tried. */
export async function readProfile(nameOrPath: string): Promise<ResolveWith> {
  const tree = await loadTree(nameOrPath);
  return (overrides, fixed = {}) => expand(validate(overrides.reduce(applyOverride, tree), fixed));
}

/** The profile as written, with its inherited settings, before validation. */
export async function loadTree(nameOrPath: string): Promise<Mapping> {
  return readWithParents(await profileFile(nameOrPath), [], usage);
}

/** The file of a profile. A path is not checked for existence. */
export function profileFile(nameOrPath: string): Promise<string> {
  return fileOf(nameOrPath, process.cwd(), usage);
}

/** Name and title of each shipped profile. */
export async function catalogue(): Promise<{ name: string; title: string }[]> {
  const profiles = await Promise.all((await shippedNames()).map((name) => loadProfile(name)));
  return profiles.map(({ name, title }) => ({ name, title }));
}

async function fileOf(nameOrPath: string, folder: string, refuse: Refuse): Promise<string> {
  if (isPath(nameOrPath)) return resolve(folder, nameOrPath);
  const unknown = await unknownProfile(nameOrPath);
  if (unknown !== undefined) throw refuse(unknown);
  return shippedFile(nameOrPath);
}

async function readWithParents(file: string, heirs: readonly string[], refuse: Refuse): Promise<Mapping> {
  const own = readMapping(file, 'a profile, a mapping with keys such as name and arms', refuse);
  const parent = find(own, ['extends']);
  if (parent === undefined) return own;
  const refuseParent: Refuse = (text) => invalid([{ at: parent.at, path: ['extends'], text }]);
  const value = toPlain(parent);
  if (typeof value !== 'string') {
    throw refuseParent(
      `expected the name of a shipped profile or a path relative to this file, got ${describe(value)}`,
    );
  }
  const chain = [...heirs, file];
  const parentFile = await fileOf(value, dirname(file), refuseParent);
  if (chain.includes(parentFile)) {
    const cycle = [...chain.slice(chain.indexOf(parentFile)), parentFile].map(shownFile).join(' → ');
    throw refuseParent(`the profiles extend each other in a cycle (${cycle}); remove one \`extends\``);
  }
  return merge(withoutIdentity(await readWithParents(parentFile, chain, refuseParent)), own);
}

/** A profile does not inherit the name, title and description of its parent. */
function withoutIdentity(tree: Mapping): Mapping {
  const identity = ['name', 'title', 'description', 'extends'];
  return {
    ...tree,
    entries: new Map([...tree.entries].filter(([key]) => !identity.includes(key))),
  };
}

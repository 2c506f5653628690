/** How two sides differ besides what was measured: a difference in figures may come from any of these. */
import type { CompareNote } from '../../facts/compare-facts.js';
import type { DifferingSetting } from '../../facts/side-facts.js';
import type { ResolvedArm, ResolvedProfile } from '../../profile/resolved/resolved.js';
import { armMeaning, settingsMeaning, ProgramVersion, without, type Configured } from '../evidence/settings-meaning.js';
import type { Side } from '../evidence/side.js';
import { differingFacts } from './differing-facts.js';

const longestValue = 60;

/** What differs besides what was to be compared. */
export function differencesOf(a: Side, b: Side): CompareNote[] {
  const differing = differingFacts(a.facts, b.facts);
  return [
    ...(differing.length === 0 ? [] : [{ code: 'facts-differ', a: a.label, b: b.label, facts: differing } as const]),
    ...profileDifferences(a, b),
  ];
}

/**
 * Settings by which two resolved profiles measure different things, by meaning (settings-meaning.ts). Number and order
 * of runs, titles, and arms of a single profile do not count.
 */
export function differingSettings(one: Configured, other: Configured): DifferingSetting[] {
  const paths: DifferingSetting[] = [];
  const shared = sharedNames(one, other);
  const tree = ({ resolved, programs }: Configured): unknown =>
    withoutEmpty(
      measured(
        resolved,
        ({ name }) => shared.includes(name),
        (arm) => armMeaning(arm, programs),
      ),
    );
  differingPaths(tree(one), tree(other), '', paths);
  return paths;
}

const ofArm = /^arms\.([^.]+)\./;

/** The path inside its arm; the path of any other setting as it is. */
export function pathInArm(path: string): string {
  return path.replace(ofArm, '');
}

/** The same difference in each of several arms counts once, as does the user's program, which all arms share. */
export function withoutRepetition(settings: readonly DifferingSetting[], arms: number): DifferingSetting[] {
  const key = ({ path, a, b }: DifferingSetting): string => JSON.stringify([pathInArm(path), a, b]);
  const seen = new Map<string, number>();
  for (const one of settings) if (ofArm.test(one.path)) seen.set(key(one), (seen.get(key(one)) ?? 0) + 1);
  const isOfAll = (one: DifferingSetting): boolean =>
    ofArm.test(one.path) && seen.get(key(one)) === arms && (arms > 1 || pathInArm(one.path).startsWith('jvm.app.'));
  return settings.flatMap((one, i) => {
    if (!isOfAll(one)) return [one];
    return settings.findIndex((other) => key(other) === key(one)) === i ? [{ ...one, path: pathInArm(one.path) }] : [];
  });
}

/** Arms that both have. */
export function sharedArms(one: Configured, other: Configured): number {
  return sharedNames(one, other).length;
}

function sharedNames(one: Configured, other: Configured): string[] {
  const [names, others] = [one, other].map(({ resolved }) => resolved?.arms.map(({ name }) => name) ?? []);
  return names?.filter((name) => others?.includes(name)) ?? [];
}

/** The settings of a resolved profile that decide what is measured. An arm's kind follows from the rest of it. */
export function measuredSettings(resolved: ResolvedProfile | null): unknown {
  return withoutEmpty(
    measured(
      resolved,
      () => true,
      (arm) => without(arm, ['kind']),
    ),
  );
}

/** An empty setting means the same as a setting that an older version did not have. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isTree(value) || value instanceof ProgramVersion) return value;
  const isEmpty = (inner: unknown): boolean =>
    inner === null || inner === undefined || (isTree(inner) && Object.keys(inner).length === 0);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
      isEmpty(inner) ? [] : [[key, withoutEmpty(inner)]],
    ),
  );
}

/** Kernels, their models and their features are facts of a side, and reported as facts. */
const unmeasured = ['title', 'description', 'runs', 'seed', 'kernels', 'preempt', 'features', 'expects'];

function measured(
  resolved: ResolvedProfile | null,
  isMeant: (arm: ResolvedArm) => boolean,
  treeOf: (arm: ResolvedArm) => object,
): object | null {
  if (resolved === null) return null;
  return {
    ...without(resolved, unmeasured),
    spoiled: without(resolved.spoiled, ['retries']),
    arms: resolved.arms.filter(isMeant).map((arm) => without(treeOf(arm), ['title'])),
  };
}

function profileDifferences(a: Side, b: Side): CompareNote[] {
  const { profile, profileHash } = a.facts;
  if (profile !== b.facts.profile) return [];
  const paths: DifferingSetting[] = [];
  differingPaths(settingsMeaning(a), settingsMeaning(b), '', paths);
  if (paths.length === 0 && profileHash === b.facts.profileHash) return [];
  const settings = withoutRepetition(paths, sharedArms(a, b));
  return [{ code: 'profile-differs', a: a.label, b: b.label, profile, settings }];
}

/**
 * Members of an array are identified by their names. In an array without names, everything that differs is a single
 * difference.
 */
function differingPaths(one: unknown, other: unknown, path: string, found: DifferingSetting[], depth = 0): void {
  if (found.length > 1000 || depth > 20 || isAlike(one, other)) return;
  const settings = (value: unknown): unknown => (value === undefined && settingsByName.test(path) ? {} : value);
  const [left, right] = [membersOf(settings(one)), membersOf(settings(other))];
  if (left !== null && right !== null) {
    for (const key of new Set([...left.keys(), ...right.keys()]))
      differingPaths(left.get(key), right.get(key), path === '' ? key : `${path}.${key}`, found, depth + 1);
  } else if (Array.isArray(one) && Array.isArray(other)) {
    found.push({ path, ...differingParts(one, other) });
  } else {
    found.push({ path, a: shown(one), b: shown(other) });
  }
}

function isAlike(one: unknown, other: unknown): boolean {
  if (one instanceof ProgramVersion && other instanceof ProgramVersion) return one.isSame(other);
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((member, i) => isAlike(member, other[i]));
  return Object.is(one, other) || (isTree(one) && isTree(other) && JSON.stringify(one) === JSON.stringify(other));
}

/** Of two lists whose order matters: the parts between their common beginning and end. */
function differingParts(
  one: readonly unknown[],
  other: readonly unknown[],
): { readonly a: string; readonly b: string } {
  const most = Math.min(one.length, other.length);
  let before = 0;
  while (before < most && isAlike(one[before], other[before])) before += 1;
  let after = 0;
  while (after < most - before && isAlike(one[one.length - 1 - after], other[other.length - 1 - after])) after += 1;
  const part = (list: readonly unknown[]): string => {
    const middle = list.slice(before, list.length - after);
    return middle.length === 0 ? 'absent' : middle.map(shown).join(' ');
  };
  return { a: part(one), b: part(other) };
}

function isTree(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Mappings that are compared key by key, also if the other side has none. */
const settingsByName = /(?:^|\.)(?:flags|environment|settings|limits)$/;

/** Keys that identify members of a list: arms and loads, victims, thread rules, system calls. */
const naming = ['name', 'series', 'pattern', 'call', 'operation'] as const;

/** Null for a list whose members have no names, and for a single value. */
function membersOf(value: unknown): Map<string, unknown> | null {
  if (!isTree(value) || value instanceof ProgramVersion) return null;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const members: readonly unknown[] = value;
  for (const key of naming) {
    const names = members.flatMap((member) =>
      isTree(member) && key in member && typeof (member as Record<string, unknown>)[key] === 'string'
        ? [(member as Record<string, string>)[key] ?? '']
        : [],
    );
    if (names.length === members.length && new Set(names).size === names.length)
      return new Map(names.map((name, i) => [name, members[i]]));
  }
  return null;
}

function shown(value: unknown): string {
  const text = value === undefined ? 'absent' : value instanceof ProgramVersion ? value.shown() : JSON.stringify(value);
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`;
}

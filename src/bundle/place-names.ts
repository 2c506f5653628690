/**
 * A place is where runs are made: this machine, or a guest with its kernel, CPUs, memory and command line. Its name is
 * unique in a bundle: the label, or the kernel's release with what distinguishes it from others of that release. Two
 * hosts, or a stock and a patched build of a version, can have the same release.
 */
import { basename, resolve } from 'node:path';
import type { KernelRecord } from './bundle-schema.js';

export interface UnnamedPlace {
  /** Null: no label was given. */
  readonly label: string | null;
  readonly release: string;
  /** `host`, `deb:…` or a path, without the label. */
  readonly asked: string;
}

/** Names, in the order of `places`. */
export function placeNames(places: readonly UnnamedPlace[]): string[] {
  const baseOf = ({ label, release }: UnnamedPlace): string => label ?? release;
  const taken = new Set(places.flatMap(({ label }) => label ?? []));
  return places.map((place) => {
    if (place.label !== null) return place.label;
    const alike = places.filter((other) => baseOf(other) === place.release);
    const own = alike.length > 1 ? [source(place.asked, alike)] : [];
    for (let nth = 1; ; nth += 1) {
      const told = [...own, ...(nth === 1 ? [] : [String(nth)])].join(', ');
      const name = told === '' ? place.release : `${place.release} (${told})`;
      // The name becomes the name of the console's file.
      if ([...taken].some((other) => folderName(other) === folderName(name))) continue;
      taken.add(name);
      return name;
    }
  });
}

/** The kernel as the user wrote it; of a path, the shortest part that distinguishes it from the others. */
function source(asked: string, alike: readonly UnnamedPlace[]): string {
  if (!isPath(asked)) return asked;
  const parts = alike.flatMap((one) => (isPath(one.asked) ? [partsOf(one.asked)] : []));
  const own = partsOf(asked);
  const common = commonEnd(parts);
  const short = (path: readonly string[], n: number): string =>
    path
      .slice(0, path.length - common)
      .slice(-n)
      .join('/');
  for (let n = 1; n <= own.length - common; n += 1)
    if (parts.filter((path) => short(path, n) === short(own, n)).length === 1) return short(own, n);
  return basename(own.join('/'));
}

function isPath(asked: string): boolean {
  return asked !== 'host' && !asked.startsWith('deb:') && !asked.startsWith('deb-source:');
}

function partsOf(asked: string): string[] {
  return resolve(asked.replace(/,config=.*$/s, ''))
    .split('/')
    .slice(1);
}

/** How many of the last parts are the same in all lists. */
function commonEnd(paths: readonly (readonly string[])[]): number {
  const [first = [], ...others] = paths;
  if (others.length === 0) return 0;
  let n = 0;
  while (n < first.length && others.every((path) => path.length > n && path.at(-1 - n) === first.at(-1 - n))) n += 1;
  return n;
}

/** The name of a place as a part of a file name. */
export function folderName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._+-]+/g, '-');
}

type Named = Pick<KernelRecord, 'name' | 'label' | 'release'>;

/** A place in a sentence: `Linux 6.17.13`, `patched (Linux 6.17.13)`. */
export function linuxText({ name, label, release }: Named): string {
  return label === null ? `Linux ${name}` : `${name} (Linux ${release})`;
}

/**
 * The names by which the places of two bundles match: labels if both have a label, else the name without a label.
 * `others`: all places of the same bundle.
 */
export interface PlaceKey {
  readonly label: string | null;
  readonly unlabelled: string;
}

export function placeKey(place: KernelRecord, others: readonly KernelRecord[]): PlaceKey {
  const { name, label } = place;
  const own = nameWithoutLabel(place);
  const isAlone = others.filter((one) => nameWithoutLabel(one) === own).length === 1;
  return { label: label === null ? null : name, unlabelled: isAlone ? own : name };
}

/** The release in place of the label, with the conditions that the name has. */
export function nameWithoutLabel(place: KernelRecord): string {
  const { name, label, release } = place;
  return label === null ? name : `${release}${conditionsIn(place)}`;
}

export function isSamePlace(a: PlaceKey, b: PlaceKey): boolean {
  return a.label !== null && b.label !== null ? a.label === b.label : a.unlabelled === b.unlabelled;
}

/** What a kernel runs under: a preemption model, and a feature of the scheduler. Null: as the kernel has it. */
export interface Conditions {
  readonly preempt: string | null;
  readonly feature: string | null;
}

/** The end of a name, of the conditions of which there are several. */
export function conditionSuffix({ preempt, feature }: Conditions): string {
  return `${preempt === null ? '' : ` preempt=${preempt}`}${feature === null ? '' : ` ${feature}`}`;
}

export function conditionsOf({ guest, feature }: Pick<KernelRecord, 'guest' | 'feature'>): Conditions {
  return { preempt: guest?.preempt ?? null, feature: feature ?? null };
}

/** The conditions at the end of the name. A condition that all places share is not in it. */
export function conditionsIn(place: Pick<KernelRecord, 'name' | 'guest' | 'feature'>): string {
  const own = conditionsOf(place);
  return (
    [own, { ...own, preempt: null }, { ...own, feature: null }]
      .map(conditionSuffix)
      .find((suffix) => suffix !== '' && place.name.endsWith(suffix)) ?? ''
  );
}

/**
 * A place is where runs are made: this machine, or a guest with a kernel, CPUs, memory and a command line of its own.
 * In a bundle it has a name, and no two have the same: its label, or its kernel's release with what tells it from
 * others of that release. Two hosts, or a stock and a patched build of one version, have one release.
 */
import { basename, resolve } from 'node:path';
import type { KernelRecord } from './bundle-schema.js';

export interface UnnamedPlace {
  /** Null: none was given. */
  readonly label: string | null;
  readonly release: string;
  /** `host`, `deb:…` or a path, without a label. */
  readonly asked: string;
}

/** In the order of `places`. */
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
      // A console's file is named after it.
      if ([...taken].some((other) => folderName(other) === folderName(name))) continue;
      taken.add(name);
      return name;
    }
  });
}

/** What was asked for; of a path as little as tells it from the others. */
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
  return asked !== 'host' && !asked.startsWith('deb:');
}

function partsOf(asked: string): string[] {
  return resolve(asked.replace(/,config=.*$/s, ''))
    .split('/')
    .slice(1);
}

/** How many of the last parts are the same in all of several. */
function commonEnd(paths: readonly (readonly string[])[]): number {
  const [first = [], ...others] = paths;
  if (others.length === 0) return 0;
  let n = 0;
  while (n < first.length && others.every((path) => path.length > n && path.at(-1 - n) === first.at(-1 - n))) n += 1;
  return n;
}

/** A place's name as a part of a file's. */
export function folderName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._+-]+/g, '-');
}

type Named = Pick<KernelRecord, 'name' | 'label' | 'release'>;

/** For a sentence: `Linux 6.17.13`, `patched (Linux 6.17.13)`. */
export function linuxText({ name, label, release }: Named): string {
  return label === null ? `Linux ${name}` : `${name} (Linux ${release})`;
}

/**
 * By what the places of two bundles are matched: labels if both have one, else the kernel's name as it is without a
 * label. `others`: all places of its own bundle.
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

/** Its release in place of its label, and its model behind it if the name has it. */
export function nameWithoutLabel({ name, label, release, guest }: KernelRecord): string {
  if (label === null) return name;
  const suffix = modelSuffix(guest?.preempt ?? null);
  return `${release}${name === label ? '' : suffix}`;
}

export function isSamePlace(a: PlaceKey, b: PlaceKey): boolean {
  return a.label !== null && b.label !== null ? a.label === b.label : a.unlabelled === b.unlabelled;
}

/** What a name has behind it where each kernel runs under several models. */
export function modelSuffix(preempt: string | null): string {
  return preempt === null ? '' : ` preempt=${preempt}`;
}

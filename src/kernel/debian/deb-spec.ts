/** Parses `deb:VERSION[/FLAVOUR]`, and chooses among the available packages. Pure. */
import { usage } from '../../base/failure.js';
import { didYouMean } from '../../base/text/near-miss.js';
import { compareDebianVersions, upstreamVersion } from '../../debian/debian-version.js';

export const flavours = ['cloud-amd64', 'amd64', 'rt-amd64'] as const;

export type Flavour = (typeof flavours)[number];

const shortNames: Record<string, Flavour> = { cloud: 'cloud-amd64', rt: 'rt-amd64' };

export interface DebSpec {
  readonly asked: string;
  /**
   * The first numbers of a version (`6.16.12`, `6.12`, `7`), or a full release (`6.12.43+deb13-cloud-amd64`) or package
   * version.
   */
  readonly version: string;
  readonly flavour: Flavour;
}

/** A linux-image package, described by its name and version. */
export interface Named {
  readonly name: string;
  readonly version: string;
}

export interface ImageName {
  /** As printed by `uname -r`. */
  readonly release: string;
  readonly flavour: Flavour;
  /** Without the signature for secure boot, which a guest does not need. */
  readonly unsigned: boolean;
}

const pattern = new RegExp(`^linux-image-(\\d\\S*?)-(${flavours.join('|')})(-unsigned)?$`);

export function parseImageName(name: string): ImageName | null {
  const [, abi, flavour, unsigned] = pattern.exec(name) ?? [];
  return abi === undefined || flavour === undefined
    ? null
    : { release: `${abi}-${flavour}`, flavour: flavour as Flavour, unsigned: unsigned !== undefined };
}

export function parseDebSpec(asked: string): DebSpec {
  const [version = '', named, ...more] = asked.slice('deb:'.length).split('/');
  const example = 'write it as deb:6.12 (the newest 6.12.x), deb:6.16.12 or deb:6.16.12/amd64';
  if (!/^\d[\w.+~:-]*$/.test(version) || more.length > 0) throw usage(`${asked} names no kernel version; ${example}`);
  const implied = parseImageName(`linux-image-${version}`)?.flavour;
  const flavour =
    named === undefined ? (implied ?? 'cloud-amd64') : (shortNames[named] ?? flavours.find((known) => known === named));
  if (flavour === undefined)
    throw usage(
      `${asked}: Debian has no flavour ${named ?? ''}` +
        `${didYouMean(named ?? '', [...flavours, ...Object.keys(shortNames)])}; there are ${flavours.join(', ')}`,
    );
  if (implied !== undefined && implied !== flavour)
    throw usage(`${asked}: the release ${version} is of the flavour ${implied}, not ${flavour}`);
  return { asked, version, flavour };
}

/** Whether only a single kernel can match, so that a cached kernel suffices and no newer one is looked for. */
export function isExact({ version }: DebSpec): boolean {
  return !/^\d+(\.\d+)?$/.test(version);
}

/** The newest match; of two equal ones the image that is signed for secure boot, which users install. */
export function bestMatch<T extends Named>(spec: DebSpec, packages: readonly T[]): T | undefined {
  return packages
    .filter((candidate) => fits(spec, candidate))
    .sort((a, b) => compareDebianVersions(b.version, a.version) || Number(isUnsigned(a)) - Number(isUnsigned(b)))[0];
}

function fits({ version, flavour }: DebSpec, candidate: Named): boolean {
  const image = parseImageName(candidate.name);
  if (image?.flavour !== flavour) return false;
  if ([image.release, image.release.slice(0, -flavour.length - 1), candidate.version].includes(version)) return true;
  const wanted = version.split('.');
  const numbers = upstreamVersion(candidate.version).split('.');
  return /^[\d.]+$/.test(version) && wanted.every((number, i) => number === numbers[i]);
}

function isUnsigned({ name }: Named): boolean {
  return parseImageName(name)?.unsigned ?? false;
}

/** Versions of this flavour around the missing one, in order. */
export function nearVersions({ version, flavour }: DebSpec, packages: readonly Named[]): string[] {
  const all = new Set(
    packages
      .filter(({ name }) => parseImageName(name)?.flavour === flavour)
      .map((image) => upstreamVersion(image.version)),
  );
  const sorted = [...all].sort(compareDebianVersions);
  const place = sorted.filter((near) => compareDebianVersions(near, version) < 0).length;
  return sorted.slice(Math.max(0, place - 3), place + 3);
}

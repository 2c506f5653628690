/** Parses `deb:VERSION[/SUITE][,libc=SUITE]`, and chooses among the available JDKs. Pure. */
import { usage } from '../base/failure.js';
import { didYouMean } from '../base/text/near-miss.js';
import { compareDebianVersions } from '../debian/debian-version.js';

/** Suites with JDKs: 17 is in bookworm, 21 and 25 are in trixie, sid has all of them. */
export const jdkSuites = ['bookworm', 'trixie', 'sid'] as const;

export interface JdkSpec {
  readonly asked: string;
  /** The first numbers of a version (`26`, `17.0.19`), or a package version. */
  readonly version: string;
  readonly suite: string | null;
  /** The suite of its C library; null: the suite of its package. */
  readonly libcSuite: string | null;
}

/** A JDK of a suite, by the version of its packages. */
export interface VersionedJdk {
  readonly version: string;
  readonly suite: string;
}

export const isJdkSpec = (text: string): boolean => text.startsWith('deb:');

export function parseJdkSpec(asked: string): JdkSpec {
  const example = 'write it as deb:26, deb:17.0.19, deb:17/bookworm or deb:17/bookworm,libc=sid';
  const [named = '', ...options] = asked.slice('deb:'.length).split(',');
  const [version = '', suite = null, ...more] = named.split('/');
  if (!/^\d[\w.+~:-]*$/.test(version) || more.length > 0) throw usage(`${asked} names no version of a JDK; ${example}`);
  const unknown = options.find((option) => !option.startsWith('libc='));
  if (unknown !== undefined || options.length > 1)
    throw usage(`${asked}: ${JSON.stringify(unknown ?? options.join(','))} is no option of a JDK; ${example}`);
  const libcSuite = options[0]?.slice('libc='.length) ?? null;
  for (const name of [suite, libcSuite])
    if (name !== null && !jdkSuites.some((known) => known === name))
      throw usage(
        `${asked}: ${JSON.stringify(name)} is no suite with JDKs${didYouMean(name, [...jdkSuites])}; ` +
          `there are ${jdkSuites.join(', ')}`,
      );
  return { asked, version, suite, libcSuite };
}

/** Whether only a single JDK can match, so that a cached JDK suffices and no newer one is looked for. */
export function isExactJdk({ version }: JdkSpec): boolean {
  return /[+~-]/.test(version);
}

/** The newest match. */
export function bestJdk<T extends VersionedJdk>(spec: JdkSpec, jdks: readonly T[]): T | undefined {
  return jdks
    .filter((jdk) => fits(spec, jdk))
    .sort((a, b) => compareDebianVersions(b.version, a.version) || orderOf(a) - orderOf(b))[0];
}

/** The version of Java in a package's version: `17.0.19` of 17.0.19+10-1~deb12u2, `28` of 28~18ea-1. */
export function javaVersion(version: string): string {
  return /^(?:\d+:)?([\d.]*\d)/.exec(version)?.[1] ?? version;
}

/** What names this JDK, with its suite and, if that is another one, the suite of its C library. */
export function jdkSpecOf({
  version,
  suite,
  libc,
}: VersionedJdk & { readonly libc?: { readonly suite: string } }): string {
  const other = libc === undefined || libc.suite === suite ? '' : `,libc=${libc.suite}`;
  return `deb:${javaVersion(version)}/${suite}${other}`;
}

function fits(spec: JdkSpec, { version, suite }: VersionedJdk): boolean {
  if (spec.suite !== null && spec.suite !== suite) return false;
  if (version === spec.version) return true;
  const numbers = javaVersion(version).split('.');
  return /^[\d.]+$/.test(spec.version) && spec.version.split('.').every((number, i) => number === numbers[i]);
}

const orderOf = ({ suite }: VersionedJdk): number => {
  const at = jdkSuites.findIndex((known) => known === suite);
  return at < 0 ? jdkSuites.length : at;
};

/** Specifications of the JDKs around a missing one, in order. */
export function nearJdks({ version }: JdkSpec, jdks: readonly VersionedJdk[]): string[] {
  const sorted = [...new Set(jdks.map((jdk) => javaVersion(jdk.version)))].sort(compareDebianVersions);
  const place = sorted.filter((near) => compareDebianVersions(near, version) < 0).length;
  return sorted.slice(Math.max(0, place - 3), place + 3).map((near) => `deb:${near}`);
}

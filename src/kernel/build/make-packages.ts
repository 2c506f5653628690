/**
 * A kernel with the user's whole configuration, as Debian packages for the user's own machine: the kernel's target
 * bindeb-pkg, in an object folder that all variants of the same sources and options share.
 */
import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { copyNew, makeFolders } from '../../base/files/atomic-file.js';
import { unfit, usage } from '../../base/failure.js';
import { buildIdOfVmlinux } from '../image/build-id.js';
import { unpackDeb } from '../../debian/deb-archive.js';
import { keepKernel } from '../debian/unpacked-kernel.js';
import type { KernelSources } from '../image/kernel.js';
import { configureKernel, makeAll, makeDebs, type ObjectFolder } from './make-kernel.js';
import { changedOptions, setOptions, withLocalVersion } from './whole-config.js';

/** What a build as packages needs beside the sources and changes. */
export interface PackageWish {
  readonly keepsDebugInfo: boolean;
}

export interface MadePackages {
  /** Their names, in `packages` of the folder. */
  readonly packages: readonly string[];
  readonly buildId: string | null;
}

/**
 * Objects of an option that is set, with what modules and packages take. An estimate on the safe side: 567 options took
 * 0.5 MB each. No whole configuration of a distribution was measured.
 */
const perOptionBytes = 2e6;
/** With debug info the objects are several times larger. */
const withDebugInfo = 3;
/** Sources, and what does not depend on options. */
const baseBytes = 4e9;

export function packageBuildBytes(options: string, { keepsDebugInfo }: PackageWish): number {
  return baseBytes + setOptions(options) * perOptionBytes * (keepsDebugInfo ? withDebugInfo : 1);
}

/** Names of packages have neither capitals nor underscores, and a release has at most 64 characters. */
export function refuseLabelOfPackages(label: string): void {
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(label))
    throw usage(
      `--label ${label}: expected lower-case letters, digits, . and -, because with --deb the label is a part of the ` +
        'names of packages; choose another label, such as stock',
    );
}

/** As the version of a package writes it: a release candidate comes before the release. */
function packageVersion(version: string): string {
  return `${version.replace(/-(rc\d+)/, '~$1')}-1`;
}

/** Fills `folder` with the kernel and its packages. */
export async function makePackages(
  folder: string,
  at: ObjectFolder,
  { version, options, basis, localVersion }: PackageBuild,
  sources: KernelSources,
): Promise<MadePackages> {
  const asked = withLocalVersion(options, localVersion);
  const config = await configureKernel(at, asked, basis, sources, 'olddefconfig');
  noteChanged(changedOptions(options, config), at.linux, sources);
  await makeAll(at, sources);
  const beside = join(at.objects, '..');
  const debs = (): string[] => readdirSync(beside).filter((name) => name.endsWith('.deb'));
  for (const name of debs()) rmSync(join(beside, name), { force: true });
  sources.note?.(`packaging ${at.linux}`);
  await makeDebs(at, packageVersion(version), sources);
  const made = debs().sort();
  const image = made.find((name) => name.startsWith(`linux-image-${version}`) && !name.includes('-dbg_'));
  if (image === undefined)
    throw unfit(
      `make bindeb-pkg of ${at.linux} ended without a package linux-image-${version}… (it made ${made.join(', ') || 'none'}); ` +
        'build this version by hand and name its .deb with --kernel',
    );
  const packages = join(folder, 'packages');
  makeFolders(packages);
  for (const name of made) copyNew(join(beside, name), join(packages, name));
  // The image and the modules of the package are what is installed, and what a guest boots.
  const unpacked = join(folder, 'unpacked');
  makeFolders(unpacked);
  await unpackDeb(join(packages, image), unpacked, sources.signal);
  await keepKernel(unpacked, folder, image);
  for (const name of made) rmSync(join(beside, name), { force: true });
  return { packages: made, buildId: buildIdOfVmlinux(join(at.objects, 'vmlinux')) };
}

export interface PackageBuild {
  /** Of the sources. */
  readonly version: string;
  readonly options: string;
  /** What else the .config depends on. */
  readonly basis: string;
  readonly localVersion: string;
}

const mostNamed = 5;

/** A newer kernel has dropped some options of an older configuration. That is usual, but the user is told. */
function noteChanged(names: readonly string[], linux: string, { note }: KernelSources): void {
  if (names.length === 0) return;
  const rest = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
  note?.(
    `${linux} does not have ${names.length === 1 ? 'an option' : `${names.length} options`} of the configuration as ` +
      `asked for: ${names
        .slice(0, mostNamed)
        .map((name) => `CONFIG_${name}`)
        .join(', ')}${rest}`,
  );
}

/** Packages to install: the kernel, and headers for modules that are built on the machine. */
export function packagesToInstall(paths: readonly string[]): string[] {
  return paths.filter((path) => /^linux-(?:image|headers)-/.test(basename(path)) && !basename(path).includes('-dbg_'));
}

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { onPath } from '../../src/base/on-path.mjs';
import { howToInstall, ownDistribution, packageNames, systemPackages } from '../../src/base/system-packages.mjs';
import { aptInstall, isDebianLike } from './apt.mjs';
import { hasHeaders } from './headers.mjs';
import { findJdk } from './jdk.mjs';
import { SetupFailure, say } from './report.mjs';

/** Whether this machine has what a need (src/base/system-packages.mjs) stands for. apt knows those without a probe. */
const probes = {
  compiler: () => isOnPath('g++'),
  make: () => isOnPath('make'),
  python: () => isOnPath('python3'),
  nodeHeaders: () => hasHeaders('/usr'),
  staticLibraries: () => ['libc.a', 'libstdc++.a'].every(hasCompilerFile),
  sanitizers: () => ['libasan.so', 'libubsan.so', 'libtsan.so'].every(hasCompilerFile),
  doctest: () => ['/usr/include', '/usr/local/include'].some((folder) => existsSync(join(folder, 'doctest/doctest.h'))),
  jdk: () => findJdk() !== undefined,
  java: () => isOnPath('java'),
  jemalloc: () => hasLibrary('libjemalloc.so.2'),
  tcmalloc: () => hasLibrary('libtcmalloc_minimal.so.4'),
  mimalloc: () => hasLibrary('libmimalloc.so.2.0'),
  qemu: () => isOnPath('qemu-system-x86_64'),
  gcc: () => isOnPath('gcc'),
  flex: () => isOnPath('flex'),
  bison: () => isOnPath('bison'),
  bc: () => isOnPath('bc'),
  tar: () => isOnPath('tar'),
  xz: () => isOnPath('xz'),
  diff: () => isOnPath('diff'),
  patch: () => isOnPath('patch'),
  libelf: () => hasHeader('gelf.h'),
  openssl: () => hasHeader('openssl/opensslv.h'),
  libbpf: () => ['libbpf.a', 'libelf.so', 'libz.so'].every(hasCompilerFile) && existsSync('/usr/include/bpf/libbpf.h'),
  strace: () => isOnPath('strace'),
  apt: () => isOnPath('apt-get'),
  dpkg: () => isOnPath('dpkg-deb'),
  patchelf: () => isOnPath('patchelf'),
  flock: () => isOnPath('flock'),
  taskset: () => isOnPath('taskset'),
  // Signs the repository that tests of kernel packages make.
  gnupg: () => isOnPath('gpg') && isOnPath('gpg-agent'),
  clangFormat: () => isOnPath('clang-format'),
  hdrHistogram: () => existsSync('/usr/share/java/hdrhistogram.jar'),
};

export const buildNeeds = ['compiler', 'make', 'python'];

/** What the tests need in addition. `java` runs the reference library of histograms. */
export const testNeeds = [
  'staticLibraries',
  'sanitizers',
  'doctest',
  'strace',
  'java',
  'jdk',
  'qemu',
  'jemalloc',
  'tcmalloc',
  'mimalloc',
  'hdrHistogram',
  'gnupg',
  'patchelf',
  'clangFormat',
  // Kernels are built of a tree that the tests make, by the tools that a real one needs.
  ...['gcc', 'flex', 'bison', 'bc', 'tar', 'xz', 'diff', 'patch', 'libelf', 'openssl'],
];

/** Where Debian puts shared libraries: a folder for each architecture. */
function hasLibrary(file) {
  return ['x86_64-linux-gnu', 'aarch64-linux-gnu', ''].some((folder) => existsSync(join('/usr/lib', folder, file)));
}

function hasHeader(file) {
  return ['/usr/include', '/usr/include/x86_64-linux-gnu', '/usr/local/include'].some((folder) =>
    existsSync(join(folder, file)),
  );
}

/** g++ prints the path of a file that it has, and repeats the name of a file that it does not have. */
function hasCompilerFile(file) {
  if (!isOnPath('g++')) return false;
  try {
    return isAbsolute(
      execFileSync('g++', [`-print-file-name=${file}`], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim(),
    );
  } catch {
    return false;
  }
}

function isOnPath(program) {
  return onPath(program) !== null;
}

export function missingFrom(needs) {
  return needs.filter((need) => probes[need]?.() === false);
}

export function isKnownNeed(name) {
  return Object.hasOwn(systemPackages, name);
}

/** Installs what is missing, as root on a Debian-like system and if `mayInstall`. Otherwise names the packages. */
export async function install(needs, logFile, { mayInstall = true } = {}) {
  const own = ownDistribution();
  const names = packageNames(needs, own === 'ubuntu' ? 'ubuntu' : 'debian');
  if (!mayInstall || process.getuid() !== 0 || !isDebianLike())
    throw new SetupFailure(5, `${cannotInstall(needs, names, own)}, then start again`);
  say(`installing system packages: ${names.join(' ')}`);
  await aptInstall(names, logFile);
  const still = missingFrom(needs);
  if (still.length > 0)
    throw new SetupFailure(
      5,
      `${packageNames(still, own ?? 'debian').join(', ')} is installed but cannot be found: look at PATH`,
    );
}

function cannotInstall(needs, debianNames, own) {
  const lacks = `this machine lacks ${own === 'fedora' ? packageNames(needs, own).join(', ') : debianNames.join(', ')}`;
  const why = isDebianLike() && process.getuid() !== 0 ? '; as root pauselab installs what is missing' : '';
  return `${lacks}${why}: run ${howToInstall(needs, own)}`;
}

/**
 * System packages that pauselab needs. Plain JavaScript, because the set-up (scripts/setup) reads this table before
 * anything is compiled.
 */
import { readFileSync } from 'node:fs';
import { valueIn } from './key-values.mjs';

const alike = (/** @type {string[]} */ ...names) => ({ debian: names, ubuntu: names });

/** An empty list: the distribution has no such package. */
export const systemPackages = {
  compiler: { ...alike('g++'), fedora: ['gcc-c++'] },
  make: { ...alike('make'), fedora: ['make'] },
  python: { ...alike('python3'), fedora: ['python3'] },
  // Debian's g++ brings the static libraries and the sanitizers.
  staticLibraries: { ...alike('g++'), fedora: ['glibc-static', 'libstdc++-static'] },
  sanitizers: { ...alike('g++'), fedora: ['libasan', 'libubsan', 'libtsan'] },
  doctest: { ...alike('doctest-dev'), fedora: ['doctest-devel'] },
  // Debian's Node from Debian: other Nodes bring their headers.
  nodeHeaders: { ...alike('libnode-dev'), fedora: ['nodejs-devel'] },
  java: { ...alike('default-jre-headless'), fedora: ['java-latest-openjdk-headless'] },
  jdk: { ...alike('default-jdk-headless'), fedora: ['java-latest-openjdk-devel'] },
  jlink: { ...alike('default-jdk-headless'), fedora: ['java-latest-openjdk-jmods'] },
  jemalloc: { ...alike('libjemalloc2'), fedora: ['jemalloc'] },
  tcmalloc: { ...alike('libtcmalloc-minimal4'), fedora: ['gperftools-libs'] },
  mimalloc: { ...alike('libmimalloc2.0'), fedora: ['mimalloc'] },
  qemu: { ...alike('qemu-system-x86'), fedora: ['qemu-system-x86-core'] },
  // With what it is linked against.
  libbpf: {
    ...alike('libbpf-dev', 'libelf-dev', 'zlib1g-dev'),
    fedora: ['libbpf-static', 'elfutils-libelf-devel', 'zlib-devel'],
  },
  strace: { ...alike('strace'), fedora: ['strace'] },
  apt: { ...alike('apt'), fedora: ['apt'] },
  dpkg: { ...alike('dpkg'), fedora: ['dpkg'] },
  debianKeys: { ...alike('debian-archive-keyring'), fedora: ['debian-keyring'] },
  // Makes a fetched JDK find its own C library.
  patchelf: { ...alike('patchelf'), fedora: ['patchelf'] },
  flock: { ...alike('util-linux'), fedora: ['util-linux-core'] },
  // To build kernels.
  gcc: { ...alike('gcc'), fedora: ['gcc'] },
  flex: { ...alike('flex'), fedora: ['flex'] },
  bison: { ...alike('bison'), fedora: ['bison'] },
  bc: { ...alike('bc'), fedora: ['bc'] },
  tar: { ...alike('tar'), fedora: ['tar'] },
  xz: { ...alike('xz-utils'), fedora: ['xz'] },
  diff: { ...alike('diffutils'), fedora: ['diffutils'] },
  patch: { ...alike('patch'), fedora: ['patch'] },
  libelf: { ...alike('libelf-dev'), fedora: ['elfutils-libelf-devel'] },
  openssl: { ...alike('libssl-dev'), fedora: ['openssl-devel'] },
  // To build packages of kernels.
  dpkgDev: { ...alike('dpkg-dev'), fedora: ['dpkg-dev'] },
  debhelper: { ...alike('debhelper'), fedora: ['debhelper'] },
  fakeroot: { ...alike('fakeroot'), fedora: ['fakeroot'] },
  rsync: { ...alike('rsync'), fedora: ['rsync'] },
  kmod: { ...alike('kmod'), fedora: ['kmod'] },
  cpio: { ...alike('cpio'), fedora: ['cpio'] },
  opensslProgram: { ...alike('openssl'), fedora: ['openssl'] },
  pahole: { ...alike('dwarves'), fedora: ['dwarves'] },
  zstd: { ...alike('zstd'), fedora: ['zstd'] },
  lz4: { ...alike('lz4'), fedora: ['lz4'] },
  taskset: { ...alike('util-linux'), fedora: ['util-linux-core'] },
  gnupg: { ...alike('gnupg'), fedora: ['gnupg2'] },
  clangFormat: { ...alike('clang-format'), fedora: ['clang-tools-extra'] },
  hdrHistogram: { ...alike('libhdrhistogram-java'), fedora: [] },
};

/** @typedef {keyof typeof systemPackages} Need */
/** @typedef {'debian' | 'ubuntu' | 'fedora'} Distribution */

/** @type {Record<Distribution, { title: string, install: string }>} */
const distributions = {
  debian: { title: 'Debian', install: 'apt-get install' },
  ubuntu: { title: 'Ubuntu', install: 'apt-get install' },
  fedora: { title: 'Fedora', install: 'dnf install' },
};

/**
 * This machine's distribution, or the one that it is derived from, by os-release(5); null if the table has neither.
 * @param {string} osRelease
 * @returns {Distribution | null}
 */
export function distributionOf(osRelease) {
  const value = (/** @type {string} */ key) => /^["']?([^"']*)/.exec(valueIn(osRelease, key) ?? '')?.[1] ?? '';
  const words = `${value('ID')} ${value('ID_LIKE')}`.toLowerCase().split(/\s+/);
  return /** @type {Distribution | undefined} */ (words.find((word) => Object.hasOwn(distributions, word))) ?? null;
}

/** @returns {Distribution | null} */
export function ownDistribution() {
  try {
    return distributionOf(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return null;
  }
}

/**
 * Names of packages, each once.
 * @param {readonly Need[]} needs
 * @param {Distribution} distribution
 * @returns {string[]}
 */
export function packageNames(needs, distribution) {
  return [...new Set(needs.flatMap((need) => systemPackages[need][distribution]))];
}

/**
 * The commands that install them, starting with this machine's distribution; distributions that share a command are joined:
 * "`apt-get install strace` on Debian and Ubuntu, `dnf install strace` on Fedora".
 * @param {readonly Need[]} needs
 * @param {Distribution | null} [own]
 * @returns {string}
 */
export function howToInstall(needs, own = ownDistribution()) {
  const order = /** @type {Distribution[]} */ (Object.keys(distributions)).sort(
    (a, b) => Number(b === own) - Number(a === own),
  );
  /** @type {Map<string, string[]>} */
  const titles = new Map();
  for (const distribution of order) {
    const names = packageNames(needs, distribution);
    const command = names.length === 0 ? 'no package' : `\`${distributions[distribution].install} ${names.join(' ')}\``;
    titles.set(command, [...(titles.get(command) ?? []), distributions[distribution].title]);
  }
  return [...titles].map(([command, names]) => `${command} on ${names.join(' and ')}`).join(', ');
}

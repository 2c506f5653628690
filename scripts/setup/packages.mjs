import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run, mustRun, isOnPath } from './child.mjs';
import { findJdk } from './jdk.mjs';
import { SetupFailure, say } from './report.mjs';

const program = (name, file) => ({ name, isPresent: () => isOnPath(file) });

/** Debian's names of what building needs. g++ brings the static libraries and the sanitizers. */
export const buildPackages = [
  program('g++', 'g++'),
  program('make', 'make'),
  program('python3', 'python3'),
];

/** And of what the tests need beyond that. */
export const testPackages = [
  program('strace', 'strace'),
  // Its `java` runs the reference library of histograms, its compiler and headers build the JVM workloads.
  { name: 'default-jdk-headless', isPresent: () => isOnPath('java') && findJdk() !== undefined },
  // Guests with kernels of their own.
  program('qemu-system-x86', 'qemu-system-x86_64'),
  { name: 'libjemalloc2', isPresent: () => hasLibrary('libjemalloc.so.2') },
  { name: 'libtcmalloc-minimal4', isPresent: () => hasLibrary('libtcmalloc_minimal.so.4') },
  { name: 'libmimalloc2.0', isPresent: () => hasLibrary('libmimalloc.so.2.0') },
  {
    name: 'libhdrhistogram-java',
    isPresent: () => existsSync('/usr/share/java/hdrhistogram.jar'),
  },
  // Signs the repository that tests of kernel packages make.
  { name: 'gnupg', isPresent: () => isOnPath('gpg') && isOnPath('gpg-agent') },
];

/** Where Debian puts shared libraries: a folder for each architecture. */
function hasLibrary(file) {
  return ['x86_64-linux-gnu', 'aarch64-linux-gnu', ''].some((folder) => existsSync(join('/usr/lib', folder, file)));
}

export function missingFrom(packages) {
  return packages.filter(({ isPresent }) => !isPresent());
}

/** Installs packages as root on a Debian-like system; elsewhere says which they are. */
export async function install(packages, logFile) {
  const names = packages.map(({ name }) => name);
  const command = `apt-get install -y --no-install-recommends ${names.join(' ')}`;
  if (process.getuid() !== 0 || !isDebianLike()) {
    throw new SetupFailure(
      5,
      `This machine lacks ${names.join(', ')}: on Debian or Ubuntu run "sudo ${command}" ` +
        '(elsewhere install what these packages hold), then start again.',
    );
  }
  say(`installing system packages: ${names.join(' ')}`);
  const [, ...args] = command.split(' ');
  const env = {
    DEBIAN_FRONTEND: 'noninteractive',
    // A shell got by `su` has no sbin in its PATH, and dpkg insists on it.
    PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
  };
  const first = await run('apt-get', args, { env });
  if (first.code !== 0) {
    // No package lists yet, or lists so old that the files they name are gone.
    await run('apt-get', ['update'], { env });
    const sentence = `"${command}" failed: correct what it names, then start again.`;
    await mustRun('apt-get', args, { env, logFile, exitCode: 5, sentence });
  }
  const still = missingFrom(packages).map(({ name }) => name);
  if (still.length > 0) {
    throw new SetupFailure(5, `${still.join(', ')} is installed but cannot be found: look at PATH.`);
  }
}

/** The version apt-get would install, or undefined. */
export async function candidateVersion(name) {
  if (!isDebianLike()) return undefined;
  const { output } = await run('apt-cache', ['policy', name], { env: { LC_ALL: 'C' } });
  return /Candidate: (?:\d+:)?(\d\S*)/.exec(output)?.[1];
}

function isDebianLike() {
  return existsSync('/etc/debian_version') && isOnPath('apt-get');
}

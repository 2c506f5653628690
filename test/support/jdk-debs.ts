/** JDKs that are none, as Debian packages them: a program in place of java, and the C library of this machine. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDeb } from './kernels.js';

const libraryFolder = 'lib/x86_64-linux-gnu';

/** `program` stands for java: one that ends with 0 starts, as far as `jdks fetch` tries it. */
export function jdkDebs(
  folder: string,
  { feature, version, program = '/usr/bin/true' }: { feature: number; version: string; program?: string },
): string[] {
  const home = `usr/lib/jvm/java-${feature}-openjdk-amd64`;
  const tree = join(folder, `openjdk-${feature}-jre-headless.tree`, home);
  for (const name of ['bin', 'conf']) mkdirSync(join(tree, name), { recursive: true });
  writeFileSync(join(tree, 'bin/java'), readFileSync(program), { mode: 0o755 });
  symlinkSync(`/etc/java-${feature}-openjdk/net.properties`, join(tree, 'conf/net.properties'));
  symlinkSync('/etc/ssl/no-such-file', join(tree, 'conf/cacerts'));
  return [
    makeDeb(folder, {
      name: `openjdk-${feature}-jre-headless`,
      version,
      files: {
        [`${home}/lib/modules`]: 'no modules',
        [`${home}/lib/server/libjvm.so`]: 'no library',
        [`etc/java-${feature}-openjdk/net.properties`]: 'of the package',
      },
    }),
    makeDeb(folder, { name: `openjdk-${feature}-jdk-headless`, version, files: { [`${home}/jmods/java.base`]: '' } }),
  ];
}

/** The libraries that every JDK needs, of the version of glibc that is named. */
export function libraryDebs(folder: string, libcVersion: string): string[] {
  const loader = join(libraryFolder, 'ld-linux-x86-64.so.2');
  const tree = join(folder, 'libc6.tree');
  mkdirSync(join(tree, libraryFolder), { recursive: true });
  writeFileSync(join(tree, loader), readFileSync(join('/', loader)), { mode: 0o755 });
  const libc = join(libraryFolder, 'libc.so.6');
  return [
    makeDeb(folder, { name: 'libc6', version: libcVersion, files: { [libc]: readFileSync(join('/', libc)) } }),
    ...['libgcc-s1', 'libstdc++6', 'zlib1g'].map((name) =>
      makeDeb(folder, { name, version: '1-1', files: { [`usr/share/doc/${name}/note`]: '' } }),
    ),
  ];
}

/** The JDKs that the tests of JVM workloads run on, and what the set-up built for them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { javacFlags } from '../../scripts/setup/java.mjs';
import { findJdk } from '../../scripts/setup/jdk.mjs';

export const jar = fileURLToPath(new URL('../../jvm-workloads/build/pauselab.jar', import.meta.url));
export const nativeLibrary = fileURLToPath(new URL('../../native/build/Release/libpauselab-jvm.so', import.meta.url));
/** A JVM of 25 warns about native code without it; 17 knows it too. */
export const nativeAccess = '--enable-native-access=ALL-UNNAMED';

export interface Jdk {
  readonly java: string;
  readonly version: string;
}

/** Each installed JDK of 17 or newer once, the one on PATH first; the tests' output says which ran. */
export function installedJdks(): readonly Jdk[] {
  const folder = '/usr/lib/jvm';
  const below = existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}/bin/java`) : [];
  const onPath = execFileSync('sh', ['-c', 'command -v java'], { encoding: 'utf8' }).trim();
  const programs = new Set([onPath, ...below].filter((java) => existsSync(java)).map((java) => realpathSync(java)));
  return [...programs]
    .map((java) => ({ java, version: versionOf(java) }))
    .filter(({ version }) => Number.parseInt(version, 10) >= 17);
}

function versionOf(java: string): string {
  const properties = execFileSync('sh', ['-c', '"$0" -XshowSettings:properties -version 2>&1', java], {
    encoding: 'utf8',
  });
  return /^\s*java\.version = (\S+)$/m.exec(properties)?.[1] ?? '0';
}

/** Compiles test programs against the JVM workloads, for the oldest JDK that these run on; returns the folder. */
export function compileJava(folder: string, ...sources: readonly string[]): string {
  javac(['-Xlint:all', '-Werror', '-cp', jar, '-d', folder, ...sources]);
  return folder;
}

export function javac(args: readonly string[]): void {
  const home = findJdk();
  if (home === undefined) throw new Error('there is no JDK; `npm test` installs one');
  execFileSync(join(home, 'bin/javac'), [...javacFlags, ...args], { encoding: 'utf8' });
}

/** A Java runtime small enough for a guest's memory: the modules that our jar needs, linked by the JDK itself, cached by that JDK. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../base/atomic-file.js';
import { cleanUpNow } from '../base/clean-up.js';
import { unfit } from '../base/failure.js';
import { readText } from '../base/read-file.js';
import type { Jdk } from '../host/jdks.js';
import { cacheFolder, inCache } from './cache.js';

/** `jdeps --print-module-deps` of our jar, the agent's, and what the JVM's own settings ask for. */
const modules = ['java.base', 'java.instrument', 'java.logging', 'java.management', 'jdk.management', 'jdk.unsupported'];

/** The folder of a runtime of this JDK: the same version, collectors and flags. */
export function javaRuntime({ home, version, vendor }: Jdk): string {
  const jlink = join(home, 'bin/jlink');
  if (!existsSync(jlink) || !existsSync(join(home, 'jmods'))) throw unfit(`${home} has no jlink or no jmods, and a guest needs a Java runtime made by them; name a whole JDK with --java`);
  const release = existsSync(join(home, 'release')) ? readText(join(home, 'release'), { mostBytes: 2 ** 20 }) : '';
  const key = createHash('sha256').update([home, version, vendor, release, ...modules].join('\n')).digest('hex').slice(0, 32);
  const cache = cacheFolder({});
  const runtimes = join(cache, 'java-runtimes');
  const place = join(runtimes, key);
  if (existsSync(place)) return place;
  return inCache(cache, () => {
    makeFolders(runtimes);
    const partial = mkdtempSync(join(runtimes, '.partial-'));
    try {
      const made = join(partial, 'runtime');
      run(jlink, ['--add-modules', modules.join(','), '--strip-debug', '--no-header-files', '--no-man-pages', '--output', made]);
      // Class data sharing: without its archive an emulated JVM takes twice as long to start.
      run(join(made, 'bin/java'), ['-Xshare:dump']);
      renameSync(made, place);
    } catch (error) {
      // Another pauselab may have made the same one meanwhile.
      if (!existsSync(place)) throw error;
    } finally {
      cleanUpNow(() => { rmSync(partial, { recursive: true, force: true }); });
    }
    return place;
  });
}

function run(program: string, args: readonly string[]): void {
  try {
    execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  } catch (cause) {
    const { stderr, message } = cause as Error & { stderr?: string };
    throw unfit(`${program} could not make a Java runtime for a guest (${(stderr ?? message).trim().split('\n')[0] ?? ''}); name another JDK with --java`, { cause });
  }
}

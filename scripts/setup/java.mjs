import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from './child.mjs';
import { findJdk, oldestJdk } from './jdk.mjs';
import { hashOf, stamp } from './stamp.mjs';

/** Up to JDK 17 javac reads sources in the locale's encoding, which without LANG is US-ASCII. */
export const javacFlags = ['-encoding', 'UTF-8', '--release', String(oldestJdk)];

/** Plain javac and jar. */
export function javaStep(root) {
  const folder = join(root, 'jvm-workloads');
  const build = join(folder, 'build');
  const mustRunJdk = (program, args) =>
    mustRun(join(findJdk(), 'bin', program), args, {
      cwd: folder,
      logFile: join(root, '.setup/java.log'),
      exitCode: 1,
      sentence: 'the Java sources do not compile',
    });
  return {
    part: 'jvm',
    title: 'JVM workloads',
    needs: ['jdk'],
    stamp: stamp(join(build, '.setup-stamp')),
    input: () => hashOf(root, ['jvm-workloads'], ['jvm-workloads/build']),
    make: async () => {
      rmSync(build, { recursive: true, force: true });
      mkdirSync(build);
      const sources = readdirSync(join(folder, 'src'), { recursive: true })
        .filter((name) => name.endsWith('.java'))
        .map((name) => join('src', name));
      await mustRunJdk('javac', [...javacFlags, '-Xlint:all', '-Werror', '-d', 'build/classes', ...sources]);
      await mustRunJdk('jar', [
        '--create',
        '--file',
        'build/pauselab.jar',
        '--manifest',
        'MANIFEST.MF',
        '-C',
        'build/classes',
        '.',
      ]);
    },
  };
}

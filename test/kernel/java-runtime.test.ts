/** The runtime that a guest gets of a JDK: what the JDK's own tool links, made small. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { Jdk } from '../../src/host/jdks.js';
import { javaRuntime } from '../../src/kernel/guest/java-runtime.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A JDK whose jlink makes what `lines` of a shell say, in the folder "$made". */
function jdkLinking(lines: readonly string[]): string {
  const home = scratch.fresh('jdk');
  mkdirSync(join(home, 'bin'), { recursive: true });
  mkdirSync(join(home, 'jmods'));
  const jlink = join(home, 'bin/jlink');
  const script = ['#!/bin/sh', 'for made; do :; done', 'mkdir -p "$made/bin" "$made/lib/server"', ...lines];
  writeFileSync(
    jlink,
    `${[...script, 'printf "#!/bin/sh\\n" > "$made/bin/java"', 'chmod +x "$made/bin/java"'].join('\n')}\n`,
  );
  chmodSync(jlink, 0o755);
  return home;
}

const jdkIn = (home: string): Jdk => ({
  ...{ home, java: join(home, 'bin/java'), version: '28-ea', feature: 28 },
  ...{ vendor: 'Debian', vm: 'OpenJDK', source: '--java', packaged: null },
});

test('it has no debugging data, of which the modules of a JDK may bring hundreds of MB', async () => {
  vi.stubEnv('PAUSELAB_CACHE', scratch.fresh('cache'));
  const home = jdkLinking([
    'touch "$made/lib/server/libjvm.so" "$made/lib/server/libjvm.debuginfo" "$made/lib/libjava.debuginfo"',
  ]);
  const [file, ...others] = await javaRuntime(jdkIn(home));
  expect(others).toEqual([]);
  expect(file?.to).toBe(home);
  const made = (path: string) => existsSync(join(file?.from ?? '', path));
  expect(['bin/java', 'lib/server/libjvm.so'].filter(made)).toHaveLength(2);
  expect(['lib/server/libjvm.debuginfo', 'lib/libjava.debuginfo'].filter(made)).toEqual([]);
});

test.each<[string, (runtime: string) => void]>([
  [
    'a changed file',
    (runtime) => {
      writeFileSync(join(runtime, 'lib/modules'), 'other');
    },
  ],
  [
    'a missing file',
    (runtime) => {
      rmSync(join(runtime, 'lib/server/libjvm.so'));
    },
  ],
  [
    'no record of its files',
    (runtime) => {
      rmSync(join(dirname(runtime), 'runtime.json'));
    },
  ],
])('a cached runtime with %s is made again, and an undamaged one is not', async (_, damage) => {
  vi.stubEnv('PAUSELAB_CACHE', scratch.fresh('cache'));
  const made = scratch.write('made', '');
  const home = jdkLinking([
    'printf modules > "$made/lib/modules"; printf jvm > "$made/lib/server/libjvm.so"',
    `echo once >> '${made}'`,
  ]);
  const runtime = async (): Promise<string> => (await javaRuntime(jdkIn(home)))[0]?.from ?? '';
  const linked = (): number => readFileSync(made, 'utf8').split('\n').length - 1;
  const first = await runtime();
  expect([await runtime(), linked()]).toEqual([first, 1]);
  damage(first);
  expect([await runtime(), linked()]).toEqual([first, 2]);
  expect(['lib/modules', 'lib/server/libjvm.so'].map((path) => readFileSync(join(first, path), 'utf8'))).toEqual([
    'modules',
    'jvm',
  ]);
});

test('a full disk is named as the reason, and not the JDK', async () => {
  const cache = scratch.fresh('cache');
  vi.stubEnv('PAUSELAB_CACHE', cache);
  const full = jdkLinking(['echo "Error: java.io.IOException: No space left on device"', 'exit 1']);
  await expect(javaRuntime(jdkIn(full))).rejects.toMatchObject({
    exitCode: 5,
    message: expect.stringContaining(`the disk of the cache folder ${cache} is full`) as string,
  });
  const broken = jdkLinking(['echo "Error: no such module"', 'exit 1']);
  await expect(javaRuntime(jdkIn(broken))).rejects.toThrow('(Error: no such module); name another JDK with --java');
});

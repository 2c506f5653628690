import { expect, test } from 'vitest';
import { ExitCode } from '../../src/base/failure.js';
import type { Jdk, NamedJdk } from '../../src/host/jdks.js';
import { isInJvm, type JvmArm } from '../../src/profile/resolved/resolved.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { argumentsOf, triedFlags } from '../../src/workload/jvm/arm-flags.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

/** It knows MaxHeapSize, and this flag. */
function javaKnowing(flag: string): string {
  return scratch.write(
    'java',
    `#!/bin/sh
for word in "$@"; do
  case "$word" in -XX:NewSetting=*) test ${flag} = NewSetting || { echo "Unrecognized VM option 'NewSetting=3'"; exit 1; } ;; esac
done
echo '   size_t MaxHeapSize = 1677721600 {product} {command line}'
echo '     intx ${flag} = 4 {product} {command line}'
`,
    0o755,
  );
}

const jdkOf = (java: string): Jdk => ({
  home: java,
  java,
  version: '17.0.1',
  feature: 17,
  vendor: 'Fake',
  vm: 'VM',
  source: '--java',
  packaged: null,
});

async function armWith(flags: readonly string[]): Promise<JvmArm> {
  const arm = (await loadResolved('g1-uncommit')).arms.find(isInJvm);
  if (arm === undefined) throw new Error('the profile has no arm of a JVM');
  return { ...arm, jvm: { ...arm.jvm, flags } } as JvmArm;
}

const old = javaKnowing('OldSetting');
const newer = (name: string, feature = 26): NamedJdk => ({ name, java: javaKnowing('NewSetting'), feature });
const tried = async (others: readonly NamedJdk[]): Promise<unknown> =>
  triedFlags(await armWith(['-XX:NewSetting=3']), jdkOf(old), () => Promise.resolve(others));

test('a flag that only other JDKs know: exit code 5, and the names of these JDKs', async () => {
  const others = [
    { name: '/opt/old', java: javaKnowing('OldSetting'), feature: 21 },
    newer('deb:26/sid'),
    newer('/opt/27'),
  ];
  await expect(tried(others)).rejects.toMatchObject({
    exitCode: ExitCode.unfit,
    message: `${old} (Fake 17.0.1) does not know the VM option "NewSetting=3"; take a JDK that knows it: --java deb:26/sid or /opt/27`,
  });
});

test('a flag that no JDK knows, or only one that the profile excludes, is wrong: exit code 2', async () => {
  await expect(tried([newer('/opt/11', 11)])).rejects.toMatchObject({ exitCode: ExitCode.usage });
  await expect(tried([{ name: '/opt/old', java: javaKnowing('OldSetting'), feature: 21 }])).rejects.toMatchObject({
    exitCode: ExitCode.usage,
    message: expect.stringMatching(
      /does not know the VM option "NewSetting=3"; correct it \(no other JDK here knows it: \/opt\/old\)$/,
    ) as string,
  });
});

test('known flags are read back', async () => {
  const arm = await armWith(['-XX:NewSetting=3']);
  const flags = await triedFlags(arm, jdkOf(javaKnowing('NewSetting')));
  expect(flags).toContainEqual({ flag: 'NewSetting', asked: '3', actual: '4', differs: true });
});

test('the log comes behind all other flags, because -Xlog:disable switches off what came before it', async () => {
  const arm = await armWith(['-Xlog:disable']);
  const parts = { own: ['-XX:+Own'], agent: ['-javaagent:a'], log: ['-Xlog:gc:file=a'] };
  expect(argumentsOf(arm, null, parts).at(-1)).toBe('-Xlog:gc:file=a');
  const command = { jvmArgs: ['-Xlog:disable'], main: { jar: 'a.jar' }, args: [] };
  expect(argumentsOf(arm, command, parts)).toEqual([
    '-XX:+Own',
    '-Xlog:disable',
    '-javaagent:a',
    '-Xlog:disable',
    '-Xlog:gc:file=a',
  ]);
});

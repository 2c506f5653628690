import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExitCode } from '../../src/base/failure.js';
import {
  chooseJdk,
  collectorOfFlag,
  collectorsOf,
  findJdks,
  flagsOfCollector,
  hasCollector,
  type JdkPlaces,
} from '../../src/host/jdks.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

interface Fake {
  readonly version: string;
  readonly vendor?: string;
  /** Flags that it does not know. */
  readonly without?: readonly string[];
}

/** A folder with a script that answers as a java does. */
function fakeJdk(home: string, { version, vendor = 'Fake', without = [] }: Fake): string {
  const refuse = without.map(
    (flag) => `case "$*" in *${flag}*) echo "Unrecognized VM option '${flag}'" >&2; exit 1;; esac`,
  );
  const properties = [
    `java.home = ${home}`,
    `java.vendor = ${vendor}`,
    `java.version = ${version}`,
    'java.vm.name = Fake VM',
  ].map((text) => `echo '    ${text}' >&2`);
  return script(
    join(home, 'bin'),
    [...refuse, 'echo "Property settings:" >&2', ...properties, `echo 'openjdk version "${version}"' >&2`].join('\n'),
  );
}

function script(folder: string, text: string, mode = 0o755): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'java'), `#!/bin/sh\n${text}\n`, { mode });
  return join(folder, 'java');
}

const nowhere: JdkPlaces = { env: {}, folders: [], answerDeadline_ms: 20_000 };
const failure = (exitCode: number, message: RegExp): unknown =>
  expect.objectContaining({ exitCode, message: expect.stringMatching(message) as string });

test('a JDK is asked once, whoever wants to know, and again once it has changed', async () => {
  const home = scratch.fresh('asked');
  const java = fakeJdk(home, { version: '21.0.1' });
  const asked = join(home, 'asked');
  appendFileSync(java, `echo "$*" >> ${asked}\n`);
  const explicit = { path: home, source: '--java' };
  const times = (): number => readFileSync(asked, 'utf8').match(/XshowSettings/g)?.length ?? 0;
  for (const collector of ['g1', 'serial'] as const) await chooseJdk({ requirement: '>=17', explicit, collector });
  await Promise.all([1, 2].map(() => chooseJdk({ requirement: '>=21', explicit }, nowhere)));
  await findJdks({ ...nowhere, env: { JAVA_HOME: home } });
  expect(times()).toBe(1);
  appendFileSync(java, 'exit 0\n');
  await chooseJdk({ requirement: '>=17', explicit }, nowhere);
  expect(times()).toBe(2);
});

describe('where JDKs are found', () => {
  test('JAVA_HOME, then PATH, then folders with the newest first', async () => {
    const folder = scratch.fresh('jvm');
    fakeJdk(join(folder, 'a-11'), { version: '11.0.2' });
    fakeJdk(join(folder, 'b-25'), { version: '25.0.1', vendor: 'Eclipse Adoptium' });
    const home = scratch.fresh('home');
    fakeJdk(home, { version: '1.8.0_392' });
    const inPath = scratch.fresh('path');
    fakeJdk(inPath, { version: '22-ea' });
    mkdirSync(join(folder, 'no-jdk'));
    const { jdks, problems } = await findJdks({
      ...nowhere,
      env: { JAVA_HOME: home, PATH: ['relative', '/nonexistent', join(inPath, 'bin')].join(delimiter) },
      folders: ['/nonexistent', folder],
    });
    expect(jdks.map(({ feature, source }) => [feature, source])).toEqual([
      [8, 'JAVA_HOME'],
      [22, 'PATH'],
      [25, folder],
      [11, folder],
    ]);
    expect(jdks[2]).toEqual({
      home: join(folder, 'b-25'),
      java: join(folder, 'b-25/bin/java'),
      version: '25.0.1',
      feature: 25,
      vendor: 'Eclipse Adoptium',
      vm: 'Fake VM',
      source: folder,
      packaged: null,
    });
    expect(problems).toEqual([]);
  });

  test('each once, however many links and scripts lead to it', async () => {
    const folder = scratch.fresh('jvm');
    const java = fakeJdk(join(folder, 'jdk-17'), { version: '17.0.1' });
    symlinkSync('jdk-17', join(folder, 'default'));
    const bin = scratch.fresh('bin');
    script(bin, `exec ${java} "$@"`);
    const { jdks } = await findJdks({
      ...nowhere,
      env: { JAVA_HOME: join(folder, 'default'), PATH: bin },
      folders: [folder],
    });
    expect(jdks).toHaveLength(1);
    expect(jdks[0]).toMatchObject({ source: 'JAVA_HOME', java });
  });

  test('what is of no use is named with its reason, and the others are found all the same', async () => {
    const folder = scratch.fresh('jvm');
    fakeJdk(join(folder, 'good'), { version: '21.0.1' });
    const printer = script(join(folder, 'no-java/bin'), 'echo hello');
    const crasher = script(join(folder, 'ends/bin'), 'echo bad >&2; exit 3');
    const plain = script(join(folder, 'plain/bin'), '', 0o644);
    fakeJdk(join(folder, 'with blank'), { version: '21.0.1' });
    const { jdks, problems } = await findJdks({ ...nowhere, env: { JAVA_HOME: '/nonexistent' }, folders: [folder] });
    expect(jdks.map(({ home }) => home)).toEqual([join(folder, 'good')]);
    expect(problems.map(({ sentence }) => sentence)).toEqual([
      'JAVA_HOME is /nonexistent, which contains no bin/java',
      `${crasher} is not a java: for -version it ended with exit code 3 and printed "bad"`,
      `${printer} is not a java: for -version it ended with exit code 0 and printed "hello"`,
      `${plain} is not executable; chmod +x, or name another java`,
      `${join(folder, 'with blank')}/bin/java has a blank in its path; create a link without blanks to the JDK's folder, and name the link`,
    ]);
  });

  test('one that does not answer is given up', async () => {
    const folder = scratch.fresh('jvm');
    const java = script(join(folder, 'hangs/bin'), 'exec sleep 1000');
    const { problems } = await findJdks({ ...nowhere, folders: [folder], answerDeadline_ms: 50 });
    expect(problems.map(({ sentence }) => sentence)).toEqual([`${java} did not answer -version within 0.05 s`]);
  });
});

describe('which JDK is chosen', () => {
  const folder = scratch.fresh('jvm');
  const old = fakeJdk(join(folder, 'jdk-11'), { version: '11.0.2' });
  const java17 = fakeJdk(join(folder, 'jdk-17'), { version: '17.0.1', without: ['UseShenandoahGC'] });
  const java21 = fakeJdk(join(folder, 'jdk-21'), { version: '21.0.1', without: ['UseShenandoahGC', 'UseZGC'] });
  const places: JdkPlaces = { ...nowhere, folders: [folder] };

  test.each([
    ['>=17', java21],
    ['17', java17],
    ['<17', old],
  ])('for "%s" the first that fits', async (requirement, java) => {
    expect((await chooseJdk({ requirement }, places)).java).toBe(java);
  });

  test('one that has the collector, though another came first', async () => {
    expect((await chooseJdk({ requirement: '>=17', collector: 'zgc' }, places)).java).toBe(java17);
  });

  test('none has the collector: exit code 5 and which it has', async () => {
    await expect(chooseJdk({ requirement: '>=17', collector: 'shenandoah' }, places)).rejects.toEqual(
      failure(
        ExitCode.unfit,
        /jdk-21\/bin\/java \(Fake 21\.0\.1\) has no shenandoah collector; it has g1, parallel, serial, epsilon; choose one of these/,
      ),
    );
  });

  test('a named one is taken though another would come first, as java, as home or through a link', async () => {
    const link = scratch.fresh('link');
    symlinkSync(join(folder, 'jdk-17'), link);
    for (const path of [java17, join(folder, 'jdk-17'), link]) {
      expect(await chooseJdk({ requirement: '>=17', explicit: { path, source: '--java' } }, places)).toMatchObject({
        java: java17,
        source: '--java',
      });
    }
    expect(await chooseJdk({ requirement: '>=17' }, { ...places, env: { PAUSELAB_JAVA: java17 } })).toMatchObject({
      java: java17,
      source: 'PAUSELAB_JAVA',
    });
    expect(
      await chooseJdk(
        { requirement: '>=17', explicit: { path: java21, source: '--java' } },
        { ...places, env: { PAUSELAB_JAVA: java17 } },
      ),
    ).toMatchObject({ java: java21 });
  });

  test('a named one that is too old is never silently replaced: exit code 5', async () => {
    await expect(chooseJdk({ requirement: '>=17', explicit: { path: old, source: '--java' } }, places)).rejects.toEqual(
      failure(
        ExitCode.unfit,
        /jdk-11\/bin\/java \(Fake 11\.0\.2\), named by --java, is JDK 11, but the profile needs >=17; name another/,
      ),
    );
    await expect(
      chooseJdk({ requirement: '>=17', collector: 'zgc', explicit: { path: java21, source: '--java' } }, places),
    ).rejects.toEqual(failure(ExitCode.unfit, /has no zgc collector; it has g1, parallel, serial, epsilon/));
  });

  test('a named path that is no java: exit code 2', async () => {
    const other = script(scratch.fresh('bin'), 'echo hello; exit 0');
    const blank = join(scratch.fresh('jvm'), 'with blank');
    fakeJdk(blank, { version: '17.0.1' });
    const named = (path: string): Promise<unknown> =>
      chooseJdk({ requirement: '>=17', explicit: { path, source: '--java' } }, places);
    await expect(named('/nonexistent/java')).rejects.toEqual(
      failure(ExitCode.usage, /^--java names \/nonexistent\/java, which is neither a java nor a folder with bin\/java/),
    );
    await expect(named(other)).rejects.toEqual(
      failure(ExitCode.usage, /is not a java: for -version it ended with exit code 0 and printed "hello"$/),
    );
    await expect(named(blank)).rejects.toEqual(
      failure(ExitCode.usage, /has a blank in its path; create a link without blanks to the JDK's folder/),
    );
    const link = scratch.fresh('link');
    symlinkSync(blank, link);
    expect(await named(link)).toMatchObject({ java: join(link, 'bin/java'), feature: 17 });
  });

  test('none at all, or none that fits: exit code 5 and where it was looked', async () => {
    await expect(chooseJdk({ requirement: '>=17' }, { ...nowhere, folders: ['/nonexistent/jvm'] })).rejects.toEqual(
      failure(
        ExitCode.unfit,
        /^no JDK was found \(looked at JAVA_HOME, PATH, \/nonexistent\/jvm\); install it .*apt-get install/,
      ),
    );
    await expect(chooseJdk({ requirement: '>=30' }, places)).rejects.toEqual(
      failure(
        ExitCode.unfit,
        /^no JDK >=30 was found \(looked at .*\): .*jdk-21.* is JDK 21; .*jdk-17.* is JDK 17; .*jdk-11.* is JDK 11; install it/,
      ),
    );
  });
});

describe('collectors', () => {
  test('flags and names go together', () => {
    expect(flagsOfCollector('g1')).toEqual(['-XX:+UseG1GC']);
    expect(flagsOfCollector('epsilon')).toEqual(['-XX:+UnlockExperimentalVMOptions', '-XX:+UseEpsilonGC']);
    expect(['UseZGC', 'UseC4GC', 'UseStringDeduplication'].map(collectorOfFlag)).toEqual(['zgc', 'C4', null]);
  });

  test('the JDKs of this machine have the ones that every build has, and what they have starts', async () => {
    const { jdks } = await findJdks();
    expect(jdks).not.toEqual([]);
    for (const jdk of jdks) {
      const found = await collectorsOf(jdk);
      console.log(`${jdk.java} (${jdk.vendor} ${jdk.version}, ${jdk.vm}) has ${found.join(', ')}`);
      expect(found).toEqual(expect.arrayContaining(['serial', 'parallel', 'g1']));
      expect(await hasCollector(jdk, 'g1')).toBe(true);
    }
  });
});

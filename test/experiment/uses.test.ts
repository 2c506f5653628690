import { mkdirSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { usesOf, type OwnThings } from '../../src/experiment/plan/uses.js';
import { catalogue, loadResolved } from '../../src/profile/written/load.js';
import { parseSet } from '../support/parse-set.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const home = scratch.fresh('jdk');
mkdirSync(`${home}/bin`, { recursive: true });
const java = scratch.write('java', '#!/bin/sh\n', 0o755);
symlinkSync(java, `${home}/bin/java`);
const library = scratch.write('libjemalloc.so.2', '');
const own: OwnThings = {
  jdks: () => Promise.resolve([{ java, home }]),
  library: (name) => (name === 'jemalloc' ? library : null),
};

async function usesWith(profile: string, ...settings: string[]) {
  const { arms, kernels } = await loadResolved(profile, settings.map(parseSet));
  return usesOf({ arms, kernels, append: [], trace: false }, own);
}

/** What would have to be trusted. */
async function strangeWith(profile: string, ...settings: string[]): Promise<string[]> {
  return (await usesWith(profile, ...settings))
    .filter(({ isTrusted }) => !isTrusted)
    .map(({ kind, what }) => `${kind} ${what}`);
}

test('of every shipped profile all is this machine’s own, but for the program that the user names', async () => {
  for (const { name } of await catalogue()) {
    if (name !== 'app' && name !== 'agent-command')
      expect({ name, strange: await strangeWith(name) }).toEqual({ name, strange: [] });
  }
});

test('the command of an agent is a stranger’s', async () => {
  expect(await usesWith('agent-command')).toContainEqual({
    kind: 'command',
    what: 'cat /proc/{pid}/smaps_rollup',
    arms: [],
    isTrusted: false,
  });
});

test('a native profile uses the engine', async () => {
  expect(await usesWith('priority-inversion')).toEqual([
    { kind: 'program', what: 'the native engine of this pauselab', arms: [], isTrusted: true },
  ]);
});

test.each([
  ['deb-source:7.3', true],
  ['stock=deb-source:7.3.4,patch=madvise-under-mmap-lock,patch=hrtick-off', true],
  ['deb-source:7.3,patch=/tmp/evil.patch', false],
  ['deb-source:7.3,revert=hrtick-off', false],
  ['deb-source:7.3,config=/tmp/evil', false],
  ['deb-source:7.3,config=CONFIG_PSI=y', true],
  ['deb-source:7.3,config=CONFIG_EXTRA_FIRMWARE="/tmp/evil"', false],
  ['source:/tmp/evil', false],
  ['a-label', false],
])('the kernel %s: its own: %s', async (kernel, isTrusted) => {
  const uses = await usesOf({ arms: [], kernels: [kernel], append: [], trace: false }, own);
  expect(uses.filter(({ kind }) => kind === 'kernel')).toMatchObject([{ isTrusted }]);
});

test.each([
  [['host', 'deb:7.3'], false],
  [[], false],
  [['deb:7.3'], null],
])('a scheduler feature of the kernels %j', async (kernels, isTrusted) => {
  const uses = await usesOf({ arms: [], kernels, features: ['NO_HRTICK'], append: [], trace: false }, own);
  expect(uses.filter(({ kind }) => kind === 'scheduler feature')).toEqual(
    isTrusted === null
      ? []
      : [{ kind: 'scheduler feature', what: 'NO_HRTICK, on the kernel of this machine', arms: [], isTrusted }],
  );
});

describe('a java', () => {
  test.each([home, java, `${home}/bin/java`])('that doctor finds is this machine’s own: %s', async (path) => {
    expect(await strangeWith('thread-churn', `jvm.java=${path}`)).toEqual([]);
  });

  test.each(['/tmp/evil/java', '/bin/sh', './jdk'])('that doctor does not find is not: %s', async (path) => {
    expect(await strangeWith('thread-churn', `jvm.java=${path}`)).toEqual([`program ${path}`]);
  });
});

test.each([
  '-javaagent:/tmp/a.jar',
  '-agentpath:/tmp/a.so',
  '-agentlib:jdwp=transport=dt_socket,server=y',
  '-XX:OnOutOfMemoryError=id',
  '-XX:OnError=1',
  '-XX:Flags=1',
  '-XX:VMOptionsFile=/tmp/f',
  '-XX:ErrorFile=/tmp/e',
  '-XX:HeapDumpPath=/tmp',
  '-XX:SharedArchiveFile=/tmp/a',
  '-XX:CREngine=/tmp/x',
  '-XX:StartFlightRecording=filename=/tmp/x',
  '-Djava.library.path=/tmp',
  '-Xbootclasspath/a:/tmp/x.jar',
  '-Xlog:gc:file=/tmp/x',
  '-Xloggc:/tmp/x',
  '-cp',
  '--patch-module=java.base=/tmp',
  '-Dx=y',
  '@/tmp/args',
])('the flag %s is not taken from a stranger', async (flag) => {
  // As a bundle may have it: a profile of one's own is held to more.
  const { arms } = await loadResolved('thread-churn');
  const uses = await usesOf(
    {
      arms: arms.map((arm) => (arm.kind === 'jvm' ? { ...arm, jvm: { ...arm.jvm, flags: [flag] } } : arm)),
      kernels: [],
      append: [],
      trace: false,
    },
    own,
  );
  expect(uses.filter(({ isTrusted }) => !isTrusted)).toMatchObject([{ kind: 'flag of java', what: flag }]);
});

test('sizes, switches and modes are', async () => {
  const flags = [
    '-Xmx1g',
    '-Xss512k',
    '-XX:+AlwaysPreTouch',
    '-XX:-ZUncommit',
    '-XX:MaxHeapFreeRatio=10',
    '-XX:G1HeapRegionSize=1m',
    '-Xint',
  ];
  expect(await strangeWith('thread-churn', `jvm.flags=${JSON.stringify(flags)}`)).toEqual([]);
  expect((await usesWith('thread-churn', `jvm.flags=${JSON.stringify(flags)}`)).map(({ what }) => what)).toEqual(
    expect.arrayContaining(flags),
  );
});

test('of a program of the user’s own everything is listed', async () => {
  const args = '-javaagent:agent.jar=x -Dk=v --module-path mods -cp lib/a.jar:lib/b.jar org.example.Main --port 80';
  expect(
    await strangeWith(
      'app',
      `jvm.app.args=${JSON.stringify(args)}`,
      'jvm.app.environment={LD_PRELOAD: /tmp/x.so, JAVA_TOOL_OPTIONS: "-Dx=y"}',
      'jvm.app.ready.port=8080',
    ),
  ).toEqual([
    'class path lib/a.jar',
    'class path lib/b.jar',
    'program the class org.example.Main',
    'agent -javaagent:agent.jar=x',
    'flag of java -Dk=v',
    'flag of java --module-path',
    'flag of java mods',
    'word for the program --port',
    'word for the program 80',
    'environment variable LD_PRELOAD=/tmp/x.so',
    'environment variable JAVA_TOOL_OPTIONS=-Dx=y',
    `working directory ${process.cwd()}`,
    'port of this machine 8080',
  ]);
});

describe('an allocator', () => {
  test('of this machine, by its path or without one, is its own', async () => {
    expect(await strangeWith('jemalloc-free', `jvm.allocator.path=${library}`)).toEqual([]);
  });

  test.each([
    ['jemalloc-free', 'jvm.allocator.path=/tmp/evil.so', 'library /tmp/evil.so'],
    ['gperftools-754', 'allocator.path=/tmp/evil.so', 'library /tmp/evil.so'],
  ])('%s, %s', async (profile, setting, strange) => {
    expect(await strangeWith(profile, setting)).toEqual([strange]);
  });

  test.each(['prof_prefix: /tmp/x', 'prof: true', 'dirty_decay_ms: "5,prof_prefix:/tmp/x"'])(
    'the setting {%s} is not taken from a stranger',
    async (setting) => {
      expect(await strangeWith('jemalloc-free', `jvm.allocator.settings={${setting}}`)).toEqual([
        expect.stringMatching(/^setting of jemalloc /),
      ]);
    },
  );
});

test('kernels: a path is a stranger’s, Debian’s are not; words for their command line are', async () => {
  const { arms } = await loadResolved('priority-inversion');
  const uses = await usesOf(
    {
      arms,
      kernels: ['host', 'deb:6.12', '/tmp/bzImage', 'deb:6.12,config=/tmp/x'],
      append: ['init=/bin/sh'],
      trace: true,
    },
    own,
  );
  expect(uses.filter(({ isTrusted }) => !isTrusted).map(({ kind, what }) => `${kind} ${what}`)).toEqual([
    'kernel /tmp/bzImage',
    'kernel deb:6.12,config=/tmp/x',
    "word for the guests' kernels init=/bin/sh",
  ]);
  expect(uses.filter(({ kind }) => kind === 'trace')).toHaveLength(1);
});

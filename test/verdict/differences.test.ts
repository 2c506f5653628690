import { expect, test } from 'vitest';
import { differingSettings, sharedArms, withoutRepetition } from '../../src/verdict/compare/differences.js';
import { gate } from '../../src/verdict/gate/gate.js';
import { readPolicy } from '../../src/verdict/gate/policy.js';
import { readSide } from '../../src/verdict/evidence/read-side.js';
import type { Configured } from '../../src/verdict/evidence/settings-meaning.js';
import { fakeProfile, type GivenArm } from '../support/fake-profile.js';
import { scratchFolder } from '../support/scratch.js';
import { stalled, writeFakeBundle } from './fake-bundle.js';
import { sentencesOf } from '../../src/facts/stated.js';

const victim = (series: string, rate: number): object => ({ series, rate });
const calls = (call: string): object => ({ call, by: null, atLeast: 1 });

interface Given {
  readonly args?: readonly string[];
  readonly flags?: readonly string[];
  readonly environment?: Record<string, string>;
  readonly victims?: readonly object[];
  readonly issues?: readonly object[];
  readonly programs?: Configured['programs'];
  readonly arms?: readonly string[];
}

function configured({
  args = [],
  flags = [],
  environment = {},
  victims = [victim('w', 5)],
  issues = [],
  programs = null,
  arms = ['probes', 'holder'],
}: Given): Configured {
  const arm = (name: string): GivenArm => ({
    name,
    victims,
    series: victims.map((one) => (one as { series: string }).series),
    jvm: { flags, issues, ...(args.length === 0 ? {} : { app: { args, environment } }) },
  });
  return { resolved: fakeProfile({ name: 'app', arms: arms.map(arm) }), programs };
}

function differences(a: Given, b: Given): (readonly [string, string, string])[] {
  const [one, other] = [configured(a), configured(b)];
  return withoutRepetition(differingSettings(one, other), sharedArms(one, other)).map(
    ({ path, a: left, b: right }) => [path, left, right] as const,
  );
}

const jar = (path: string, sha256: string): NonNullable<Configured['programs']>[number] => ({
  path,
  bytes: 1,
  sha256: sha256.repeat(64 / sha256.length),
});

test.each<[string, Given, Given, (readonly [string, string, string])[]]>([
  [
    'one inserted flag of the JVM',
    { flags: ['-Xmx1g', '-XX:+A', '-Da=1'] },
    { flags: ['-XX:+New', '-Xmx1g', '-XX:+A', '-Da=1'] },
    [['jvm.flags.-XX:New', 'absent', '"on"']],
  ],
  ['flags in another order', { flags: ['-Xmx1g', '-XX:+A'] }, { flags: ['-XX:+A', '-Xmx1024m'] }, []],
  ['a flag switched off', { flags: ['-XX:+A'] }, { flags: ['-XX:-A'] }, [['jvm.flags.-XX:A', '"on"', '"off"']]],
  [
    'one inserted flag before the program',
    { args: ['-jar', 'a.jar'] },
    { args: ['-Xmx2g', '-jar', 'a.jar'] },
    [['jvm.app.flags.-XX:MaxHeapSize', 'absent', '"2g"']],
  ],
  [
    'one inserted word of the program',
    { args: ['-jar', 'a.jar', 'serve', '--port', '1'] },
    { args: ['-jar', 'a.jar', 'serve', '--fast', '--port', '1'] },
    [['jvm.app.args', 'absent', '"--fast"']],
  ],
  [
    'words in another order',
    { args: ['-jar', 'a.jar', 'x', 'y'] },
    { args: ['-jar', 'a.jar', 'y', 'x'] },
    [['jvm.app.args', '"x" "y"', '"y" "x"']],
  ],
  [
    'one variable',
    { args: ['A'], environment: { X: '1', Y: '2' } },
    { args: ['A'], environment: { Y: '2', X: '3' } },
    [['jvm.app.environment.X', '"1"', '"3"']],
  ],
  [
    'one inserted victim',
    { victims: [victim('w', 5)] },
    { victims: [victim('v', 1), victim('w', 5)] },
    [['victims.v', 'absent', '{"nice":0,"policy":"other","cpus":{"kind":"first"},"series":…']],
  ],
  [
    'one victim’s rate',
    { victims: [victim('v', 1), victim('w', 5)] },
    { victims: [victim('v', 1), victim('w', 6)] },
    [['victims.w.rate', '5', '6']],
  ],
  [
    'one more system call',
    { issues: [calls('munmap')] },
    { issues: [calls('mmap'), calls('munmap')] },
    [['jvm.issues.mmap', 'absent', '{"call":"mmap","atLeast":1}']],
  ],
  [
    'another main class',
    { args: ['-cp', 'a.jar', 'A'] },
    { args: ['-cp', 'a.jar', 'B'] },
    [['jvm.app.mainClass', '"A"', '"B"']],
  ],
  [
    'a jar of another version, at another place',
    { args: ['-jar', 'a-1.jar'], programs: [jar('a-1.jar', 'ab')] },
    { args: ['-jar', 'a-2.jar'], programs: [jar('a-2.jar', 'cd')] },
    [['jvm.app.jar', 'a-1.jar, sha256 abababababab', 'a-2.jar, sha256 cdcdcdcdcdcd']],
  ],
  [
    'a jar of another version, at the same place',
    { args: ['-jar', 'a.jar'], programs: [jar('a.jar', 'ab')] },
    { args: ['-jar', 'a.jar'], programs: [jar('a.jar', 'cd')] },
    [['jvm.app.jar', 'a.jar, sha256 abababababab', 'a.jar, sha256 cdcdcdcdcdcd']],
  ],
  [
    'the same jar, at another place',
    { args: ['-jar', 'x/a.jar'], programs: [jar('x/a.jar', 'ab')] },
    { args: ['-jar', 'y/a.jar'], programs: [jar('y/a.jar', 'ab')] },
    [],
  ],
  [
    'the same path, of a bundle that did not look',
    { args: ['-jar', 'a.jar'] },
    { args: ['-jar', 'a.jar'], programs: [jar('a.jar', 'cd')] },
    [],
  ],
  [
    'another path, of a bundle that did not look',
    { args: ['-jar', 'a.jar'] },
    { args: ['-jar', 'b.jar'], programs: [jar('b.jar', 'cd')] },
    [['jvm.app.jar', 'a.jar', 'b.jar, sha256 cdcdcdcdcdcd']],
  ],
  [
    'one jar of a folder of them',
    { args: ['-cp', 'lib/*', 'A'], programs: [jar('lib/a.jar', 'ab'), jar('lib/b.jar', '12')] },
    { args: ['-cp', 'lib/*', 'A'], programs: [jar('lib/a.jar', 'ab'), jar('lib/b.jar', '34')] },
    [['jvm.app.classPath', 'lib/b.jar, sha256 121212121212', 'lib/b.jar, sha256 343434343434']],
  ],
  [
    'one jar of a class path',
    { args: ['-cp', 'a.jar:b.jar', 'A'], programs: [jar('a.jar', 'ab'), jar('b.jar', '12')] },
    { args: ['-cp', 'a.jar:b.jar', 'A'], programs: [jar('a.jar', 'ab'), jar('b.jar', '34')] },
    [['jvm.app.classPath', 'b.jar, sha256 121212121212', 'b.jar, sha256 343434343434']],
  ],
])('%s', (_, a, b, wanted) => {
  expect(differences(a, b)).toEqual(wanted);
  expect(differences(b, a)).toEqual(wanted.map(([path, left, right]) => [path, right, left]));
  expect(differences(a, a)).toEqual([]);
});

test('what differs in one arm of two is that arm’s', () => {
  const [one, other] = [configured({ flags: ['-XX:+A'] }), configured({ flags: ['-XX:+A'] })];
  const { resolved } = configured({ flags: ['-XX:-A'] });
  const [first, second] = [other.resolved?.arms[0], resolved?.arms[1]];
  if (resolved === null || first === undefined || second === undefined) throw new Error('a profile without arms');
  const changed = { ...other, resolved: { ...resolved, arms: [first, second] } };
  expect(withoutRepetition(differingSettings(one, changed), 2).map(({ path }) => path)).toEqual([
    'arms.holder.jvm.flags.-XX:A',
  ]);
});

test('a new version of the program is refused by its name, and allowed by it', () => {
  const scratch = scratchFolder();
  const side = (name: string, sha256: string) => {
    const path = scratch.fresh(name);
    const { resolved, programs } = configured({
      args: ['-jar', 'app.jar'],
      programs: [jar('app.jar', sha256)],
      arms: ['probes'],
    });
    writeFakeBundle(path, {
      runs: Array.from({ length: 8 }, () => ({ arm: 'probes', stalls: stalled(0) })),
      manifest: { profile: resolved ?? {}, programs },
    });
    return { ...readSide(path, { threshold_ns: 1 }), label: name };
  };
  const judge = (policy: string) =>
    gate(
      [{ baseline: side('before', 'ab'), candidate: side('after', 'cd'), problems: [] }],
      readPolicy(`rules: [{ compare: [stalled_share] }]\n${policy}`, 'gate.yaml'),
    );
  const refused = judge('');
  expect(refused.exitCode).toBe(4);
  expect(refused.verdict).toContain(
    'is not the same in before and after: jvm.app.jar (app.jar, sha256 abababababab; app.jar, sha256 cdcdcdcdcdcd); measure the baseline again, or, if that is the change under test, allow it with allowSettings: [jvm.app.jar] in the policy',
  );
  for (const pattern of ['jvm.app.jar', 'arms.*.jvm.app.jar', 'arms.*.jvm.app.args.*', 'arms.probes.*'])
    expect(judge(`allowSettings: ['${pattern}']`)).toMatchObject({ exitCode: 0 });
  expect(sentencesOf(judge('allowSettings: [jvm.app.jar]').suites[0]?.notes ?? []).join()).toContain(
    'The profile differs in settings that may differ: jvm.app.jar',
  );
  expect(judge("allowSettings: ['jvm.app.environment.*']").exitCode).toBe(4);
});

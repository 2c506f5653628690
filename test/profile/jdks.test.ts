/** `jdks`: every arm with a JVM becomes an arm per JDK, with controls of its own. */
import { describe, expect, test } from 'vitest';
import { askedJdk, jdkProblem } from '../../src/profile/check/asked-jdk.js';
import { hashOf } from '../../src/profile/resolved/hash.js';
import { resolvedProfileSchema } from '../../src/profile/resolved/resolved-schema.js';
import { isInJvm, jdkLabelOf, namesOfArm } from '../../src/profile/resolved/resolved.js';
import { planFrom } from '../../src/jobs/plan.js';
import { readProfile } from '../../src/profile/written/load.js';
import { linesOf, problemsIn, resolveFiles } from './files.js';

const profile = (more: string): string =>
  `name: p\ntitle: P\njvm: { flags: [-Xms64m, -Xmx64m] }\nvictims: [{ operation: mmap_munmap, rate: 100/s }]\n${more}\n`;
const two = profile("jdks: ['deb:26', old=/opt/jdk-17]\narms: [{ name: a }, { name: b }]");

test.each([
  ['deb:26', 'jdk-26', 'deb:26'],
  ['deb:17/bookworm,libc=sid', 'jdk-17-bookworm-libc-sid', 'deb:17/bookworm,libc=sid'],
  ['deb:17,libc=sid', 'jdk-17-libc-sid', 'deb:17,libc=sid'],
  ['glibc-2.43=deb:17/bookworm,libc=sid', 'glibc-2.43', 'deb:17/bookworm,libc=sid'],
  ['/usr/lib/jvm/java-17-openjdk-amd64', 'java-17-openjdk-amd64', '/usr/lib/jvm/java-17-openjdk-amd64'],
  ['/opt/jdk-26/bin/java', 'jdk-26', '/opt/jdk-26/bin/java'],
  ['./a=b', 'a-b', './a=b'],
])('%s is called %s', (text, label, jdk) => {
  expect(askedJdk(text)).toEqual({ label, jdk });
  expect(jdkProblem([text])).toBeNull();
});

describe('arms', () => {
  test('exist per JDK, controls too, with the JDK that they name', async () => {
    const { arms } = await resolveFiles({ 'p.yaml': two });
    expect(arms.filter(isInJvm).map((arm) => [arm.name, arm.control, arm.jvm.java, jdkLabelOf(arm)])).toEqual([
      ['idle-control@jdk-26', 'idle', 'deb:26', 'jdk-26'],
      ['idle-control@old', 'idle', '/opt/jdk-17', 'old'],
      ['foreign-control@jdk-26', 'foreign', 'deb:26', 'jdk-26'],
      ['foreign-control@old', 'foreign', '/opt/jdk-17', 'old'],
      ['a@jdk-26', null, 'deb:26', 'jdk-26'],
      ['a@old', null, '/opt/jdk-17', 'old'],
      ['b@jdk-26', null, 'deb:26', 'jdk-26'],
      ['b@old', null, '/opt/jdk-17', 'old'],
    ]);
    expect(arms.filter(isInJvm).map(namesOfArm)[4]).toEqual(['a@jdk-26', 'a']);
  });

  test('without a JVM exist once', async () => {
    const { arms } = await resolveFiles({
      'p.yaml': two.replace('{ name: b }', '{ name: b, churn: {}, victims: [{ operation: mprotect, rate: 100/s }] }'),
    });
    expect(arms.map(({ name }) => name).filter((name) => name.startsWith('b'))).toEqual(['b']);
  });

  test('are expected to stall under each JDK', async () => {
    const { expects } = await resolveFiles({ 'p.yaml': `${two}expects: [{ arm: b, cause: vma-lock }]\n` });
    expect(expects?.map(({ arm }) => arm)).toEqual(['b@jdk-26', 'b@old']);
  });

  test('survive the manifest of a bundle, and have the earlier hash without the list', async () => {
    const resolved = await resolveFiles({ 'p.yaml': two });
    expect(hashOf(resolvedProfileSchema.parse(JSON.parse(JSON.stringify(resolved))))).toBe(hashOf(resolved));
    const { arms } = await resolveFiles({ 'p.yaml': profile('arms: [{ name: a }]') });
    expect(arms.filter(isInJvm).every(({ jvm }) => !('jdkLabel' in jvm))).toBe(true);
  });
});

describe('--arm', () => {
  const chosen = async (...arm: string[]): Promise<string[]> =>
    planFrom(await readProfile('g1-uncommit'), { arm, jdk: ['deb:26', 'old=deb:17'], guestCpus: 2 }).arms.map(
      ({ name }) => name,
    );

  test('with a name of the profile chooses the arm under each JDK', async () => {
    expect(await chosen('hogs-only')).toEqual([
      'idle-control@jdk-26',
      'idle-control@old',
      'foreign-control@jdk-26',
      'foreign-control@old',
      'hogs-only@jdk-26',
      'hogs-only@old',
    ]);
  });

  test('with a JDK chooses that arm and the controls of that JDK', async () => {
    expect(await chosen('hogs-only@old')).toEqual(['idle-control@old', 'foreign-control@old', 'hogs-only@old']);
    expect((await linesOf(chosen('hogs-only@new')))[0]).toMatch(/--arm hogs-only@new: .* no such arm; did you mean/);
  });
});

test('--jdk in a profile without a JVM is refused by its name', async () => {
  const read = await readProfile('convoy');
  const plan = (): unknown => planFrom(read, { arm: [], jdk: ['deb:26'], guestCpus: 2 });
  expect(plan).toThrow(/^--jdk: the profile convoy has no arm with a JVM/);
});

test.each([
  ["['deb:26', 'deb:26']", /jdks\[1\]: deb:26 is listed twice/],
  ['[a=/x, a=/y]', /jdks\[1\]: expected a label for each JDK, got a for \/x and for \/y/],
  ["['=/x']", /jdks\[0\]: expected a label of up to 40 letters/],
  ["['a b=/x']", /jdks\[0\]: expected a label of up to 40 letters/],
  ['[a=]', /jdks\[0\]: expected a JDK after a=, got nothing; write it as name=deb:26/],
  ['[]', /jdks: expected a list of 1 to 20 JDKs/],
])('the list %s is refused', async (list, problem) => {
  expect((await problemsIn(profile(`jdks: ${list}\narms: [{ name: a }]`)))[0]).toMatch(problem);
});

test('a JDK that is named twice, and a list without an arm that needs it, are refused', async () => {
  expect(await problemsIn(two.replace('jvm: {', 'jvm: { java: /x,'))).toEqual([
    expect.stringMatching(/jvm\.java: expected no JDK here, because `jdks` \(--jdk\) names the JDKs of all arms/),
  ]);
  expect(await problemsIn(two.replace('{ name: b }', '{ name: b, jvm: { java: /x } }'))).toEqual([
    expect.stringMatching(/arms\.b\.jvm\.java: expected no JDK here/),
  ]);
  const native =
    'name: p\ntitle: P\nholder: { operation: madvise_free }\nvictims: [{ operation: mprotect, rate: 9/s }]';
  expect(await problemsIn(`${native}\njdks: ['deb:26']\narms: [{ name: a }]\n`)).toEqual([
    expect.stringMatching(/jdks: this applies to arms with a JVM, and the profile has none/),
  ]);
});

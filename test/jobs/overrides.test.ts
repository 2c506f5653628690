/** Options that stand for a path of the profile: their text is a value as it is, and never YAML. */
import { describe, expect, test } from 'vitest';
import { overridesOf } from '../../src/jobs/overrides.js';
import { loadResolved, readProfile } from '../../src/profile/written/load.js';
import { isApp } from '../../src/profile/resolved/resolved.js';
import { linesOf } from '../profile/files.js';

async function load(profile: string, options: Parameters<typeof overridesOf>[0]) {
  const { ofAll, ofJvm } = overridesOf(options);
  return loadResolved(profile, [...ofAll, ...ofJvm]);
}

describe('an option that stands for a path', () => {
  test.each(['[a, b]', '{ a: b }', '1.0', 'true', '# x', 'a: b'])(
    'has the text %s as it is, whatever it would be as YAML',
    async (text) => {
      const { arms } = await load('app', { java: text, javaArgs: `-jar ${text.replaceAll(' ', '')}` });
      const [arm] = arms.filter(isApp);
      expect(arm?.jvm).toMatchObject({ java: text, app: { args: ['-jar', text.replaceAll(' ', '')] } });
      expect((await load('priority-inversion', { kernel: [text] })).kernels).toEqual([text]);
    },
  );

  test('is named where its value is wrong', async () => {
    expect(await linesOf(load('priority-inversion', { runs: 1001 }))).toEqual([
      '--runs 1001 runs: expected a whole number from 1 to 1000, got 1001',
    ]);
    expect(await linesOf(load('priority-inversion', { duration: '5' }))).toEqual([
      expect.stringMatching(/^--duration 5 duration: expected /),
    ]);
    expect(await linesOf(load('priority-inversion', { kernel: ['a', 'b', 'a'] }))).toEqual([
      expect.stringMatching(/^--kernel a --kernel b --kernel a kernels\[2\]: a is listed twice/),
    ]);
  });

  test('of the baseline has another name, and is an override of a JVM where the setting is a JVM’s', () => {
    const { ofAll, ofJvm } = overridesOf({ set: ['runs=3'], java: '/x', javaArgs: '-jar y' }, '--base-');
    expect(ofAll).toEqual([{ path: ['runs'], value: 3, origin: '--base-set runs=3' }]);
    expect(ofJvm.map(({ option, origin }) => [option, origin])).toEqual([
      ['--base-java', '--base-java /x'],
      ['--base-java-args', '--base-java-args -jar y'],
    ]);
  });

  test('that is left out overrides nothing', () => {
    expect(overridesOf({})).toEqual({ ofAll: [], ofJvm: [] });
  });
});

test('a fixed window replaces what profile and overrides say, in ns, and is checked with the rest', async () => {
  const resolveWith = await readProfile('priority-inversion');
  const { ofAll } = overridesOf({ duration: '9s' });
  expect(resolveWith(ofAll, { duration: 7e9, warmup: 3e8, runs: 11 })).toMatchObject({
    duration_ns: 7e9,
    warmup_ns: 3e8,
    runs: 11,
  });
  expect(await linesOf(Promise.resolve().then(() => resolveWith([], { duration: 1e5 })))).toEqual(
    expect.arrayContaining([expect.stringContaining('no operation is due within the window')]),
  );
});

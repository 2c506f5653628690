import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadResolved } from '../../src/profile/written/load.js';
import { parseSet } from '../support/parse-set.js';
import { nativeArm } from '../support/native-arm.js';
import { linesOf, problemsIn, resolveFiles, valid } from './files.js';

const load = async (...sets: string[]) => loadResolved('priority-inversion', sets.map(parseSet));

describe('--set', () => {
  test('changes the whole, a list’s entry, and an arm by name or index', async () => {
    const sets = [
      'duration=5s',
      'holder.nice=10',
      'victims[0].rate=500/s',
      'arms.free-one-vma.layout=split',
      'arms[1].title=T',
    ];
    const { duration_ns, arms } = await load(...sets);
    expect(duration_ns).toBe(5_000_000_000);
    expect(
      arms.map(nativeArm).every(({ holder, victims }) => holder.nice === 10 && victims[0]?.interval_ns === 2_000_000),
    ).toBe(true);
    expect(
      arms
        .slice(2)
        .map(nativeArm)
        .map(({ title, layout }) => [title, layout]),
    ).toEqual([
      ['MADV_FREE inside one VMA', 'split'],
      ['T', 'split'],
      ['MADV_DONTNEED across two VMAs', 'split'],
    ]);
  });

  test('reads its value as YAML', async () => {
    const { arms } = await load('hogs.burst={ run: 60ms, sleep: 20ms }', 'holder.cpus=[3, 1, 3]');
    expect(arms[0]?.hogs.burst).toEqual({ run_ns: 60_000_000, sleep_ns: 20_000_000 });
    expect(arms[0]?.holder?.cpus).toEqual({ kind: 'list', cpus: [1, 3] });
  });

  test('makes what was not there, and the last one wins', async () => {
    const { arms, spoiled } = await resolveFiles(
      { 'p.yaml': valid('holder: ').replace('holder: \n', '') },
      'holder.toucher.nice=5',
      'spoiled.retries=1',
      'spoiled.retries=0',
    );
    expect(arms[2]?.holder?.toucher).toEqual({ nice: 5, policy: 'other', cpus: { kind: 'first' } });
    expect(spoiled).toEqual({ steal_share: 0.1, foreignLoad_share: 0.25, retries: 0 });
  });

  test.each([
    ['holder.nice=99', 'holder.nice: expected a whole number from -20 to 19, got 99'],
    ['holder.nice=', 'holder.nice: expected a whole number from -20 to 19, got nothing'],
    ['holdr.nice=3', 'holdr: unknown key; did you mean holder?'],
    ['arms.free-one-vma.layuot=split', 'arms.free-one-vma.layuot: unknown key; did you mean layout?'],
    [
      'arms.free-one-vm.layout=split',
      'arms.free-one-vm: expected the name of an arm, got free-one-vm; did you mean free-one-vma?',
    ],
    ['victims[7].rate=1/s', 'victims[7]: expected an index from 0 to 2, got 7'],
    ['victims.rate=1/s', 'victims.rate: expected an index such as victims[0], got rate'],
    ['hogs[0].nice=1', 'hogs[0]: there is no such list here'],
    ['extends=convoy', 'extends: extends cannot be set; choose the other profile instead'],
    [
      'layout=split',
      'layout: every arm sets this itself, so it would have no effect; set arms.free-one-vma.layout instead',
    ],
  ])('%s', async (set, problem) => {
    expect(await linesOf(load(set))).toEqual([`--set ${set} ${problem}`]);
  });

  test('is refused where every arm has its own list, not where one has', async () => {
    const own = '{ name: a, victims: [{ operation: timer, rate: 1/s }] }';
    expect(await problemsIn(valid(`arms: [${own}]`), 'victims[0].rate=2/s')).toEqual([
      expect.stringContaining('would have no effect'),
    ]);
    expect(await problemsIn(valid(`arms: [${own}, { name: b }]`), 'victims[0].rate=2/s')).toEqual([]);
  });

  test.each(['duration', '=3', 'a..b=3', 'a[x]=3', '.a=3', 'a.=3'])('%s is no override', async (set) => {
    expect(await linesOf(load(set))).toEqual([expect.stringMatching(/^--set .*: expected (a )?path/)]);
  });

  test.each([33, 20_000])('a path of %i steps is refused in a short sentence', async (steps) => {
    const set = `${'a.'.repeat(steps)}b=1`;
    await expect(load(set)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^--set a\.a\.[^]{0,600}: expected a path /) as unknown,
    });
  });

  test('whatever it says, the profile is resolved or refused as a usage error', async () => {
    const step = fc.oneof(
      fc.constantFrom('holder', 'arms', 'victims', 'hogs', 'free-one-vma', 'nice', 'rate', '__proto__', 'toString'),
      fc.string({ maxLength: 6 }),
    );
    const path = fc.array(fc.oneof(step, fc.nat(4)), { minLength: 1, maxLength: 4 });
    const written = (steps: (string | number)[]) =>
      steps
        .map((one) => (typeof one === 'number' ? `[${one}]` : `.${one}`))
        .join('')
        .replace(/^\./, '');
    await fc.assert(
      fc.asyncProperty(path, fc.oneof(fc.string(), fc.json()), async (steps, value) => {
        await linesOf(load(`${written(steps)}=${value}`));
      }),
      { numRuns: 200 },
    );
  });
});

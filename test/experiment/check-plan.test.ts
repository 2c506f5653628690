/** What is refused before anything runs, alike by `profile check`, --dry-run and `run`. */
import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/base/failure.js';
import { checkPlan } from '../../src/experiment/plan/check-plan.js';
import { command } from '../support/command.js';
import { problemsIn, resolveFiles, valid } from '../profile/files.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const hogs = 'hogs: { count: 1 }\nholder: { operation: madvise_free, nice: 19 }\n';
const text = (more: string): string => valid(`arms: [{ name: a }]\n${more}`).replace(/^holder: .*\n/m, '') + hogs;

async function refusalOf(profile: string, ...sets: string[]): Promise<string | null> {
  const resolved = await resolveFiles({ 'p.yaml': profile }, ...sets);
  try {
    checkPlan(resolved, resolved.arms, 2);
    return null;
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== 2) throw error;
    return error.message;
  }
}

describe('a window in which four of the calls that are aimed at do not fit', () => {
  test.each(['2s', '100ms'])('%s is refused with a duration that is accepted', async (duration) => {
    const refusal = (await refusalOf(text(`duration: ${duration}`))) ?? '';
    expect(refusal).toMatch(
      /^the window of .* is too short for the arm .*: a call should take 554 ms .*, stretched 69\.3 times by the hogs\), and four calls must fit in; use --duration 3s/,
    );
    expect(await refusalOf(text('duration: 3s'))).toBeNull();
  });

  test('names an aim that is accepted where the least hold allows it', async () => {
    const profile = text('duration: 2s\nstall: { leastHold: 1ms }');
    const [, set = ''] = /--set (stall\.aim=\d+ms)/.exec((await refusalOf(profile)) ?? '') ?? [];
    expect(set).toBe('stall.aim=500ms');
    expect(await refusalOf(profile, set)).toBeNull();
  });

  test('a region that is given has no stall that is aimed at', async () => {
    expect(await refusalOf(text('duration: 100ms'), 'holder.region=64MiB')).toBeNull();
  });
});

test('a region, blocks and fresh pages beyond the memory that is there', async () => {
  expect(await refusalOf(text('duration: 3s'), 'holder.region=15TiB')).toMatch(
    /^the region of arm .* needs 15 TiB, but .* of memory are available, of which pauselab uses at most half; lower holder\.region$/,
  );
  const churn =
    'name: p\ntitle: P\nchurn: { threads: 256, live: 10000000, minSize: 1MiB, maxSize: 1MiB }\nvictims: [{ operation: timer, rate: 1/s }]\narms: [{ name: a }]\n';
  expect(await refusalOf(churn)).toMatch(/^the churn of arm .* keeps .* lower threads, live or maxSize$/);
});

test('a CPU that is not here', async () => {
  expect(await refusalOf(text('duration: 3s'), 'holder.cpus=[4000]')).toMatch(
    /^CPU 4000 does not exist or may not be used here/,
  );
});

test.each([
  ['a window that is too short', text('duration: 2s')],
  ['a region beyond memory', text('duration: 3s').replace('nice: 19', 'nice: 19, region: 15TiB')],
  [
    'a range of a load',
    'name: p\ntitle: P\njvm: { loads: [{ load: mapped_files, live: 0 }] }\nvictims: [{ operation: timer, rate: 1/s }]\narms: [{ name: a }]\n',
  ],
])('%s: profile check, --dry-run and run say the same', async (_, profile) => {
  const file = scratch.write('p.yaml', profile);
  const [check, dry, run] = [
    await command('profile', 'check', file),
    await command('run', file, '--dry-run'),
    await command('run', file, '--out', scratch.fresh('out')),
  ];
  expect(check).toMatchObject({ code: 2, stdout: '' });
  // How much memory is free changes meanwhile.
  const told = ({ stderr, ...rest }: typeof check) => ({ ...rest, stderr: stderr.replace(/[\d.]+ [KMGT]iB/g, 'N') });
  expect(told(dry)).toEqual(told(check));
  expect(told(run)).toEqual(told(check));
});

describe('a profile that extends app', () => {
  const head = 'name: s\ntitle: S\nextends: app\n';
  const arms =
    'arms: [{ name: old, jvm: { app: { args: A } } }, { name: new, jvm: { app: { args: "-XX:+UseZGC A", environment: { X: y } } } }]\n';
  const namesOf = async (yaml: string): Promise<string[]> =>
    (await resolveFiles({ 'p.yaml': head + yaml })).arms.map(({ name }) => name);

  test('runs the arms that say which program they run; of app none does', async () => {
    expect(await namesOf(arms)).toEqual(['old', 'new']);
    expect(await problemsIn(head + arms)).toEqual([]);
    const file = scratch.write('s.yaml', head + arms);
    expect(await command('run', file, '--dry-run')).toMatchObject({ code: 0, stderr: '' });
  });

  test('with a program of the whole profile, or by --java-args, all of them run', async () => {
    expect(await namesOf(`jvm: { app: { args: B } }\n${arms}`)).toEqual([
      'probes',
      'probes-off',
      'holder',
      'old',
      'new',
    ]);
    const file = scratch.write('s.yaml', head + arms);
    expect((await command('run', file, '--dry-run', '--java-args', 'B')).stdout).toMatch(/^s: 10 runs/);
  });

  test('without a program anywhere it waits for --java-args, which the check says', async () => {
    expect(await namesOf('arms: [{ name: more }]\n')).toEqual(['probes', 'probes-off', 'holder', 'more']);
    expect(
      (await command('profile', 'check', scratch.write('s.yaml', `${head}arms: [{ name: more }]\n`))).stdout,
    ).toMatch(/its arms are probes, probes-off, holder, more; name its program with --java-args\n$/);
  });
});

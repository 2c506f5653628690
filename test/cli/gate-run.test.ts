/** What `gate --run` would measure, and what it refuses before it measures. */
import { describe, expect, test } from 'vitest';
import { hashOf } from '../../src/profile/resolved/hash.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { parseSet } from '../support/parse-set.js';
import { command } from '../support/command.js';
import { scratchFolder } from '../support/scratch.js';
import { stalled, writeFakeBundle } from '../verdict/fake-bundle.js';

const scratch = scratchFolder();

/** A bundle of the shipped profile. */
async function stored(runs: number, ...settings: string[]): Promise<string> {
  const path = scratch.fresh('stored');
  const profile = await loadResolved('priority-inversion', settings.map(parseSet));
  writeFakeBundle(path, {
    runs: Array.from({ length: runs }, (_, i) => ({
      arm: 'free-one-vma',
      stalls: stalled(0),
      run: { repetition: i + 1 },
    })),
    manifest: { profile, profileHash: hashOf(profile) },
  });
  return path;
}

interface Plan {
  readonly order: readonly { readonly side?: string; readonly arm: string; readonly repetition: number }[];
  readonly leastDuration_ns: number;
}

async function planned(...words: string[]) {
  const { code, stdout, stderr } = await command(
    'gate',
    '--run',
    'priority-inversion',
    ...words,
    '--dry-run',
    '--json',
  );
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const plan = JSON.parse(stdout) as Plan & { readonly baseline?: Plan; readonly candidate?: Plan };
  const runs = Math.max(...plan.order.map(({ repetition }) => repetition));
  return { ...plan, stderr, runs, window_s: plan.leastDuration_ns / plan.order.length / 1e9 };
}

describe('beside a stored baseline', () => {
  test('the window is the baseline’s', async () => {
    const baseline = await stored(6, 'duration=7s', 'warmup=300ms');
    expect(await planned('--baseline', baseline)).toMatchObject({
      window_s: 7.3,
      runs: 6,
      stderr: 'pauselab: the window is that of the baseline, 7.00 s after 300 ms of warm-up\n',
    });
    // Said again, it is the same.
    expect(await planned('--baseline', baseline, '--duration', '7s', '--set', 'warmup=300ms')).toMatchObject({
      window_s: 7.3,
      stderr: '',
    });
    expect(await planned('--baseline', await stored(6))).toMatchObject({ window_s: 3.2, stderr: '' });
  });

  test.each([
    ['--duration', '5s'],
    ['--set', 'warmup=1s'],
    ['--set', 'duration = 5s'],
  ])('another window is refused: %s %s', async (...words) => {
    const { code, stdout, stderr } = await command(
      'gate',
      '--run',
      'priority-inversion',
      '--baseline',
      await stored(6),
      ...words,
      '--dry-run',
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^pauselab: a window of .* is not the baseline's \(\d+-stored has 3\.00 s after 200 ms of warm-up\), which is fixed when the baseline is saved; leave --duration out, or measure both sides now with an option such as --base-set\n$/,
    );
  });

  test('of two baselines with different windows one has to be named, or its window', async () => {
    const two = ['--baseline', await stored(6, 'duration=4s'), '--baseline', await stored(6, 'duration=5s')];
    const { code, stderr } = await command('gate', '--run', 'priority-inversion', ...two, '--dry-run');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /^pauselab: the baselines have different windows \(.* 4\.00 s .* 5\.00 s .*\); choose one with --baseline\n$/,
      ) as string,
    });
    expect(await planned(...two, '--duration', '5s')).toMatchObject({ window_s: 5.2 });
  });

  test('runs are as many as can decide beside the baseline’s', async () => {
    const strict = scratch.write('strict.yaml', 'alpha: 0.01%\nrules: [{ compare: [stalled_share] }]');
    // 6 of 17 can be drawn in 12,376 ways, 6 of 16 in 8,008.
    expect(await planned('--baseline', await stored(6), '--policy', strict)).toMatchObject({ runs: 11 });
    expect(await planned('--baseline', await stored(12), '--policy', strict)).toMatchObject({ runs: 6 });
    expect(await planned('--baseline', await stored(6), '--runs', '3')).toMatchObject({ runs: 3 });
  });
});

describe('--jdk', () => {
  const words = ['g1-uncommit', '--jdk', 'deb:17', '--jdk', 'new=deb:26', '--arm', 'service-nice-19', '--runs', '6'];
  const armsOf = (stdout: string): string[] =>
    (JSON.parse(stdout) as { arms: { name: string }[] }).arms.map(({ name }) => name);

  test('measures the arms that `run` measures: each under each JDK, with its controls', async () => {
    const limits = scratch.write('limits-only.yaml', 'rules: [{ limits: [stalls_per_minute == 0] }]');
    const gate = await command('gate', '--run', ...words, '--policy', limits, '--dry-run', '--json');
    const run = await command('run', ...words, '--dry-run', '--json');
    expect(gate.stdout).toBe(run.stdout);
    expect(armsOf(gate.stdout)).toEqual(
      ['idle-control', 'foreign-control', 'service-nice-19'].flatMap((arm) => [`${arm}@jdk-17`, `${arm}@new`]),
    );
  });

  test('of both sides in turns', async () => {
    const { stdout } = await command('gate', '--run', ...words, '--base-set', 'hogs.count=0', '--dry-run', '--json');
    const { baseline, candidate } = JSON.parse(stdout) as Record<'baseline' | 'candidate', unknown>;
    expect(armsOf(JSON.stringify(baseline))).toEqual(armsOf(JSON.stringify(candidate)));
    expect(armsOf(JSON.stringify(baseline))).toContain('service-nice-19@new');
  });

  test('needs --run, and a JVM', async () => {
    expect((await command('gate', '--candidate', 'x', '--jdk', 'deb:17')).stderr).toBe(
      'pauselab: --jdk needs --run; it does not change a candidate that is already measured\n',
    );
    const native = await command(
      'gate',
      '--run',
      'priority-inversion',
      '--jdk',
      'deb:17',
      '--base-set',
      'hogs.count=0',
    );
    expect(native).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--jdk: the profile priority-inversion has no arm with a JVM') as string,
    });
  });

  test('has the same words in the help of `run` and of `gate`', async () => {
    const help = async (name: string): Promise<string> =>
      /--jdk <jdk>\s+([^]*?)\n\s+--/.exec((await command(name, '--help')).stdout)?.[1]?.replace(/\s+/g, ' ') ?? name;
    expect(await help('gate')).toBe(`with --run: ${await help('run')}`);
  });
});

describe('both sides in turns', () => {
  test('each round of the plan holds both', async () => {
    const { order, baseline, candidate, runs } = await planned(
      '--base-set',
      'holder.nice=0',
      '--duration',
      '4s',
      '--arm',
      'free-one-vma',
    );
    expect(runs).toBe(6);
    const first = order.filter(({ repetition }) => repetition === 1).map(({ side, arm }) => `${String(side)} ${arm}`);
    expect(first.toSorted()).toEqual(
      ['baseline', 'candidate'].flatMap((side) =>
        ['foreign-control', 'free-one-vma', 'idle-control'].map((arm) => `${side} ${arm}`),
      ),
    );
    expect(baseline?.leastDuration_ns).toBe(candidate?.leastDuration_ns);
    expect(JSON.stringify(baseline)).toContain('nice 0, CPU');
    expect(JSON.stringify(candidate)).toContain('nice 19, CPU');
    const { code, stdout } = await command(
      'gate',
      '--run',
      'priority-inversion',
      '--base-set',
      'holder.nice=0',
      '--dry-run',
    );
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /^priority-inversion: 60 runs of two sides in turns, at least 192 s in all\n\nBaseline\n[^]*\n\nCandidate\n[^]*\n\nOrder: (?:baseline|candidate) /,
      ) as string,
    });
  });

  const none = scratch.write('limits.yaml', 'rules: [{ limits: [stalls_per_minute == 0] }]');
  test.each<[string, string[], string]>([
    [
      'sides that are alike',
      ['--base-set', 'holder.nice=19'],
      'baseline and candidate are the same, so a pass would mean nothing; give the baseline another value, JDK, program or kernel',
    ],
    [
      'two windows',
      ['--base-set', 'duration=9s', '--base-set', 'warmup=1s'],
      'both sides are measured in turns, and need the same warmup and duration; set it for both, with --set instead of --base-set',
    ],
    [
      'other victims',
      ['--base-set', 'victims=[{ operation: first_fault, rate: 100/s }]'],
      'the arm idle-control has the victims reader.first_fault in the baseline and writer.mprotect, reader.first_fault and control.timer in the candidate',
    ],
    [
      'a stored baseline too',
      ['--base-set', 'holder.nice=0', '--baseline', 'x'],
      '--base-set measures the baseline now, and --baseline names a stored baseline; choose one of them',
    ],
    [
      'a candidate that is there',
      ['--base-set', 'holder.nice=0', '--candidate', 'x'],
      '--base-set measures both sides now; judge --candidate x in a separate gate',
    ],
    [
      'a policy that compares nothing',
      ['--base-set', 'holder.nice=0', '--policy', none],
      'limits.yaml has no rule that compares; leave it out, or add a rule with compare',
    ],
    [
      'a JDK of a profile without JVM',
      ['--base-java', '/x'],
      '--base-java: the profile priority-inversion has no arm with a JVM',
    ],
    [
      'a program of a profile without one',
      ['--base-java-args', '-jar x.jar'],
      '--base-java-args: the profile priority-inversion has no arm with a JVM',
    ],
    ['a setting that is none', ['--base-set', 'holder.nicer=0'], '--base-set holder.nicer=0'],
    [
      'one kernel against two',
      ['--base-kernel', 'a', '--kernel', 'b', '--kernel', 'c'],
      'if the kernel is the change, each side has a single kernel; the baseline has a and the candidate b and c',
    ],
  ])('%s are refused', async (_, words, sentence) => {
    const { code, stdout, stderr } = await command('gate', '--run', 'priority-inversion', ...words, '--dry-run');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
  });

  test.each(['--base-set', '--base-java', '--base-java-args', '--base-kernel'])(
    '%s goes with --run',
    async (option) => {
      expect(await command('gate', '--candidate', 'x', option, 'y=1')).toEqual({
        code: 2,
        stdout: '',
        stderr: `pauselab: ${option} needs --run; it does not change a candidate that is already measured\n`,
      });
    },
  );
});

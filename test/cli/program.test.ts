import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { command } from '../support/command.js';
import { mainFile } from '../support/pauselab.js';

test('--version is the package’s, on stdout', async () => {
  expect(await command('--version')).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  expect(await command('-V')).toEqual(await command('--version'));
});

describe('--help', () => {
  test.each([
    [],
    ['run'],
    ['explain'],
    ['report'],
    ['compare'],
    ['gate'],
    ['baseline'],
    ['baseline', 'save'],
    ['replay'],
    ['export'],
    ['doctor'],
    ['profile'],
    ['profile', 'list'],
    ['profile', 'show'],
    ['profile', 'check'],
  ])('of pauselab %s %s is on stdout and has examples', async (...words) => {
    const { code, stdout, stderr } = await command(...words, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: pauselab ${words.join(' ')}`));
    expect(stdout).toMatch(/\nExamples:\n( {2}\$ pauselab .*\n?){2,}|\nExamples:\n {2}\$ pauselab profile check /);
  });

  test('says nothing of lists that are empty by default, and what other defaults are', async () => {
    const { stdout } = await command('run', '--help');
    expect(stdout).not.toContain('[]');
    expect(stdout).toMatch(/--guest-memory <size> .*\(default: "2GiB"\)/);
    expect((await command('export', '--help')).stdout).toContain('(choices: ');
  });

  test('of run names every option of the plan, and pauselab’s own every exit code', async () => {
    const { stdout } = await command('run', '--help');
    for (const option of [
      '--out',
      '--set',
      '--runs',
      '--duration',
      '--arm',
      '--seed',
      '--fail-if',
      '--json',
      '--dry-run',
      '--allow-degraded',
    ])
      expect(stdout).toContain(option);
    const own = (await command('--help')).stdout;
    for (const code of [
      '0 success',
      '1 internal',
      '2 invalid',
      '3 a --fail-if',
      '4 inconclusive',
      '5 this machine',
      '6 the workload',
      '130/143',
    ])
      expect(own).toContain(code);
  });
});

test.each(['--name', '--main-class', '--cgroup'])('observe %s takes no empty name', async (option) => {
  const { code, stderr } = await command('observe', option, '');
  expect(code).toBe(2);
  expect(stderr).toContain("argument '' is invalid. expected a name, got an empty one.");
});

test('the help of observe has the exit codes of its page', async () => {
  const { stdout } = await command('observe', '--help');
  for (const code of ['0 observed', '2 no such process', '5 this machine', '6 a helper died', '129/130/143'])
    expect(stdout).toContain(code);
});

test('nothing at all is answered with help, on stderr', async () => {
  const { code, stdout, stderr } = await command();
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('Usage: pauselab');
});

test.each([
  [['rnu', 'convoy'], "unknown command 'rnu'", 'Did you mean run?'],
  [['run', 'convoy', '--dryrun'], "unknown option '--dryrun'", 'Did you mean --dry-run?'],
  [['profile', 'lst'], "unknown command 'lst'", 'Did you mean list?'],
  [['run', 'convoi', '--dry-run'], 'no profile is named "convoi"', 'did you mean convoy?'],
  [
    ['run', 'convoy', '--dry-run', '--arm', 'with-writr'],
    '--arm with-writr: the profile convoy has no such arm',
    'did you mean with-writer?',
  ],
  [
    ['run', 'convoy', '--dry-run', '--fail-if', 'b.mprotect.stals > 0'],
    'there is no metric stals',
    'did you mean stalls?',
  ],
  [['run', 'convoy', '--dry-run', '--set', 'holder.nise=3'], 'nise', 'did you mean nice?'],
  [['run', 'convoy', '--runs', '1.5'], 'expected a whole number, got 1.5', '--help'],
  [['run', 'convoy', '--dry-run', '--runs', '0'], '--runs 0', 'from 1 to 1000'],
  [['run', 'convoy', '--dry-run', '--duration', '3 parsecs'], '--duration 3 parsecs', 'a duration such as'],
  [['run', 'convoy', '--dry-run', '--seed', '99999999999'], '--seed 99999999999', 'from 0 to 4294967295'],
  [['run'], "missing required argument 'profile'", '--help'],
  [['run', 'convoy', 'more'], 'too many arguments', '--help'],
  [['run', 'convoy', '--out'], "option '--out <folder>' argument missing", '--help'],
])('%j is refused in a sentence with a remedy, and without a stack', async (words, problem, remedy) => {
  const { code, stdout, stderr } = await command(...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(problem);
  expect(stderr).toContain(remedy);
  expect(stderr).not.toMatch(/^\s+at |Error:/m);
});

describe('run --dry-run', () => {
  test('says what would be run', async () => {
    const { code, stdout } = await command(
      'run',
      'priority-inversion',
      '--dry-run',
      '--runs',
      '3',
      '--arm',
      'free-one-vma',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^priority-inversion: 9 runs, at least 2\d\.\d s in all\n/);
    expect(stdout).toMatch(/^foreign-control: .*\n {2}holder {3}madvise_free, nice 19, CPU \d+, in another process$/m);
    expect(stdout).toMatch(
      /^ {2}region {3}sized so that a call holds the lock for 8\.00 ms of CPU time, which preemption stretches 69\.3 times$/m,
    );
    expect(stdout).toMatch(/^ {2}victim {3}writer\.mprotect, every 1\.00 ms, CPU \d+$/m);
    expect(stdout).not.toContain('free-across-vmas');
  });

  test('in JSON too, in the same order', async () => {
    const plan = JSON.parse(
      (await command('run', 'priority-inversion', '--dry-run', '--json', '--seed', '7')).stdout,
    ) as { order: { arm: string }[]; arms: unknown[] };
    expect(plan.arms).toHaveLength(5);
    expect(plan.order).toHaveLength(10);
    const text = (await command('run', 'priority-inversion', '--dry-run', '--seed', '7')).stdout;
    expect(text).toContain(
      `Order: ${plan.order
        .slice(0, 2)
        .map(({ arm }) => `${arm} (1)`)
        .join(', ')}`,
    );
  });

  test('of one hog and no hogs', async () => {
    expect(
      (await command('run', 'priority-inversion', '--dry-run', '--set', 'hogs.count=0', '--set', 'holder.region=64MiB'))
        .stdout,
    ).toMatch(/^ {2}region {3}64 MiB\n {2}layout {3}split\n {2}hogs {5}none$/m);
  });
});

test('a reader that stops reading changes nothing of what the command found', () => {
  // `true` has ended before Node has begun to write.
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', '"$0" "$1" profile list --json | true; exit "${PIPESTATUS[0]}"', process.execPath, mainFile],
    { encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { baselineJsonSchema } from '../../src/bundle/baseline-schema.js';
import { defaultPolicyText } from '../../src/verdict/gate/default-policy.js';
import type { GateResult } from '../../src/verdict/gate/gated.js';
import { command } from '../support/command.js';
import { scratchFolder } from '../support/scratch.js';
import { stalled, writeFakeBundle, type FakeBundle, type FakeRun } from '../verdict/fake-bundle.js';
import { said } from '../support/stated.js';

const scratch = scratchFolder();

let day = 0;

function bundle(
  name: string,
  stalls: number,
  more: Omit<FakeBundle, 'runs'> & { readonly run?: FakeRun; readonly n?: number } = {},
): string {
  const path = scratch.fresh(name);
  const { run = {}, n = 8, ...own } = more;
  day += 1;
  const manifest = { startedAt: new Date(Date.UTC(2026, 0, day)).toISOString(), ...own.manifest };
  writeFakeBundle(path, {
    runs: Array.from({ length: n }, (_, i) => ({ stalls: stalled(stalls === 0 ? 0 : stalls + (i % 2)), ...run })),
    ...own,
    manifest,
  });
  return path;
}

const host = {
  kernel: '6.18.0',
  preemption: 'full',
  hz: 250,
  cpuModel: 'A CPU',
  cpus: [0, 1],
  memoryBytes: 8 * 2 ** 30,
};
const quiet = bundle('quiet', 0);
const same = bundle('same', 0);
const worse = bundle('worse', 3);
const noisy = (name: string, shift: number): string => {
  const path = scratch.fresh(name);
  writeFakeBundle(path, {
    runs: [2, 9, 1, 14, 3, 7, 5, 11].map((count) => ({ stalls: stalled(count + shift) })),
    manifest: { startedAt: new Date(Date.UTC(2026, 0, 1, shift - 1)).toISOString() },
  });
  return path;
};
const [noisyBefore, noisyAfter] = [noisy('noisy-before', 0), noisy('noisy-after', 1)];

/** Paths of this run are not the next one's. */
const steady = (text: string): string => text.replaceAll(scratch.path, '').replace(/\/\d+-/g, '');

describe('pauselab gate', () => {
  test.each([
    ['a pass', quiet, same, 0],
    ['a regression', quiet, worse, 3],
    ['an inconclusive one', noisyBefore, noisyAfter, 4],
  ])('%s, in every form', async (name, baseline, candidate, code) => {
    const [json, markdown, junit] = ['g.json', 'g.md', 'g.xml'].map((file) => scratch.fresh(file)) as [
      string,
      string,
      string,
    ];
    const result = await command(
      'gate',
      '--baseline',
      baseline,
      '--candidate',
      candidate,
      '--json',
      json,
      '--markdown',
      markdown,
      '--junit',
      junit,
    );
    expect(result).toMatchObject({ code, stderr: '' });
    const folder = `./__snapshots__/gate-${name.replaceAll(' ', '-')}`;
    await expect(steady(result.stdout)).toMatchFileSnapshot(`${folder}.txt`);
    await expect(steady(readFileSync(markdown, 'utf8'))).toMatchFileSnapshot(`${folder}.md`);
    await expect(steady(readFileSync(junit, 'utf8'))).toMatchFileSnapshot(`${folder}.xml`);
    expect((JSON.parse(readFileSync(json, 'utf8')) as GateResult).exitCode).toBe(code);
    for (const [option, file] of [
      ['--json', json],
      ['--markdown', markdown],
      ['--junit', junit],
    ] as const) {
      expect((await command('gate', '--baseline', baseline, '--candidate', candidate, option)).stdout).toBe(
        readFileSync(file, 'utf8'),
      );
    }
  });

  test('JUnit counts what it lists, whatever names the bundles hold', async () => {
    const evil = `<x a="1">&]]>\u0001\ud800'\n`;
    const [before, odd] = [
      bundle('before', 0, { run: { series: evil } }),
      bundle('evil', 0, { run: { series: evil } }),
    ];
    const { stdout } = await command('gate', '--baseline', before, '--candidate', odd, '--junit');
    expect(stdout).not.toContain('<x');
    const xml = scratch.write('g.xml', stdout);
    const read = `import sys, json, xml.etree.ElementTree as e; r = e.parse(sys.argv[1]).getroot(); print(json.dumps([r.attrib, [[s.attrib, [[c.attrib, [k.tag for k in c]] for c in s.iter('testcase')]] for s in r]]))`;
    const [attributes, suites] = JSON.parse(execFileSync('python3', ['-c', read, xml], { encoding: 'utf8' })) as [
      Record<string, string>,
      [Record<string, string>, [Record<string, string>, string[]][]][],
    ];
    expect(attributes).toMatchObject({ tests: '4', failures: '0', errors: '0' });
    expect(suites.map(([suite, cases]) => [suite.name, suite.tests, cases.length])).toEqual([
      ['fake', '3', 3],
      ['all comparisons together', '1', 1],
    ]);
    expect(suites[0]?.[1][0]?.[0].name).toContain(`<x a="1">&]]>\ufffd\ufffd'\n: stalled share`);
  });

  // What junit-10.xsd of Jenkins' xUnit plugin allows; and GitLab takes only the first of two cases of one class and
  // name.
  test('JUnit has no attribute that Jenkins refuses, and no two cases of one name, whatever the rules', async () => {
    const policy = scratch.write(
      'gate.yaml',
      'inconclusive: pass\nrules: [{ name: a, compare: [longest_ns, stalled_share], limits: [longest_ns <= 1s, longest_ns <= 2s] }, { name: b, compare: [longest_ns], limits: [longest_ns <= 1s] }]',
    );
    const { stdout } = await command(
      'gate',
      '--baseline',
      noisyBefore,
      '--candidate',
      noisyAfter,
      '--policy',
      policy,
      '--junit',
    );
    expect(/<testsuites ([^>]*)>/.exec(stdout)?.[1]?.match(/\w+(?==)/g)).toEqual([
      'name',
      'tests',
      'failures',
      'errors',
      'time',
    ]);
    const names = [...stdout.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"/g)].map(([, ...parts]) =>
      parts.join(' '),
    );
    expect(names).toHaveLength(7);
    expect(new Set(names).size).toBe(7);
    expect(names.join()).not.toMatch(/10 %|pp|\d m?s/);
    expect(names).toContain('fake.free writer.mprotect: longest stall &#60;= its limit (a, 2)');
    // With another value it stays the same case.
    const stricter = scratch.write('stricter.yaml', readFileSync(policy, 'utf8').replaceAll('1s', '900ms'));
    const again = await command(
      'gate',
      '--baseline',
      noisyBefore,
      '--candidate',
      noisyAfter,
      '--policy',
      stricter,
      '--junit',
    );
    expect(
      [...again.stdout.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"/g)].map(([, ...parts]) =>
        parts.join(' '),
      ),
    ).toEqual(names);
    // What the policy lets pass was not shown, and is not called passed.
    expect(stdout).toContain('<skipped message="inconclusive, which the policy lets pass: ');
    expect(/<testsuite [^>]*skipped="(\d+)"/.exec(stdout)?.[1]).toBe(String(stdout.match(/<skipped /g)?.length));
    const refused = (
      await command(
        'gate',
        '--baseline',
        bundle('elsewhere', 0, { status: 'partial' }),
        '--candidate',
        bundle('partial', 0, { status: 'partial' }),
        '--junit',
      )
    ).stdout;
    expect(refused).toMatch(/name="sound evidence \(1\)"[^]*name="sound evidence \(2\)"/);
  });

  test('JUnit has the time that the runs took', async () => {
    const [before, path] = [scratch.fresh('before'), scratch.fresh('timed')];
    const [window_ns, left] = [10e9, { window: { windowStart_ns: 0.2e9, windowEnd_ns: 10.2e9, drainEnd_ns: 10.5e9 } }];
    const arm = (name: string, n: number): FakeRun[] =>
      Array.from({ length: n }, (_, i) => ({ arm: name, window_ns, run: { ...left, repetition: i + 1 } }));
    for (const [folder, startedAt] of [
      [before, '2026-02-03T01:02:03.456Z'],
      [path, '2026-02-03T04:05:06.789Z'],
    ] as const)
      writeFakeBundle(folder, { runs: [...arm('one', 6), ...arm('two', 8)], manifest: { startedAt } });
    const { stdout } = await command('gate', '--baseline', before, '--candidate', path, '--junit');
    expect(/<testsuites [^>]* time="([^"]*)"/.exec(stdout)?.[1]).toBe('147.000');
    expect(/<testsuite name="fake" [^>]* time="([^"]*)" timestamp="([^"]*)"/.exec(stdout)?.slice(1)).toEqual([
      '147.000',
      '2026-02-03T04:05:06',
    ]);
    const times = [...stdout.matchAll(/<testcase classname="fake\.(\w+)" [^>]* time="([^"]*)"/g)].map(
      ([, name, time]) => `${String(name)} ${String(time)}`,
    );
    expect(times).toEqual([...Array<string>(3).fill('one 21.000'), ...Array<string>(3).fill('two 28.000')]);
  });

  test('a table and a page are not broken by names either', async () => {
    const run = { series: 'a|b\u001b[31m\nxyz' };
    const [before, odd] = [bundle('before', 3, { run }), bundle('evil', 3, { run })];
    const { stdout } = await command('gate', '--baseline', before, '--candidate', odd);
    expect(stdout).not.toMatch(/\u001b|\nxyz/);
    const markdown = (await command('gate', '--baseline', before, '--candidate', odd, '--markdown')).stdout;
    expect(markdown).toContain('a\\|b');
    expect(
      new Set(
        markdown
          .split('\n')
          .filter((line) => line.startsWith('| '))
          .map((line) => line.replaceAll('\\|', '').split('|').length),
      ).size,
    ).toBe(1);
  });

  test('--print-policy prints what it goes by', async () => {
    expect(await command('gate', '--print-policy')).toEqual({ code: 0, stdout: defaultPolicyText, stderr: '' });
    const file = scratch.write('gate.yaml', defaultPolicyText);
    const own = (await command('gate', '--baseline', quiet, '--candidate', worse, '--policy', file, '--json')).stdout;
    const without = (await command('gate', '--baseline', quiet, '--candidate', worse, '--json')).stdout;
    expect(own.replaceAll(file, 'X')).toBe(without.replaceAll('the default policy', 'X'));
  });

  test('limits alone need no baseline', async () => {
    const policy = scratch.write('limits.yaml', 'rules: [{ limits: [stalls_per_minute == 0] }]');
    expect(await command('gate', '--candidate', quiet, '--policy', policy)).toMatchObject({ code: 0, stderr: '' });
    const failed = await command('gate', '--candidate', worse, '--policy', policy);
    expect(failed.code).toBe(3);
    expect(failed.stdout).toContain('beyond it in 8 of 8 runs; the highest is 24');
  });

  test('several profiles are a suite each', async () => {
    const other = (name: string, stalls: number): string =>
      bundle(name, stalls, { manifest: { profile: { name: 'other', arms: [{ name: 'free' }] } } });
    const { code, stdout } = await command(
      'gate',
      '--baseline',
      quiet,
      '--baseline',
      other('other-before', 0),
      '--candidate',
      same,
      '--candidate',
      other('other-after', 3),
      '--json',
    );
    expect(code).toBe(3);
    expect(
      (JSON.parse(stdout) as GateResult).suites.map(({ profile, checks }) => [
        profile,
        checks.map(({ outcome }) => outcome),
      ]),
    ).toEqual([
      ['fake', ['pass', 'pass', 'pass']],
      ['other', ['fail', 'fail', 'fail']],
    ]);
  });

  test.each<[string, string[], string]>([
    [
      'no candidate',
      ['--baseline', quiet],
      'gate: expected --candidate BUNDLE, or --run PROFILE to measure a candidate now',
    ],
    [
      'a candidate that is not there',
      ['--baseline', quiet, '--candidate', '/nowhere'],
      '--candidate /nowhere: it does not exist; name the folder',
    ],
    [
      'a candidate that is none',
      ['--baseline', quiet, '--candidate', '/proc'],
      '--candidate /proc: it is no bundle (it has no manifest.json)',
    ],
    [
      'a baseline that is not there',
      ['--baseline', '/nowhere', '--candidate', quiet],
      '--baseline /nowhere: it does not exist; save one',
    ],
    [
      'a baseline that is none',
      ['--baseline', scratch.path, '--candidate', quiet],
      'it holds neither a bundle nor a baseline',
    ],
    [
      'two forms on stdout',
      ['--baseline', quiet, '--candidate', same, '--json', '--junit'],
      '--json and --junit: stdout takes a single format',
    ],
    [
      'one file for two forms',
      ['--baseline', quiet, '--candidate', same, '--json', 'x', '--junit', 'x'],
      'x is named for two formats',
    ],
    ['an option of --run', ['--baseline', quiet, '--candidate', same, '--runs', '3'], '--runs needs --run'],
    [
      'an unknown class',
      ['--baseline', quiet, '--candidate', same, '--allow-different', 'moon'],
      '--allow-different moon: expected one of kernel, machine, jdk',
    ],
    [
      'a policy that is not there',
      ['--baseline', quiet, '--candidate', same, '--policy', '/nowhere.yaml'],
      'cannot read /nowhere.yaml: there is no such file',
    ],
    [
      'a profile that is not there',
      ['--baseline', quiet, '--run', 'convoi'],
      'no profile is named "convoi"; did you mean convoy?',
    ],
  ])('%s is refused', async (_, words, sentence) => {
    const { code, stdout, stderr } = await command('gate', ...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^\s+at |internal error/m);
  });

  test('a file that cannot be written', async () => {
    const { code, stderr } = await command(
      'gate',
      '--baseline',
      quiet,
      '--candidate',
      same,
      '--junit',
      '/proc/gate.xml',
    );
    expect(code).toBe(5);
    expect(stderr).toMatch(/^pauselab: \/proc\/gate\.xml could not be written/);
  });
});

describe('pauselab baseline', () => {
  test('the published JSON Schema is this version’s', async () => {
    await expect(`${JSON.stringify(baselineJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      '../../docs/schemas/baseline.schema.json',
    );
  });

  test('keeps a bundle, small, and is found again by what it is of', async () => {
    const folder = scratch.fresh('baselines');
    const saved = await command('baseline', 'save', quiet, '--in', folder);
    expect(saved).toMatchObject({ code: 0, stderr: '' });
    const name = readdirSync(folder)[0] ?? '';
    expect(name).toMatch(/^fake-[0-9a-f]{8}$/);
    const size = (path: string): number =>
      readdirSync(path, { recursive: true, encoding: 'utf8' }).reduce(
        (sum, file) => sum + (statSync(join(path, file)).isFile() ? statSync(join(path, file)).size : 0),
        0,
      );
    expect(size(join(folder, name))).toBeLessThan(size(quiet));
    expect((await command('baseline', 'list', '--in', folder)).stdout).toMatch(
      new RegExp(`^name .*\\n${name} +fake +6\\.18\\.0 +A CPU .*8  2026-01-01\\n$`),
    );
    expect((await command('baseline', 'show', name, '--in', folder)).stdout).toContain('6.18.0, preempt full, HZ 250');
    // A folder of baselines is as good as its one, and either as good as the bundle.
    for (const path of [folder, join(folder, name), quiet])
      expect(await command('gate', '--baseline', path, '--candidate', worse)).toMatchObject({ code: 3, stderr: '' });
    const figures = async (path: string): Promise<unknown> =>
      (
        JSON.parse((await command('compare', path, worse, '--json', '--quantile', '87.5')).stdout) as {
          rows: { values: unknown }[];
        }
      ).rows.map(({ values }) => values);
    expect(await figures(join(folder, name))).toEqual(await figures(quiet));
    expect(await command('baseline', 'rm', name, '--in', folder)).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(folder)).toEqual([]);
    expect((await command('baseline', 'list', '--in', folder)).stdout).toMatch(/^no baselines in /);
  });

  test('of the candidate’s own runs is refused', async () => {
    const folder = scratch.fresh('baselines');
    await command('baseline', 'save', quiet, '--as', 'main', '--in', folder);
    const { code, stdout } = await command('gate', '--baseline', folder, '--candidate', quiet);
    expect(code).toBe(4);
    expect(stdout).toMatch(/the baseline main has these very runs \(\d+-quiet\); use runs of the version before/i);
    // A bundle that is named by its path is no better.
    const itself = await command('gate', '--baseline', quiet, '--candidate', quiet);
    expect(itself.code).toBe(4);
    expect(itself.stdout).toContain('has these very runs');
  });

  test('is not overwritten unless told', async () => {
    const folder = scratch.fresh('baselines');
    await command('baseline', 'save', quiet, '--as', 'main', '--in', folder);
    const again = await command('baseline', 'save', same, '--as', 'main', '--in', folder);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('has a baseline main already; replace it with --replace');
    expect((await command('baseline', 'save', same, '--as', 'main', '--replace', '--in', folder)).code).toBe(0);
    expect(readdirSync(folder)).toEqual(['main']);
    mkdirSync(join(folder, 'mine'));
    expect((await command('baseline', 'save', same, '--as', 'mine', '--replace', '--in', folder)).stderr).toContain(
      'exists and is no baseline',
    );
    expect(existsSync(join(folder, 'mine'))).toBe(true);
  });

  test('of another kernel, machine or JDK is refused unless told', async () => {
    const folder = scratch.fresh('baselines');
    await command('baseline', 'save', quiet, '--as', 'main', '--in', folder);
    const other = { manifest: { host: { ...host, kernel: '6.16.0', cpuModel: 'Another CPU' } } };
    const elsewhere = bundle('elsewhere', 0, other);
    const before = bundle('before', 0, other);
    const refused = await command('gate', '--baseline', folder, '--candidate', elsewhere);
    expect(refused).toMatchObject({ code: 4, stderr: '' });
    expect(refused.stdout).toMatch(
      /no baseline of fake is of this environment: the kernel is 6\.18\.0 in main and 6\.16\.0 in .*, the CPU is A CPU in main .*--allow-different kernel --allow-different machine/,
    );
    expect(
      (await command('gate', '--baseline', folder, '--candidate', elsewhere, '--allow-different', 'kernel')).code,
    ).toBe(4);
    expect(
      await command(
        'gate',
        '--baseline',
        folder,
        '--candidate',
        elsewhere,
        '--allow-different',
        'kernel',
        '--allow-different',
        'machine',
      ),
    ).toMatchObject({ code: 0, stderr: '' });
    // The one that fits is taken, though others would be allowed.
    await command('baseline', 'save', before, '--as', 'elsewhere', '--in', folder);
    const chosen = await command(
      'gate',
      '--baseline',
      folder,
      '--candidate',
      elsewhere,
      '--allow-different',
      'kernel',
      '--allow-different',
      'machine',
      '--json',
    );
    expect((JSON.parse(chosen.stdout) as GateResult).suites[0]?.baseline?.label).toBe('elsewhere');
    await command('baseline', 'save', before, '--as', 'twin', '--in', folder);
    expect((await command('gate', '--baseline', folder, '--candidate', elsewhere)).stdout).toContain(
      'elsewhere and twin are all baselines for',
    );
  });

  test.each([['..'], ['../x'], ['a/b'], ['.hidden'], ['-rf'], [''], ['a\nb'], ['x'.repeat(101)]])(
    '%j is no name',
    async (name) => {
      const folder = scratch.fresh('baselines');
      for (const words of [
        ['save', quiet, `--as=${name}`],
        ...(name.startsWith('-')
          ? []
          : [
              ['show', name],
              ['rm', name],
            ]),
      ]) {
        const { code, stderr } = await command('baseline', ...words, '--in', folder);
        expect({ words, code }).toEqual({ words, code: 2 });
        expect(stderr).toMatch(/cannot name a baseline/);
      }
      expect(existsSync(folder)).toBe(false);
    },
  );

  test('a folder with hostile entries is listed without them', async () => {
    const folder = scratch.fresh('baselines');
    await command('baseline', 'save', quiet, '--as', 'main', '--in', folder);
    mkdirSync(join(folder, 'evil\u001b[31m\nname'));
    mkdirSync(join(folder, '__proto__'));
    symlinkSync('/', join(folder, 'root'));
    writeFileSync(join(folder, 'README.md'), 'ours');
    const { code, stdout, stderr } = await command('baseline', 'list', '--in', folder, '--json');
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { baselines: { name: string }[] }).baselines.map(({ name }) => name)).toEqual([
      'main',
    ]);
    expect(stderr).not.toMatch(/\u001b/);
    expect(stderr.split('\n')).toHaveLength(3);
    expect((await command('baseline', 'rm', 'root', '--in', folder)).stderr).toContain('has no baseline root');
    expect(await command('gate', '--baseline', folder, '--candidate', same)).toMatchObject({ code: 0 });
  });

  test.each<[string, (path: string) => void, string]>([
    [
      'of a later version',
      (path) => {
        writeFileSync(join(path, 'baseline.json'), '{"schemaVersion":2}');
      },
      'has schema version 2 and this pauselab reads versions up to 1',
    ],
    [
      'that was cut off',
      (path) => {
        writeFileSync(join(path, 'baseline.json'), '{"schemaVersion":1,');
      },
      "could not be read as a baseline's facts",
    ],
    [
      'that was changed',
      (path) => {
        writeFileSync(join(path, 'baseline.json'), '{"schemaVersion":1,"name":3}');
      },
      'is no valid baseline: name',
    ],
    [
      'that was renamed',
      (path) => {
        writeFileSync(
          join(path, 'baseline.json'),
          readFileSync(join(path, 'baseline.json'), 'utf8').replace('"main"', '"..\\/..\\/x"'),
        );
      },
      'says that it is the baseline "../../x"',
    ],
  ])('one %s is refused', async (_, change, sentence) => {
    const folder = scratch.fresh('baselines');
    await command('baseline', 'save', quiet, '--as', 'main', '--in', folder);
    change(join(folder, 'main'));
    for (const words of [
      ['baseline', 'list', '--in', folder],
      ['baseline', 'rm', 'main', '--in', folder],
      ['gate', '--baseline', folder, '--candidate', same],
    ]) {
      const { code, stderr } = await command(...words);
      expect({ words, code }).toEqual({ words, code: 2 });
      expect(stderr).toContain(sentence);
    }
    expect(existsSync(join(folder, 'main'))).toBe(true);
  });

  test.each<[string, () => string, string]>([
    [
      'that is not complete',
      () => bundle('partial', 0, { status: 'partial' }),
      'not saved, because no gate would accept it: the baseline',
    ],
    [
      'that ran degraded',
      () => bundle('degraded', 0, { run: { run: { degraded: [said('nice')] } } }),
      'ran degraded: nice',
    ],
    [
      'that is a log',
      () => join(quiet, 'runs', '000-free', 'histograms.hlog'),
      'histograms.hlog is no bundle: it is a file; name a folder',
    ],
    [
      'of which a run was cut off',
      () => {
        const path = bundle('less', 0);
        truncateSync(join(path, 'runs', '003-free', 'run.json'), 100);
        return path;
      },
      "could not be read as a bundle's run",
    ],
  ])('a bundle %s is not saved', async (_, path, sentence) => {
    const folder = scratch.fresh('baselines');
    const { code, stderr } = await command('baseline', 'save', path(), '--in', folder);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
    expect(existsSync(folder)).toBe(false);
  });
});

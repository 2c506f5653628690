/** A stranger's bundle: what a replay of it would run is told, and refused unless it is trusted. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadResolved } from '../../src/profile/written/load.js';
import { hashOf } from '../../src/profile/resolved/hash.js';
import { profileHashOf, withoutSecrets } from '../../src/profile/resolved/profile-secrets.js';
import { parseSet } from '../support/parse-set.js';
import { command } from '../support/command.js';
import { scratchFolder } from '../support/scratch.js';
import { writeFakeBundle } from '../verdict/fake-bundle.js';

const scratch = scratchFolder();

async function bundleOf(
  profileName: string,
  {
    settings = [],
    redact = true,
    argv = ['run', 'x'],
  }: { settings?: readonly string[]; redact?: boolean; argv?: readonly string[] } = {},
): Promise<string> {
  const profile = await loadResolved(profileName, settings.map(parseSet));
  const path = scratch.fresh('bundle');
  writeFakeBundle(path, {
    runs: [{ arm: profile.arms[0]?.name ?? '' }],
    manifest: {
      argv: [...argv],
      profile: redact ? withoutSecrets(profile) : profile,
      profileHash: profileHashOf(profile),
      order: profile.arms.map(({ name }) => ({ arm: name, kernel: null, repetition: 1 })),
    },
  });
  return path;
}

/** It would leave a file. */
const mark = `${scratch.path}/mark`;
const evil = scratch.write('evil', `#!/bin/sh\ntouch ${mark}\n`, 0o755);

const hostile: [what: string, profile: string, settings: readonly string[], named: string][] = [
  ['a java', 'thread-churn', [`jvm.java=${evil}`], `program ${evil}`],
  ['a library', 'jemalloc-free', [`jvm.allocator.path=${evil}`], `library ${evil}`],
  ['a library under a churn', 'gperftools-754', [`allocator.path=${evil}`], `library ${evil}`],
  [
    'a variable',
    'app',
    ['jvm.app.args=-jar x.jar', `jvm.app.environment={LD_PRELOAD: ${evil}}`],
    `environment variable LD_PRELOAD=${evil}`,
  ],
  ['a program', 'app', ['jvm.app.args=-jar x.jar'], 'program x.jar'],
  [
    'a flag',
    'thread-churn',
    [`jvm.flags=["-XX:OnOutOfMemoryError=${evil}"]`],
    `flag of java -XX:OnOutOfMemoryError=${evil}`,
  ],
  ['a kernel', 'priority-inversion', [`kernels=["${evil}"]`], `kernel ${evil}`],
];

describe.each(hostile)('%s that is not known on this machine', (_, profile, settings, named) => {
  test('is refused in a sentence that names it and --trust, and nothing runs', async () => {
    const { code, stdout, stderr } = await command('replay', await bundleOf(profile, { settings }));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^pauselab: \S+ would use what is not known on this machine: .*; look at them \(--dry-run\), and replay with --trust if all of it may run here\n$/,
    );
    expect(stderr).toContain(named);
    expect(existsSync(mark)).toBe(false);
  });

  test('is listed by --dry-run, which refuses it too', async () => {
    const path = await bundleOf(profile, { settings });
    const text = await command('replay', path, '--dry-run');
    expect(text.code).toBe(2);
    expect(text.stdout).toContain(`NOT KNOWN HERE: ${named}`);
    const { uses, refused } = JSON.parse((await command('replay', path, '--dry-run', '--json')).stdout) as {
      uses: { kind: string; what: string; isTrusted: boolean }[];
      refused: string;
    };
    expect(uses.filter(({ isTrusted }) => !isTrusted).map(({ kind, what }) => `${kind} ${what}`)).toContain(named);
    expect(refused).toContain(named);
    expect(existsSync(mark)).toBe(false);
  });
});

test('a bundle that uses only what is known on this machine needs no trust, and its uses are listed', async () => {
  const { code, stdout, stderr } = await command('replay', await bundleOf('priority-inversion'), '--dry-run');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('What it uses:\n  program the native engine of this pauselab\n');
});

test('with --trust it is planned', async () => {
  const { code, stdout } = await command(
    'replay',
    await bundleOf('app', { settings: ['jvm.app.args=-jar x.jar'] }),
    '--dry-run',
    '--trust',
  );
  expect(code).toBe(0);
  expect(stdout).toContain('java -jar x.jar');
});

describe('secrets', () => {
  const settings = [
    'jvm.app.args=-Ddb.password=hunter2 -jar x.jar --token tok123',
    'jvm.app.environment={API_KEY: k3y, HOST: h}',
  ];

  test('that were left out are named by a replay that needs them', async () => {
    for (const more of [[], ['--trust'], ['--dry-run', '--trust']]) {
      const { code, stderr } = await command('replay', await bundleOf('app', { settings }), ...more);
      expect(code).toBe(2);
      expect(stderr).toContain(
        'the bundle lacks the secrets that its program needs: -Ddb.password, the word after --token, API_KEY;',
      );
    }
  });

  test('that were kept are no obstacle, and are not shown', async () => {
    const path = await bundleOf('app', {
      settings,
      redact: false,
      argv: ['run', 'app', '--java-args', '-Ddb.password=hunter2 -jar x.jar'],
    });
    const { code, stdout } = await command('replay', path, '--dry-run', '--trust');
    expect(code).toBe(0);
    expect(stdout).toContain('-Ddb.password=<redacted>');
    expect(stdout).not.toMatch(/hunter2|tok123|k3y/);
    for (const words of [
      ['report', path],
      ['gate', '--baseline', path, '--candidate', path, '--json'],
      [
        'compare',
        path,
        await bundleOf('app', {
          settings: ['jvm.app.args=-Ddb.password=other -jar x.jar', 'jvm.app.environment={API_KEY: else, HOST: h2}'],
          redact: false,
        }),
      ],
    ]) {
      const { stdout: shown, stderr } = await command(...words);
      expect(`${words[0] ?? ''}: ${shown.length > 0 ? 'printed' : stderr}`).toBe(`${words[0] ?? ''}: printed`);
      expect(shown + stderr).not.toMatch(/hunter2|tok123|k3y|else/);
    }
    const folder = scratch.fresh('baselines');
    expect((await command('baseline', 'save', path, '--as', 'b', '--in', folder)).code).toBe(0);
    expect(readFileSync(`${folder}/b/manifest.json`, 'utf8')).not.toMatch(/hunter2|tok123|k3y/);
  });

  test('are in no hash: experiments that differ in nothing else have the same one', async () => {
    const [one, other] = await Promise.all(
      ['hunter2', 'x'].map((secret) => loadResolved('app', [parseSet(`jvm.app.args=-Dpassword=${secret} -jar x.jar`)])),
    );
    expect(one && profileHashOf(one)).toBe(other && profileHashOf(other));
    const plain = await loadResolved('convoy');
    expect(profileHashOf(plain)).toBe(hashOf(plain));
  });

  test('are not printed by a dry run of `run`, nor by a sentence that quotes them', async () => {
    const planned = await command('run', 'app', '--dry-run', '--java-args', '-Ddb.password=hunter2 -jar x.jar');
    expect(planned.stdout).toContain('java -Ddb.password=<redacted> -jar x.jar');
    expect(
      (await command('run', 'app', '--dry-run', '--keep-secrets', '--java-args', '-Ddb.password=hunter2 -jar x.jar'))
        .stdout,
    ).toContain('-Ddb.password=hunter2');
    const refused = await command(
      'run',
      'app',
      '--dry-run',
      '--java-args',
      '-Ddb.password=hunter2',
      '--set',
      'duration=x',
    );
    expect(refused.code).toBe(2);
    expect(refused.stderr).not.toContain('hunter2');
  });
});

test('no value of a bundle commands the terminal, whatever sentence or table it comes to', async () => {
  const path = await bundleOf('priority-inversion', { argv: ['run', '\u001b]0;evil\u0007\u009b2J\u202e'] });
  const manifest = JSON.parse(readFileSync(`${path}/manifest.json`, 'utf8')) as { host: object };
  writeFileSync(
    `${path}/manifest.json`,
    JSON.stringify({ ...manifest, host: { ...manifest.host, kernel: 'k\u001b[2J\u0085\u2028\u2066' } }),
  );
  const outputs = [
    await command('replay', path, '--dry-run'),
    await command('replay', path, '--dry-run', '--json'),
    await command('replay', `${path}\u001b[2J`),
    await command('compare', path, path, '--json'),
    await command('gate', '--baseline', path, '--candidate', path),
  ];
  for (const { stdout, stderr } of outputs) {
    expect(stdout + stderr).not.toBe('');

    expect(stdout + stderr).not.toMatch(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/,
    );
  }
});

/**
 * Each command line that a page, a help text or a pipeline shows is one: what runs something is planned with --dry-run,
 * so that profiles, arms, settings, series and conditions are there; of all others the parser has to know commands,
 * options and arguments. A line that cannot be checked as it stands is named here (`inSentences`), with the reason.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type * as GuestImages from '../../src/kernel/guest/guest-image.js';
import { askedKernel } from '../../src/profile/check/asked-kernel.js';
import { hashOf } from '../../src/profile/resolved/hash.js';
import { loadProfile, loadResolved } from '../../src/profile/written/load.js';
import { chooseMetrics, metricsFor } from '../../src/verdict/evidence/metrics.js';
import { command } from '../support/command.js';
import { jdkDebs, libraryDebs } from '../support/jdk-debs.js';
import { aptEnvironment, bzImage, elf, imageDeb, makeDeb, publishSuite, signingKey } from '../support/kernels.js';
import { sourceDeb } from '../support/kernel-tree.js';
import { repository } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { argumentsOf, codeOf, commandsIn, pages, program, writtenCommands } from '../support/written-commands.js';
import { stalled, writeFakeBundle } from '../verdict/fake-bundle.js';

// The same for all commands, and a digest of 150 MB: found once.
vi.mock('../../src/kernel/guest/guest-image.js', async (importOriginal) => {
  const real = await importOriginal<typeof GuestImages>();
  let image: GuestImages.GuestImage | undefined;
  return { ...real, guestImage: (): GuestImages.GuestImage => (image ??= real.guestImage()) };
});

const written = await writtenCommands();
const scratch = scratchFolder();
const before = { cwd: process.cwd(), env: { ...process.env } };

// Where the examples find what they name: a profile and a policy of one's own, bundles, baselines, kernels.
beforeAll(async () => {
  const key = signingKey(join(scratch.path, 'k'));
  const mirror = scratch.fresh('mirror');
  const options = { PREEMPT_DYNAMIC: 'y', PREEMPT_NONE: 'n', PREEMPT_VOLUNTARY: 'n', PREEMPT: 'n', PREEMPT_LAZY: 'y' };
  publishSuite(
    mirror,
    'trixie',
    [
      ...[
        ...['6.1.158-1', '6.12.117-1', '6.16.12-1', '6.17.13-1', '6.18.15-1', '6.19.14-1'],
        ...['7.0.13-1', '7.1.13-1', '7.2.12-1', '7.3.4-1'],
      ].map((version) => imageDeb(version, { options })),
      sourceDeb(scratch.fresh('sources')),
    ]
      .map((deb) => makeDeb(scratch.path, deb))
      .concat(
        jdkDebs(scratch.path, { feature: 17, version: '17.0.19+10-1' }),
        jdkDebs(scratch.path, { feature: 26, version: '26.0.1+8-1' }),
        libraryDebs(scratch.path, '2.43-7'),
      ),
    key,
  );
  Object.assign(process.env, aptEnvironment(scratch.fresh('apt'), `file:${mirror}`, key.keyring));
  const folder = scratch.fresh('work');
  mkdirSync(folder);
  process.chdir(folder);
  writeFileSync('mine.yaml', 'name: mine\ntitle: Mine\nextends: priority-inversion\n');
  writeFileSync(
    'service.yaml',
    /^```yaml app\n([^]*?)^```$/m.exec(readFileSync(join(repository, 'docs/app.md'), 'utf8'))?.[1] ?? '',
  );
  writeFileSync(
    'gate.yaml',
    /^```yaml policy\n([^]*?)^```$/m.exec(readFileSync(join(repository, 'docs/gate.md'), 'utf8'))?.[1] ?? '',
  );
  writeFileSync(
    'batch.yaml',
    /^```yaml batch\n([^]*?)^```$/m.exec(readFileSync(join(repository, 'docs/allocators.md'), 'utf8'))?.[1] ?? '',
  );
  const profile = await loadResolved('priority-inversion');
  const bundles = written
    .map(({ text }) => argumentsOf(text))
    .flatMap((words) =>
      words.filter(
        (word, i) => word.startsWith('results/') || (words[0] === 'replay' && i === 1 && !word.startsWith('-')),
      ),
    );
  for (const name of new Set(bundles))
    writeFakeBundle(name, {
      runs: [{ arm: 'free-one-vma', stalls: stalled(0) }],
      manifest: {
        profile,
        profileHash: hashOf(profile),
        order: [{ arm: 'free-one-vma', kernel: null, repetition: 1 }],
      },
    });
  await command('baseline', 'save', 'results/before');
  // Kernels that somebody built, with pauselab and without.
  await command('kernels', 'build', 'deb-source:7.3', '--label', 'patched');
  await command('kernels', 'build', 'deb-source:7.3', '--label', 'stock', '--patch', 'madvise-under-mmap-lock');
  process.env.HOME = folder;
  const kernels = written.flatMap(({ text }) => argumentsOf(text)).map((word) => askedKernel(word).kernel);
  for (const image of kernels.filter((word) => word.startsWith(folder) || /^[^.].*\/bzImage$/.test(word))) {
    mkdirSync(dirname(image), { recursive: true });
    writeFileSync(image, bzImage('6.17.13', { payload: gzipSync(elf(Buffer.from('no kernel'))) }));
  }
}, 120_000);

afterAll(() => {
  process.chdir(before.cwd);
  process.env = before.env;
});

test('there are many, from pages, profiles and help alike', () => {
  expect(written.length).toBeGreaterThan(150);
  expect(new Set(written.map(({ source }) => source)).size).toBeGreaterThan(30);
  for (const [source, text] of [
    ['docs/ci.md', 'gate --run convoy --out results/candidate --policy gate.yaml --junit gate.xml --markdown gate.md'],
    ['docs/findings.md', 'run convoy'],
    ['profiles/app.yaml', "run app --java-args '-jar my.jar'"],
    ['pauselab gate --help', 'gate --run convoy --runs 10 --allow-different machine'],
    ['pauselab completion --help', 'completion fish'],
  ] as const)
    expect(written).toContainEqual({ source, text });
});

test.each([
  ["def code = sh script: 'node pauselab/dist/main.js gate --run convoy -o x'", ['gate --run convoy -o x']],
  ['    - pauselab gate --run convoy && echo done', ['gate --run convoy']],
  ['pauselab compare a b   # what regressed', ['compare a b']],
  ["pauselab run app --java-args '-jar  my.jar'  beside it", ["run app --java-args '-jar  my.jar'"]],
  ['eval "$(pauselab completion bash)"', ['completion bash']],
  ['pauselab gate --print-policy > gate.yaml', ['gate --print-policy']],
  ['error("pauselab gate: exit 4")', []],
  ['pauselab is installed by npm; npm link puts pauselab on the PATH', []],
])('in %s', (line, found) => {
  expect(commandsIn(line)).toEqual(found);
});

test('scripts of npm that pages name are there', () => {
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = pages
    .flatMap((page) => codeOf(readFileSync(join(repository, page), 'utf8')))
    .flatMap((line) => [...line.matchAll(/\bnpm run (?:-\S+ )*([a-z][a-z:-]*)/g)].map(([, script = '']) => script));
  expect(named).toContain('setup');
  for (const script of new Set(named)) expect(Object.keys(scripts)).toContain(script);
});

/** The words of the command, without its arguments. */
function leafOf(words: readonly string[]) {
  let leaf = program();
  let depth = 0;
  for (const word of words) {
    const next = leaf.commands.find((one) => one.name() === word);
    if (next === undefined) break;
    leaf = next as typeof leaf;
    depth += 1;
  }
  return { leaf, path: words.slice(0, depth), rest: words.slice(depth) };
}

/** What stands for more than it says, and what is checked for it. */
const inSentences: readonly { readonly text: string; readonly because: string; readonly checked: string }[] = [
  {
    text: 'run app',
    because: 'names the profile, whose program is the reader’s',
    checked: "run app --java-args '-jar my.jar'",
  },
  {
    text: 'observe --pid $pid --for 20s --out results/worked',
    because: 'has the pid of the shell; test/machine/observe.test.ts runs the whole example',
    checked: 'observe --pid 4711 --for 20s --out results/worked',
  },
  ...['stock', 'patched'].map((label) => ({
    text: `run priority-inversion --boot-label ${label} --out results/${label}-1`,
    because: 'this machine has booted another kernel; test/kernel/build-command.test.ts plans such a run',
    checked: `run priority-inversion --out results/${label}-1`,
  })),
];

test('each exception is still there', () => {
  for (const { text } of inSentences) expect(written.map((one) => one.text)).toContain(text);
});

const isPlanned = (path: string, rest: readonly string[]): boolean =>
  ['run', 'replay', 'profile verify'].includes(path) || (path === 'gate' && rest.includes('--run'));
/** Only reads, and takes no time. */
const isRun = (path: string, rest: readonly string[]): boolean =>
  ['profile list', 'profile show', 'profile check', 'baseline list', 'completion'].includes(path) ||
  rest.includes('--help') ||
  (path === 'gate' && rest.includes('--print-policy'));

async function parse(words: readonly string[]): Promise<void> {
  const all = program();
  const { path } = leafOf(words);
  const leaf = path.reduce((one, name) => one.commands.find((sub) => sub.name() === name) as typeof all, all);
  let reached = false;
  leaf.action(() => {
    reached = true;
  });
  // Commander's own sentence is in the error.
  leaf.configureOutput({ writeErr: () => undefined });
  await all.parseAsync([...words], { from: 'user' });
  expect(reached).toBe(true);
}

describe.each([...new Set(written.map(({ source }) => source))])('%s', (page) => {
  test.each(written.filter(({ source }) => source === page))('pauselab $text', async ({ text }) => {
    const words = argumentsOf(inSentences.find((one) => one.text === text)?.checked ?? text);
    const { leaf, path, rest } = leafOf(words);
    const name = path.join(' ');
    // Named in a sentence, perhaps with an option: the command and the option are there.
    if (
      rest.every((word) => word.startsWith('-')) &&
      (leaf.registeredArguments.some(({ required }) => required) || rest.length === 0 || leaf.commands.length > 0)
    ) {
      for (const option of rest)
        expect([...leaf.options.flatMap(({ short, long }) => [short, long]), '--help', '--version']).toContain(option);
      return;
    }
    if (isPlanned(name, rest) || isRun(name, rest)) {
      const planned = isRun(name, rest) || rest.includes('--dry-run') ? words : [...words, '--dry-run'];
      const { code, stdout, stderr } = await command(...planned);
      // A plan with guests fetches the kernels that the cache lacks, and says so.
      expect({ code, stderr: stderr.replace(/^\S+ INFO: fetching linux-\S+ .*\n/gm, '') }).toEqual({
        code: 0,
        stderr: '',
      });
      expect(stdout).not.toBe('');
      return;
    }
    await parse(words);
    for (const [i, word] of words.entries()) {
      const value = words[i + 1] ?? '';
      if (word === '--metric') chooseMetrics(metricsFor([99]), [value]);
      const isProfile = name.startsWith('profile') && name !== 'profile from' && i === path.length;
      if (word === '--run' || isProfile) await loadProfile(word === '--run' ? value : word);
    }
  });
});

/** The examples of the documentation are commands that work: each `pauselab` line of a `sh` block is run. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { sourceDeb } from './support/kernel-tree.js';
import { aptEnvironment, imageDeb, makeDeb, publishSuite, signingKey } from './support/kernels.js';
import { jdkDebs, libraryDebs } from './support/jdk-debs.js';
import { scratchFolder } from './support/scratch.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  ...readdirSync(`${root}/docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/**
 * `pauselab run` lines are planned by test/cli/written-commands.test.ts, and running them is for test/machine, as it is
 * for `pauselab observe` and `resume`.
 */
function commandsOf(page: string): string[] {
  const blocks = [...readFileSync(`${root}/${page}`, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, block = '']) =>
    block.split('\n').flatMap((line) => /^pauselab (?!run |observe |resume ).*?(?=\s+#|$)/.exec(line)?.[0] ?? []),
  );
}

const examples = pages.flatMap((page) => commandsOf(page).map((command) => ({ page, command })));

/** As Debian's kernels have it: each model can be booted. */
const preemptionChoice = {
  PREEMPT_DYNAMIC: 'y',
  PREEMPT_NONE: 'n',
  PREEMPT_VOLUNTARY: 'n',
  PREEMPT: 'n',
  PREEMPT_LAZY: 'y',
};

// Kernels come from a mirror that the test makes: the examples of all pages name these.
const scratch = scratchFolder();
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  const key = signingKey(`${scratch.path}/k`);
  const repository = scratch.fresh('repository');
  publishSuite(
    repository,
    'trixie',
    [
      ...['6.12.117-1', '6.16.12-1', '6.17.13-1', '7.3.4-1'].map((version) =>
        imageDeb(version, { options: preemptionChoice }),
      ),
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
  env = { ...process.env, ...aptEnvironment(scratch.fresh('apt'), `file:${repository}`, key.keyring) };
});

test.each(examples)('$page: $command', async ({ command }) => {
  const words = command.replace(/^pauselab/, `node ${root}/dist/main.js`);
  const { stdout } = await promisify(execFile)('sh', ['-c', words], { cwd: root, env });
  expect(stdout).not.toBe('');
});

test.each(pages)('links of %s lead somewhere', (page) => {
  const folder = page.includes('/') ? `${root}/docs` : root;
  const targets = [...readFileSync(`${root}/${page}`, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(
    ([, target = '']) => target,
  );
  for (const target of targets) expect(() => readFileSync(`${folder}/${target}`), target).not.toThrow();
});

test('README.md fits two screens', () => {
  expect(readFileSync(`${root}/README.md`, 'utf8').split('\n').length).toBeLessThanOrEqual(101);
});

test('files that CONTRIBUTING.md names are there', () => {
  const page = readFileSync(`${root}/CONTRIBUTING.md`, 'utf8');
  // What a build makes is not there before it.
  const named = [...page.matchAll(/`((?!native\/build\/)(?:\w[\w-]*\/)+[\w.-]*)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter((path) => !existsSync(`${root}/${path}`))).toEqual([]);
});

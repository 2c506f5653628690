/**
 * Commands whose system calls are made to fail: what is there before, and what must be there afterwards, however they
 * ended.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBundle } from '../../src/bundle/store.js';
import { command } from '../support/command.js';
import { aptEnvironment, imageDeb, makeDeb, publishSuite, signingKey } from '../support/kernels.js';
import { unreadable } from './checks.js';
import { fakeResults, fakeStalls } from './fake-results.js';
import { tinyRun } from './profiles.js';

export interface Scenario {
  /** Into an empty folder, in which the command is then started. */
  readonly prepare: (files: string) => void | Promise<void>;
  readonly words: readonly string[];
  readonly environment?: (files: string) => Readonly<Record<string, string>>;
  /** Files whose text is the same each time, so that a success can be told from half of one. */
  readonly results: readonly string[];
  /** What it left does not keep it from succeeding the next time. */
  readonly worksAgain?: boolean;
  /** What of it is wrong. `isDone`: the command said that it had succeeded. */
  readonly check: (files: string, isDone: boolean) => Promise<string[]>;
}

const before = 'what was there before\n';
const nothingWrong = (): Promise<string[]> => Promise.resolve([]);

/** A file that was there is as it was, or it is the new one. */
function oldOrNew(file: string, isWhole: (text: string) => boolean): Scenario['check'] {
  return (files, isDone) => {
    const path = join(files, file);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : null;
    if (text === null) return Promise.resolve([`${file}, which was there, is gone`]);
    if (text === before) return Promise.resolve(isDone ? [`it succeeded, and ${file} is the old one`] : []);
    return Promise.resolve(
      isWhole(text) ? [] : [`${file} is neither the old one nor whole (${text.length} characters)`],
    );
  };
}

function wholeOrAbsent(file: string, isWhole: (text: string) => boolean): Scenario['check'] {
  return (files) => {
    const path = join(files, file);
    return Promise.resolve(!existsSync(path) || isWhole(readFileSync(path, 'utf8')) ? [] : [`${file} is cut off`]);
  };
}

async function together(...checks: readonly Promise<string[]>[]): Promise<string[]> {
  return (await Promise.all(checks)).flat();
}

function withOld(...names: readonly string[]): (files: string) => void {
  return (files) => {
    for (const name of names) writeFileSync(join(files, name), before);
  };
}

/** Saved by this process, for what replaces it and what compares with it. */
async function baseline(files: string): Promise<void> {
  await fakeResults(join(files, 'older'), [0, 0, 1]);
  const { code, stderr } = await command(
    'baseline',
    'save',
    join(files, 'older'),
    '--as',
    'main',
    '--in',
    join(files, 'baselines'),
  );
  if (code !== 0) throw new Error(`the baseline to be replaced could not be saved: ${stderr}`);
}

async function baselineThere(files: string): Promise<string[]> {
  const { code, stderr } = await command('baseline', 'show', 'main', '--in', join(files, 'baselines'));
  return code === 0 ? [] : [`the baseline is lost: ${stderr.trim()}`];
}

const measured =
  (name: string): Scenario['check'] =>
  async (files, isDone) => {
    const path = join(files, name);
    const problems = await unreadable(path);
    if (!isDone || problems.length > 0) return problems;
    const { summary, runs } = openBundle(path);
    return summary?.status === 'complete' && runs.length === tinyRun.runs
      ? []
      : [`it succeeded, and its bundle has ${runs.length} runs and is ${summary?.status ?? 'without a summary'}`];
  };

const isPage = (text: string): boolean => /^<!doctype html>/i.test(text) && text.trimEnd().endsWith('</html>');
const isJson = (text: string): boolean => {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
};

const apt = (files: string): Record<string, string> =>
  aptEnvironment(join(files, 'apt'), `file:${join(files, 'repository')}`, join(files, 'key/public.gpg'));

const scenarios = {
  run: {
    prepare: (files) => {
      writeFileSync(join(files, tinyRun.file), tinyRun.text);
    },
    words: ['run', `./${tinyRun.file}`, '--out', 'bundle'],
    results: [],
    check: measured('bundle'),
  },
  report: {
    prepare: async (files) => {
      await fakeResults(join(files, 'bundle'));
      withOld('report.html')(files);
    },
    words: ['report', 'bundle', '-o', 'report.html'],
    results: ['report.html'],
    check: oldOrNew('report.html', isPage),
  },
  compare: {
    prepare: async (files) => {
      await fakeResults(join(files, 'before'));
      await fakeResults(join(files, 'after'), [1, 2, 2]);
    },
    words: ['compare', 'before', 'after', '--json'],
    results: [],
    check: nothingWrong,
  },
  gate: {
    prepare: async (files) => {
      await fakeResults(join(files, 'before'));
      await fakeResults(join(files, 'after'), [1, 2, 2], '2026-01-02');
      writeFileSync(join(files, 'gate.yaml'), 'rules: [{ limits: [longest_ns <= 5s], compare: [stalled_share] }]\n');
      withOld('gate.json', 'gate.xml', 'gate.md')(files);
    },
    words: [
      'gate',
      '--baseline',
      'before',
      '--candidate',
      'after',
      '--policy',
      'gate.yaml',
      '--json',
      'gate.json',
      '--junit',
      'gate.xml',
      '--markdown',
      'gate.md',
    ],
    results: ['gate.xml', 'gate.md'],
    check: (files, isDone) =>
      together(
        oldOrNew('gate.json', isJson)(files, isDone),
        oldOrNew('gate.xml', (text) => text.trimEnd().endsWith('</testsuites>'))(files, isDone),
        oldOrNew('gate.md', (text) => text.endsWith('\n'))(files, isDone),
      ),
  },
  export: {
    prepare: async (files) => {
      await fakeResults(join(files, 'bundle'));
      withOld('runs.csv')(files);
    },
    words: ['export', 'bundle', '--format', 'csv', '-o', 'runs.csv'],
    results: ['runs.csv'],
    check: oldOrNew('runs.csv', (text) => text.endsWith('\n') && text.trimEnd().split('\n').length > 3),
  },
  explain: {
    prepare: async (files) => {
      await fakeStalls(join(files, 'bundle'));
    },
    words: ['explain', 'bundle', '--trace-export', 'stalls.trace.json'],
    results: ['stalls.trace.json'],
    check: wholeOrAbsent('stalls.trace.json', isJson),
  },
  merge: {
    prepare: async (files) => {
      await fakeResults(join(files, 'one'));
      await fakeResults(join(files, 'two'), [1, 2, 2], '2026-01-02');
    },
    words: ['merge', 'one', 'two', '-o', 'merged'],
    results: ['merged/summary.json'],
    check: (files) => unreadable(join(files, 'merged')),
  },
  'baseline-save': {
    prepare: async (files) => {
      await fakeResults(join(files, 'bundle'));
    },
    words: ['baseline', 'save', 'bundle', '--as', 'main', '--in', 'baselines'],
    results: [],
    check: async (files, isDone) => (isDone || existsSync(join(files, 'baselines/main')) ? baselineThere(files) : []),
  },
  'baseline-replace': {
    prepare: async (files) => {
      await baseline(files);
      await fakeResults(join(files, 'bundle'));
    },
    words: ['baseline', 'save', 'bundle', '--as', 'main', '--replace', '--in', 'baselines'],
    results: [],
    check: (files) => baselineThere(files),
  },
  'baseline-remove': {
    prepare: baseline,
    words: ['baseline', 'rm', 'main', '--in', 'baselines'],
    results: [],
    check: async (files, isDone) => (isDone || !existsSync(join(files, 'baselines/main')) ? [] : baselineThere(files)),
  },
  'kernels-fetch': {
    prepare: (files) => {
      mkdirSync(join(files, 'debs'));
      publishSuite(
        join(files, 'repository'),
        'trixie',
        [makeDeb(join(files, 'debs'), imageDeb('6.16.12-1'))],
        signingKey(join(files, 'key')),
      );
    },
    words: ['kernels', 'fetch', 'deb:6.16.12'],
    environment: apt,
    results: [],
    worksAgain: true,
    check: nothingWrong,
  },
  'kernels-of-a-file': {
    prepare: (files) => {
      makeDeb(files, imageDeb('6.16.12-1'));
    },
    words: ['kernels', 'fetch', './linux-image-6.16.12+deb13-cloud-amd64_6.16.12-1_amd64.deb'],
    environment: (files) => ({ PAUSELAB_CACHE: join(files, 'cache') }),
    results: [],
    worksAgain: true,
    check: nothingWrong,
  },
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;
export const scenarioNames = Object.keys(scenarios) as readonly ScenarioName[];

export function scenarioOf(name: ScenarioName): Scenario {
  return scenarios[name];
}

/** Bundles are made once, and copied. */
const templates = new Map<ScenarioName, string>();

export async function prepared(name: ScenarioName, root: string, files: string): Promise<void> {
  let template = templates.get(name);
  if (template === undefined) {
    template = join(root, `template-${name}`);
    mkdirSync(template);
    await scenarios[name].prepare(template);
    templates.set(name, template);
  }
  cpSync(template, files, { recursive: true });
}

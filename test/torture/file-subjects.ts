/** Readers of files, as commands. */
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countsOfValues } from '../../src/record/histogram/counts.js';
import { hlogHead, hlogLine } from '../../src/record/histogram/hlog.js';
import { defaultPolicyText } from '../../src/verdict/gate/default-policy.js';
import { command } from '../support/command.js';
import { bzImage, config, imageDeb, makeDeb } from '../support/kernels.js';
import { shortProfile } from '../support/short-profile.js';
import { oneOf } from './attempt.js';
import { fakeResults, fakeStalls } from './fake-results.js';
import { hostileHlog } from './hostile-hlog.js';
import { mutated } from './mutate.js';
import { jvmRun } from './profiles.js';
import { filesRead, tryCommand, usual, type Subject } from './subject.js';

const below = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
const shortPolicy =
  'rules: [{ series: ["*.*"], limits: [longest_ns <= 5s, service.p99_9_ns <= 1s], compare: [stalled_share, { metric: response.p75_ns, relative: 5% }] }]\n';

export const fileSubjects: Readonly<Record<string, Subject>> = {
  profile: filesRead({
    weight: 30,
    prepare: (folder) => {
      const shipped = fileURLToPath(new URL('../../profiles', import.meta.url));
      for (const name of readdirSync(shipped).filter((one) => one.endsWith('.yaml')))
        cpSync(join(shipped, name), join(folder, name));
      writeFileSync(join(folder, 'short.yaml'), shortProfile);
      writeFileSync(join(folder, jvmRun.file), jvmRun.text);
      return Promise.resolve(below(folder));
    },
    commands: (_, __, file) => [
      ['profile', 'check', file],
      ['profile', 'check', file],
      ['profile', 'show', file, '--resolved'],
      ['profile', 'show', file, '--json'],
    ],
  }),
  policy: filesRead({
    weight: 6,
    prepare: async (folder) => {
      await fakeResults(join(folder, 'bundle'), [0, 1]);
      await fakeResults(join(folder, 'next'), [0, 1], '2026-01-02');
      writeFileSync(join(folder, 'short.yaml'), shortPolicy);
      writeFileSync(join(folder, 'default.yaml'), defaultPolicyText);
      return ['short.yaml', 'default.yaml'].map((name) => join(folder, name));
    },
    commands: (folder, _, file) => [
      ['gate', '--baseline', join(folder, 'bundle'), '--candidate', join(folder, 'next'), '--policy', file],
    ],
  }),
  bundle: filesRead({
    weight: 15,
    prepare: async (folder) => {
      await fakeResults(join(folder, 'whole'), [0, 1], '2026-01-02');
      writeFileSync(join(folder, 'gate.yaml'), shortPolicy);
      await fakeStalls(join(folder, 'bundle'));
      return below(join(folder, 'bundle'));
    },
    commands: (folder, out) => {
      const [bundle, whole] = [join(folder, 'bundle'), join(folder, 'whole')];
      return [
        ['report', bundle, '-o', out],
        ['explain', bundle],
        ['explain', bundle, '--json'],
        ['compare', bundle, whole, '--quantile', '75'],
        ['gate', '--baseline', whole, '--candidate', bundle, '--policy', join(folder, 'gate.yaml'), '--junit'],
        ['export', bundle, '--format', 'openmetrics'],
        ['export', bundle, '--format', 'csv'],
        ['baseline', 'save', bundle, '--in', out],
        ['merge', whole, bundle, '-o', out],
        ['replay', bundle, '--dry-run'],
      ];
    },
    // A replay plans for this machine.
    allowed: [...usual, 5],
  }),
  stalls: filesRead({
    weight: 8,
    prepare: async (folder) => [await fakeStalls(join(folder, 'bundle'))],
    commands: (folder, out) => [
      ['explain', join(folder, 'bundle')],
      ['explain', join(folder, 'bundle'), '--stall', '1'],
      ['report', join(folder, 'bundle'), '-o', out],
      ['explain', join(folder, 'bundle'), '--trace-export', out],
    ],
  }),
  baseline: filesRead({
    weight: 6,
    prepare: async (folder) => {
      await fakeResults(join(folder, 'bundle'), [0, 1]);
      await command('baseline', 'save', join(folder, 'bundle'), '--as', 'main', '--in', join(folder, 'baselines'));
      return below(join(folder, 'baselines'));
    },
    changes: 'baselines',
    commands: (folder) => {
      const baselines = join(folder, 'baselines');
      return [
        ['baseline', 'list', '--in', baselines],
        ['baseline', 'show', 'main', '--in', baselines],
        ['baseline', 'rm', 'main', '--in', baselines],
        ['baseline', 'save', join(baselines, 'main'), '--as', 'again', '--in', baselines],
        ['baseline', 'save', join(folder, 'bundle'), '--as', 'main', '--replace', '--in', baselines],
        ['gate', '--baseline', baselines, '--candidate', join(folder, 'bundle')],
      ];
    },
  }),
  hlog: filesRead({
    weight: 8,
    prepare: (folder) => {
      const text =
        hlogHead(0) +
        hlogLine('a', 0, 1e9, countsOfValues([1, 5_000, 3e8])) +
        hlogLine('b', 0, 1e9, countsOfValues([7_000]));
      for (const name of ['good.hlog', 'changed.hlog']) writeFileSync(join(folder, name), text);
      return Promise.resolve([join(folder, 'changed.hlog')]);
    },
    commands: (folder, _, file) => [['compare', file, join(folder, 'good.hlog'), '--quantile', '50']],
  }),
  // Behind its checksums and its compression.
  histogram: {
    weight: 5,
    open: (folder) => {
      const [good, file] = [join(folder, 'good.hlog'), join(folder, 'hostile.hlog')];
      writeFileSync(good, hlogHead(0) + hlogLine('a', 0, 1e9, countsOfValues([1, 5_000, 3e8])));
      return Promise.resolve((random) => {
        writeFileSync(file, hlogHead(0) + hlogLine('a', 0, 1e9, countsOfValues([7_000])) + hostileHlog(random));
        return tryCommand(['compare', file, good, '--quantile', '50']);
      });
    },
  },
  arguments: {
    weight: 8,
    open: (folder) => {
      const profile = join(folder, 'short.yaml');
      writeFileSync(profile, shortProfile);
      const options = [
        ['--set', 'holder.nice=10'],
        ['--set', 'victims=[{operation: mprotect, rate: 1000/s}]'],
        ['--fail-if', 'writer.mprotect.stalls > 0'],
        ['--duration', '10s'],
        ['--runs', '3'],
        ['--seed', '5'],
        ['--arm', 'crossing'],
        ['--until-n', 'writer.mprotect=400'],
        ['--kernel', 'host'],
        ['--preempt', 'full'],
      ] as const;
      return Promise.resolve((random) => {
        const [option, text] = oneOf(options, random);
        // An argument has no NUL, and is text.
        const argument = mutated(Buffer.from(text), 'text', random).toString().replaceAll('\0', '').slice(0, 100_000);
        return tryCommand(['run', profile, '--dry-run', `${option}=${argument}`], [...usual, 5]);
      });
    },
  },
  kernel: filesRead({
    weight: 3,
    prepare: (folder) => {
      writeFileSync(join(folder, 'bzImage'), bzImage('6.16.12-mine'));
      writeFileSync(join(folder, 'config'), config('6.16.12', { HZ: '250', PREEMPT_DYNAMIC: 'y' }));
      return Promise.resolve([join(folder, 'bzImage'), join(folder, 'config')]);
    },
    commands: (folder) => [['kernels', 'show', `${join(folder, 'bzImage')},config=${join(folder, 'config')}`]],
    allowed: [0, 2, 5],
  }),
  package: filesRead({
    weight: 0.4,
    prepare: (folder) => {
      const deb = makeDeb(folder, imageDeb('6.16.12-1'));
      rmSync(join(folder, `${basename(deb).split('_')[0] ?? ''}.tree`), { recursive: true });
      return Promise.resolve([deb]);
    },
    commands: (_, __, file) => [['kernels', 'fetch', file]],
    allowed: [0, 2, 5],
  }),
};

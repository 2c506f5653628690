import { describe, expect, test } from 'vitest';
import { countsOfValues } from '../../src/record/histogram/counts.js';
import { sayRan } from '../../src/experiment/place/said.js';
import { answerSchema, type Said } from '../../src/experiment/place/wire.js';
import type { RunOutput } from '../../src/experiment/run/one-run.js';
import { noStalls } from '../support/stalls.js';
import { analyse } from './fake-run.js';

const analysis = analyse({ holder: [{ from: 300, to: 900 }], slow: [{ from: 300, to: 900 }] });
const output: RunOutput = {
  analysis,
  log: [
    { name: 'gc.pause', counts: countsOfValues([1, 5e9]), long_count: 1, inWindow_ns: 4e9 },
    { name: 'none', counts: countsOfValues([]), long_count: 0, inWindow_ns: null },
  ],
  files: { 'stalls.json': JSON.stringify(noStalls), 'histograms.hlog': '#', 'jvm-err.log': '' },
  file: {
    schemaVersion: 2,
    name: '000-a',
    arm: 'a',
    kernel: '6.18.0',
    repetition: 1,
    status: 'complete',
    failures: [],
    disturbances: [],
    degraded: [],
    trace: null,
    startedAt: '',
    window: { windowStart_ns: 0, windowEnd_ns: 1, drainEnd_ns: 2 },
    regionBytes: 1,
    machine: {
      steal_share: 0,
      foreignLoad_share: 0,
      ownLoad_share: 0,
      clockSource: null,
      clockSourceChanged: false,
      guest: null,
    },
    autogroup: null,
    memoryLocked: true,
    layout: {},
    priorities: [],
    holder: null,
    cpuMax: null,
    agent: null,
    issued: null,
    memoryUse: null,
    jvm: null,
    churn: null,
    unproven: [],
    series: analysis.series.map(({ figures }) => figures),
    blocked: null,
  },
};
const said = JSON.parse(JSON.stringify(sayRan(output))) as Said & { type: 'ran' };

test('a run survives the way: figures, counters, files', () => {
  const ran = answerSchema.parse(said);
  if (ran.type !== 'ran') throw new Error('it is a run');
  expect(ran.file).toEqual(output.file);
  expect(ran.files).toEqual(output.files);
  expect(ran.log).toEqual(output.log);
  const [received] = ran.analysis.series;
  const [sent] = analysis.series;
  // A distribution has its histogram beside its counters; counters alone travel.
  expect(sent?.service).toMatchObject(received?.service ?? { n: 'nothing came' });
  expect(sent?.response).toMatchObject(received?.response ?? { n: 'nothing came' });
  expect(received?.service.count).toBeInstanceOf(Float64Array);
});

describe('what a hostile guest could send is refused', () => {
  const withFiles = (files: Record<string, string>): unknown => ({ ...said, files });
  const withService = (service: object): unknown => ({
    ...said,
    analysis: {
      ...said.analysis,
      series: said.analysis.series.map((one) => ({ ...one, service: { ...one.service, ...service } })),
    },
  });
  test.each([
    ['a file above its folder', withFiles({ '../x.log': '' })],
    ['an absolute path', withFiles({ '/etc/x.conf': '' })],
    ['a path inside', withFiles({ 'a/b.log': '' })],
    ['a hidden file', withFiles({ '.bashrc.x': '' })],
    ['a name with a line end', withFiles({ 'a\n.log': '' })],
    ['the file that the host writes itself', withFiles({ 'run.json': '{}' })],
    ['too many files', withFiles(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`f${i}.log`, ''])))],
    ['a list of stalls that is none', withFiles({ 'stalls.json': '{"schemaVersion":1,"stalls":[1]}' })],
    ['a list of stalls that is no JSON', withFiles({ 'stalls.json': '<' })],
    ['a counter outside the histogram', withService({ index: [1e9], count: [1] })],
    ['counters out of order', withService({ index: [2, 1], count: [1, 1] })],
    ['a negative count', withService({ index: [1], count: [-1] })],
    ['more places than counts', withService({ index: [1, 2], count: [1] })],
    ['no number where one belongs', { ...said, analysis: { ...said.analysis, window_ns: '1' } }],
    ['a status that there is not', { ...said, file: { ...said.file, status: 'fine' } }],
    ['a code of its own choice', { type: 'failed', code: 'fine', sentence: 'all is well' }],
    ['an endless sentence', { type: 'failed', code: 'workload', sentence: 'x'.repeat(5000) }],
    [
      'a lock that would steer a terminal',
      {
        type: 'examined',
        fit: true,
        unfit: [],
        locks: [{ operation: 'a', layout: 'isolated', lock: '\u001b[2J', errno: null }],
      },
    ],
    ['a kind that there is not', { type: 'please-run', command: 'rm' }],
    ['nothing', null],
  ])('%s', (_, message) => {
    expect(answerSchema.safeParse(message).success).toBe(false);
  });
});

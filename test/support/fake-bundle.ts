/** Bundles made by hand, whole ones by default, written by the store as an experiment writes them. */
import { seriesOf as summarySeries } from '../verdict/fake-summary.js';
import { createBundle } from '../../src/bundle/store.js';
import type { ManifestFile, RunFile, SeriesFigures, SummaryFile } from '../../src/bundle/schema.js';
import { countsOfValues } from '../../src/record/counts.js';
import { serviceFigures } from '../../src/record/figures.js';
import { distributionOf } from '../../src/record/histogram.js';
import { hlogHead, hlogLine } from '../../src/record/hlog.js';
import { seededRandom } from '../../src/stats/prng.js';

const ms = 1e6;

export interface FakeSeries {
  /** Stalls of a run: their lengths in ms. */
  readonly stalls_ms?: readonly number[];
  /** Most operations take about this. */
  readonly typical_us?: number;
  readonly more?: Partial<SeriesFigures>;
}

export interface FakeRun {
  readonly arm: string;
  readonly series?: Readonly<Record<string, FakeSeries>>;
  readonly more?: Partial<RunFile>;
}

export interface FakeBundle {
  readonly profile?: string;
  readonly runs: readonly FakeRun[];
  readonly host?: Readonly<Record<string, unknown>>;
  /** Settings of the profile beside its name and arms. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly seed?: number;
  readonly manifest?: Partial<ManifestFile>;
  /** Null: none is written. */
  readonly summary?: Partial<SummaryFile> | null;
}

const fakeHost = { kernel: '6.18.0', preemption: 'full', hz: 250, cpuModel: 'A CPU', cpus: [0, 1], memoryBytes: 8 * 2 ** 30 };

export function writeFakeBundle(path: string, { profile = 'fake', runs, host = {}, settings = {}, seed = 1, manifest = {}, summary = {} }: FakeBundle): string {
  const store = createBundle(path);
  const arms = [...new Set(runs.map(({ arm }) => arm))];
  const random = seededRandom(seed);
  const files = runs.map((run, i) => fakeRun(run, i, runs.slice(0, i).filter(({ arm }) => arm === run.arm).length + 1, random));
  const controlOf = (arm: string): 'idle' | 'foreign' | null => (arm === 'idle-control' ? 'idle' : arm === 'foreign-control' ? 'foreign' : null);
  store.writeManifest({
    schemaVersion: 1, tool: { name: 'pauselab', version: '0.1.0' }, argv: ['run', profile], startedAt: '2026-01-02T03:04:05.000Z', seed, profileHash: 'x',
    profile: { name: profile, title: 'Fake', runs: runs.length, seed, ...settings, arms: arms.map((name) => ({ name, title: name, control: controlOf(name), series: ['writer.mprotect'] })) },
    host: { ...fakeHost, ...host }, calibration: [], order: files.map(({ file: { arm, repetition } }) => ({ arm, repetition })), spoiledBy: {}, ...manifest,
  });
  for (const { file, logs } of files) store.writeRun(file, { 'histograms.hlog': logs, 'stalls.json': '{"schemaVersion":1,"stalls":[],"slow":[]}\n', 'engine.log': '' });
  if (summary !== null) {
    store.writeSummary({
      schemaVersion: 1, profile, kernel: '6.18.0', status: 'complete', threshold_ns: 100 * ms, verdict: 'Nothing.', findings: [], notes: [], degraded: [],
      arms: arms.map((name) => ({
        name, title: name, control: controlOf(name), kernel: '6.18.0', runs: 1, cutShortRuns: 0, spoiledRuns: 0, regionBytes: null, holder: null, jvm: null,
        series: [summarySeries('writer.mprotect', [])],
      })),
      ...summary,
    });
  }
  return path;
}

function fakeRun({ arm, series = { 'writer.mprotect': {} }, more = {} }: FakeRun, index: number, repetition: number, random: () => number): { file: RunFile; logs: string } {
  const name = `${String(index).padStart(3, '0')}-${arm}`;
  const measured = Object.entries(series).map(([own, one]) => fakeSeries(own, one, random));
  const file: RunFile = {
    schemaVersion: 1, name, arm, repetition, status: 'complete', failure: null, spoiled: [], degraded: [], startedAt: '2026-01-02T03:04:05.000Z',
    window: { windowStart_ns: 1e9, windowEnd_ns: 31e9, drainEnd_ns: 31e9 }, regionBytes: 0,
    machine: { steal_share: 0, foreignLoad_share: 0, clockSource: 'tsc', clockSourceChanged: false },
    autogroup: null, memoryLocked: true, layout: null, priorities: [], holder: null, jvm: null, series: measured.map(({ figures }) => figures), ...more,
  };
  return { file, logs: hlogHead(1_700_000_000_000) + measured.map(({ lines }) => lines).join('') };
}

function fakeSeries(name: string, { stalls_ms = [], typical_us = 20, more = {} }: FakeSeries, random: () => number): { figures: SeriesFigures; lines: string } {
  const usual_ns = Array.from({ length: 5000 }, () => Math.round(typical_us * 1000 * Math.exp(0.5 * (random() + random() + random() - 1.5))));
  const stalls_ns = stalls_ms.map((length) => Math.round(length * ms));
  const counts = countsOfValues([...usual_ns, ...stalls_ns]);
  const service = serviceFigures(distributionOf(counts));
  const total_ns = stalls_ns.reduce((sum, one) => sum + one, 0);
  const longest_ns = Math.max(0, ...stalls_ns);
  return {
    figures: {
      name, service, response: service, unserved: 0, inflight_ns: null, saturated: false, refused: {}, exhausted: 0, lost_records: 0,
      stalls: {
        threshold_ns: 100 * ms, count: stalls_ns.length, blocked_count: stalls_ns.length, unseen_count: 0, longest_ns, longest_blocked_ns: longest_ns, total_ns,
        stalled_share: total_ns / 30e9, blocked_share: total_ns / 30e9,
      },
      ...more,
    },
    lines: [1, 2].map((second) => hlogLine(`${name}.service`, second * 1e9, (second + 1) * 1e9, second === 1 ? countsOfValues(usual_ns) : countsOfValues(stalls_ns))).join('') + hlogLine(`${name}.response`, 1e9, 31e9, counts),
  };
}

/** `n` runs of one arm, each with stalls that differ a little from run to run. */
export function repeated(n: number, arm: string, stalls_ms: readonly number[] = [], series = 'writer.mprotect'): FakeRun[] {
  return Array.from({ length: n }, (_, i) => ({ arm, series: { [series]: { stalls_ms: stalls_ms.map((length) => length * (1 + 0.02 * ((i * 7) % 5))) } } }));
}

/** Bundles on disk, made by hand: each run is what a test says of it, and else an ordinary one without a stall. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBundle } from '../../src/bundle/store.js';
import type { ManifestFile, RunFile, SeriesFigures } from '../../src/bundle/bundle-schema.js';
import type { ResolvedProfile } from '../../src/profile/resolved/resolved.js';
import { resolvedProfileSchema } from '../../src/profile/resolved/resolved-schema.js';
import { countsOfValues, type SparseCounts } from '../../src/record/histogram/counts.js';
import { responseFigures, serviceFigures } from '../../src/record/histogram/figures.js';
import { distributionOf } from '../../src/record/histogram/histogram.js';
import { hlogHead, hlogLine } from '../../src/record/histogram/hlog.js';
import { fakeProfile, type GivenProfile } from '../support/fake-profile.js';
import { ms, summaryOf } from './fake-summary.js';

export interface FakeRun {
  readonly arm?: string;
  readonly series?: string;
  readonly stalls?: Partial<SeriesFigures['stalls']>;
  /** Service times in nanoseconds; response times are the same. */
  readonly values_ns?: readonly number[];
  readonly figures?: Partial<SeriesFigures>;
  readonly run?: Partial<RunFile>;
  readonly window_ns?: number;
}

/** A profile of which a part is given gets the rest. */
export type FakeManifest = Partial<Omit<ManifestFile, 'profile'>> & { readonly profile?: object };

export interface FakeBundle {
  readonly runs: readonly FakeRun[];
  readonly manifest?: FakeManifest;
  readonly status?: 'complete' | 'partial';
}

/** 1,000 values whose p99 is `p99_ns`. */
export function valuesWithP99(p99_ns: number): number[] {
  return Array.from({ length: 1000 }, (_, i) => (i < 980 ? 5_000 + i : Math.round(p99_ns)));
}

export function fakeSeries(
  { series = 'writer.mprotect', stalls = {}, figures = {} }: FakeRun,
  service: SparseCounts,
): SeriesFigures {
  const distribution = distributionOf(service);
  return {
    name: series,
    service: serviceFigures(distribution),
    response: responseFigures(distribution, { service_n: service.n, saturated: figures.saturated ?? false }),
    stalls: {
      threshold_ns: 100 * ms,
      count: 0,
      blocked_count: 0,
      unseen_count: 0,
      longest_ns: 0,
      longest_blocked_ns: 0,
      total_ns: 0,
      stalled_share: 0,
      blocked_share: 0,
      mutex_count: 0,
      longest_mutex_ns: 0,
      mutex_share: 0,
      ...stalls,
    },
    unserved: 0,
    inflight_ns: null,
    saturated: false,
    refused: {},
    exhausted: 0,
    lost_records: 0,
    ...figures,
  };
}

export function writeFakeBundle(path: string, { runs, manifest = {}, status = 'complete' }: FakeBundle): void {
  const store = createBundle(path);
  const arms = [...new Set(runs.map(({ arm = 'free' }) => arm))].map((name) => ({ name }));
  store.writeManifest({
    schemaVersion: 2,
    tool: { name: 'pauselab', version: '0.1.0' },
    argv: ['run', 'fake'],
    asked: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    seed: 1,
    profileHash: 'hash',
    host: { kernel: '6.18.0', preemption: 'full', hz: 250, cpuModel: 'A CPU', cpus: [0, 1], memoryBytes: 8 * 2 ** 30 },
    calibration: [],
    refusedArms: [],
    order: [],
    kernels: [],
    spoiledBy: {},
    programs: null,
    turns: null,
    resumed: [],
    ...manifest,
    profile: wholeProfile(manifest.profile ?? { arms }),
  });
  runs.forEach((fake, i) => {
    const { arm = 'free', values_ns = valuesWithP99(20_000), window_ns = 10e9 } = fake;
    const service = countsOfValues(values_ns);
    const series = fakeSeries(fake, service);
    const name = `${String(i).padStart(3, '0')}-${arm}`;
    // An evil series has no tag of its name.
    const tag = series.name.replace(/[,\s]/g, '_');
    const hlog =
      hlogHead(1_700_000_000_000) +
      hlogLine(`${tag}.service`, 0, window_ns, service) +
      hlogLine(`${tag}.response`, 0, window_ns, service);
    store.writeRun(
      {
        schemaVersion: 2,
        name,
        arm,
        kernel: null,
        repetition: i + 1,
        status: 'complete',
        failures: [],
        disturbances: [],
        degraded: [],
        trace: null,
        unproven: [],
        startedAt: '2026-01-01T00:00:00.000Z',
        window: { windowStart_ns: 0, windowEnd_ns: window_ns, drainEnd_ns: window_ns },
        regionBytes: 4096,
        machine: {
          steal_share: 0,
          foreignLoad_share: 0,
          ownLoad_share: 0,
          clockSource: 'tsc',
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
        series: [series],
        blocked: null,
        ...fake.run,
      },
      { 'histograms.hlog': hlog },
    );
  });
  store.writeSummary(summaryOf([], { profile: 'fake', status }));
  store.close();
}

function wholeProfile(profile: object): ResolvedProfile {
  const { success, data } = resolvedProfileSchema.safeParse(profile);
  return success ? data : fakeProfile(profile as GivenProfile);
}

/** Keys of a manifest as a stranger may have changed them. */
export function changeManifest(path: string, changed: object): void {
  const file = join(path, 'manifest.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...changed }));
}

/** Stalls of 500 ms, each blocked in the kernel, in a window of 10 s. */
export function stalled(count: number): Partial<SeriesFigures['stalls']> {
  return {
    count,
    blocked_count: count,
    longest_ns: count === 0 ? 0 : 500 * ms,
    longest_blocked_ns: count === 0 ? 0 : 480 * ms,
    total_ns: count * 500 * ms,
    stalled_share: count * 0.05,
    blocked_share: count * 0.048,
  };
}

/** A kernel in an emulated guest. */
export function kernelRecord(
  release: string,
  more: Partial<ManifestFile['kernels'][number]> = {},
): ManifestFile['kernels'][number] {
  return {
    name: more.label ?? release,
    label: null,
    asked: `deb:${release}`,
    release,
    facts: { preemption: 'full', hz: 250 },
    differences: [],
    oneTree: null,
    guest: {
      origin: {},
      sha256: release,
      configSha256: null,
      commandLine: '',
      preempt: null,
      accelerator: 'tcg',
      withoutKvm: 'it is a test',
      qemu: '9',
      cpus: 2,
      memoryBytes: 2 ** 31,
      pinnedTo: null,
      channel: 'virtio',
      image: { bytes: 1, sha256: '', built_ms: null },
      boot_ms: 1,
      bootFailures: [],
      command: [],
    },
    ...more,
  };
}

/** Runs on one kernel. */
export function kernelRuns(n: number, { kernel, run = {}, ...more }: FakeRun & { readonly kernel: string }): FakeRun[] {
  return Array.from({ length: n }, (_, i) => ({ ...more, run: { kernel, repetition: i + 1, ...run } }));
}

/** A bundle as a side of a comparison. */
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { IncompleteSide, LeftOut, SideNote } from '../../facts/side-facts.js';
import { distinct, sentencesOf } from '../../facts/stated.js';
import { usage } from '../../base/failure.js';
import { formatDuration, formatSize } from '../../base/text/units.js';
import { nameWithoutLabel, placeKey } from '../../bundle/place-names.js';
import type { KernelRecord, RunFile, SeriesFigures } from '../../bundle/bundle-schema.js';
import type { StoredBundle } from '../../bundle/store.js';
import { hasFailed, isEvidence } from '../../bundle/stored.js';
import type { ResolvedArm } from '../../profile/resolved/resolved.js';
import { addCounts } from '../../record/histogram/counts.js';
import { percentile_ns } from '../../record/histogram/histogram.js';
import { sumHlog, type HlogSum } from '../../record/histogram/hlog-sum.js';
import { hasFiniteUpperBound } from '../../stats/quantile-bounds.js';
import { allocatorsOf } from './allocators-of.js';
import { bootOf } from './boot-of.js';
import { storedPercents, type ArmRun, type SeriesOfRun } from './metrics.js';
import { storedPercentile } from './metrics/metric.js';
import { isMeantIdle, nothingGivenIn } from './nothing-given.js';
import type { PlacedArm, RoundRun, SeriesEvidence, Side, SideFacts } from './side.js';
import { counted, listed } from '../../words/text.js';

export function bundleSide({ path, manifest, summary, runs: all, notes }: StoredBundle): Side {
  // An arm in another place is another arm.
  const runs =
    manifest.kernels.length > 1 ? all.map((run) => ({ ...run, arm: armOn(run.arm, run.kernel ?? 'unknown') })) : all;
  const evidence = new Map<string, SeriesEvidence & { runs: RoundRun[] }>();
  const ofArms = new Map<string, SeriesEvidence & { runs: RoundRun[] }>();
  const whole = runs.filter(isEvidence);
  const idle = new Map<string, number>();
  const resolved = new Map(manifest.profile.arms.map((arm) => [arm.name, arm]));
  for (const [i, run] of runs.entries()) {
    const arm = resolved.get(all[i]?.arm ?? '');
    const logs = lazily(() => sumHlog(join(path, 'runs', run.name, 'histograms.hlog')));
    const ofArm = ofArms.get(run.arm) ?? { arm: run.arm, scope: 'arm', series: '', runs: [] };
    ofArms.set(run.arm, ofArm);
    assertSaneArm(join(path, 'runs', run.name, 'run.json'), run);
    if (isEvidence(run)) ofArm.runs.push({ ...armEvidence(run, arm, logs), round: run.repetition, name: run.name });
    for (const stored of run.series) {
      assertSane(join(path, 'runs', run.name, 'run.json'), run, stored);
      const figures = stalledThroughout(run, stored);
      const key = `${run.arm}, ${figures.name}`;
      const entry = evidence.get(key) ?? { arm: run.arm, scope: 'series', series: figures.name, runs: [] };
      evidence.set(key, entry);
      // A series without evidence stays, so that it is reported as missing.
      if (!isEvidence(run)) continue;
      // A victim that never operated shows nothing, not even that it was not stalled.
      if (figures.service.n + figures.stalls.count === 0) idle.set(key, (idle.get(key) ?? 0) + 1);
      else entry.runs.push({ ...seriesEvidence(run, arm, figures, logs), round: run.repetition, name: run.name });
    }
  }
  const weak = [...evidence.values()].flatMap(({ arm, series }): SideNote[] => {
    const own = whole.flatMap((run) => (run.arm === arm ? run.series.filter(({ name }) => name === series) : []));
    const lost = own.filter(({ lost_records }) => lost_records > 0).length;
    const exhausted = own.filter((one) => one.exhausted > 0).length;
    return [
      ...(lost > 0 ? [{ code: 'records-lost', arm, series, runs_n: lost } as const] : []),
      ...(exhausted > 0 ? [{ code: 'pages-used-up', arm, series, runs_n: exhausted } as const] : []),
    ];
  });
  const unproven = runs.flatMap((run) => run.unproven.map(({ allocator, key, asked }) => ({ allocator, key, asked })));
  const settings = [...new Map(unproven.map((setting) => [JSON.stringify(setting), setting])).values()];
  const degraded = distinct(runs.flatMap((run) => run.degraded));
  const incomplete = incompleteness(summary, runs);
  const disturbed = runs.filter((run) => run.disturbances.length > 0).length;
  const failed = runs.filter(hasFailed).length;
  const cut = runs.filter((run) => run.status !== 'complete' && !hasFailed(run)).length;
  const of_n = runs.length;
  const leftOut: LeftOut[] = [
    ...notes.map((reason) => ({ code: 'unreadable', reason }) as const),
    ...(disturbed > 0 ? [{ code: 'runs-disturbed', runs_n: disturbed, of_n } as const] : []),
    ...(cut > 0 ? [{ code: 'runs-cut-short', runs_n: cut, of_n } as const] : []),
    ...(failed > 0 ? [{ code: 'runs-failed', runs_n: failed, of_n } as const] : []),
  ];
  return {
    label: basename(path.replace(/\/+$/, '')) || path,
    path,
    kind: 'bundle',
    arms: [...new Set([...armsOf(manifest), ...runs.map(({ arm }) => arm)])].filter((arm) =>
      runs.some((run) => run.arm === arm),
    ),
    placed: placedArms(
      manifest,
      all.map(({ arm }) => arm),
    ),
    evidence: [...evidence.values(), ...ofArms.values()],
    facts: factsOf(manifest, runs),
    resolved: manifest.profile,
    programs: manifest.programs,
    startedAt: manifest.startedAt,
    measured_ns: measuredTimes(runs),
    turns: manifest.turns,
    boot: bootOf(manifest, path),
    incomplete,
    regions: manifest.calibration.map(({ operation, pages, target_hold_ns, bytes }) => ({
      of:
        `${operation}${pages === 'small' ? '' : ` (${pages} pages)`}` +
        // A ladder has several.
        (target_hold_ns === null ||
        manifest.calibration.filter((other) => other.operation === operation && other.pages === pages).length === 1
          ? ''
          : ` for ${formatDuration(target_hold_ns)}`),
      bytes,
    })),
    degraded,
    // A merged bundle may have runs of one.
    refusedArms: manifest.refusedArms.filter(({ arm }) => !all.some((run) => run.arm === arm)),
    leftOut,
    notes: [
      ...leftOut,
      ...(incomplete === null ? [] : [incomplete]),
      ...(degraded.length > 0
        ? [
            {
              code: 'side-degraded',
              degradations: degraded.map(({ code }) => code),
              why: sentencesOf(degraded),
            } as const,
          ]
        : []),
      ...(settings.length > 0 ? [{ code: 'settings-unproven', settings } as const] : []),
      ...[...evidence].flatMap(([key, { arm, series }]) => {
        const runs_n = idle.get(key) ?? 0;
        return runs_n === 0 ? [] : [{ code: 'series-idle', arm, series, runs_n } as const];
      }),
      ...weak,
    ],
  };
}

function measuredTimes(runs: readonly RunFile[]): Record<string, number> {
  const times = new Map<string, number>();
  // A run that was cut before go has a window before it.
  for (const { arm, window } of runs) times.set(arm, (times.get(arm) ?? 0) + Math.max(0, window.drainEnd_ns));
  return Object.fromEntries(times);
}

/** A side for each kernel. Each kernel of several is judged as if it had been measured alone. */
export function kernelSides(bundle: StoredBundle): Side[] {
  const { manifest, summary, runs } = bundle;
  if (manifest.kernels.length < 2) return [bundleSide(bundle)];
  return manifest.kernels.map((kernel) => {
    const own = bundleSide({
      ...bundle,
      manifest: { ...manifest, kernels: [kernel] },
      summary: summary === null ? null : { ...summary, arms: summary.arms.filter((arm) => arm.kernel === kernel.name) },
      runs: runs.filter((run) => run.kernel === kernel.name),
    });
    return { ...own, label: `${own.label} on ${kernel.name}` };
  });
}

function incompleteness(summary: StoredBundle['summary'], runs: readonly RunFile[]): IncompleteSide | null {
  if (summary === null) return { code: 'no-summary' };
  if (summary.status !== 'complete') return { code: 'not-complete', status: summary.status };
  // Without its bad runs any bundle looks good.
  const there = new Set(runs.map(({ name }) => name));
  // An arm without a timed series has its runs with its JVM.
  const listed = summary.arms.flatMap(({ series, jvm }) => [
    ...series.flatMap(({ perRun }) => perRun),
    ...(jvm?.perRun ?? []),
  ]);
  const gone = new Set(listed.map(({ run }) => run).filter((name) => !there.has(name)));
  return gone.size === 0 ? null : { code: 'runs-gone', runs: [...gone] };
}

/**
 * A version that looked only at recorded operations has no stall in a series that could make no operation. Its thread
 * was held up for all of the window, in an unknown state.
 */
function stalledThroughout({ window }: RunFile, figures: SeriesFigures): SeriesFigures {
  const { service, stalls, unserved, exhausted, refused } = figures;
  if (service.n + stalls.count + exhausted > 0 || unserved === 0 || Object.keys(refused).length > 0) return figures;
  const window_ns = window.windowEnd_ns - window.windowStart_ns;
  return {
    ...figures,
    stalls: { ...stalls, count: 1, unseen_count: 1, longest_ns: window_ns, total_ns: window_ns, stalled_share: 1 },
  };
}

/** `arm`: of its profile. `logs` is asked only for percentiles that the figures do not have. */
export function seriesEvidence(
  run: RunFile,
  arm: ResolvedArm | undefined,
  figures: SeriesFigures,
  logs: () => Pick<HlogSum, 'tags'>,
): SeriesOfRun {
  return {
    scope: 'series',
    window_ns: run.window.windowEnd_ns - run.window.windowStart_ns,
    threshold_ns: figures.stalls.threshold_ns,
    figures,
    knowsStates: true,
    nothingGiven: nothingGivenIn(run, arm),
    quantile(times, percent) {
      const own = times === 'service' ? figures.service : figures.response;
      if (own === null || (times === 'response' && figures.saturated)) return null;
      // Owed operations are no further observations: n is that of the operations served (record/histogram/figures.ts).
      return (
        storedPercentile(own, percent) ??
        fromLog(
          logs,
          times === 'service' ? [`${figures.name}.service`] : [`${figures.name}.response`, `${figures.name}.owed`],
          figures.service.n,
          percent,
        )
      );
    },
  };
}

/** `arm`: of its profile. */
export function armEvidence(
  { window, jvm, holder, issued, memoryUse, series }: RunFile,
  arm: ResolvedArm | undefined,
  logs: () => Pick<HlogSum, 'tags'>,
): ArmRun {
  return {
    scope: 'arm',
    window_ns: window.windowEnd_ns - window.windowStart_ns,
    threshold_ns: series[0]?.stalls.threshold_ns ?? 0,
    jvm,
    holder,
    isIdle: arm !== undefined && isMeantIdle(arm),
    issued,
    memory: memoryUse,
    quantile(times, percent) {
      const own = times === 'holder' ? holder?.service : jvm?.log.find(({ name }) => name === times)?.durations;
      if (own === undefined) return null;
      return (
        storedPercentile(own, percent) ??
        fromLog(logs, [times === 'holder' ? `${holder?.name ?? ''}.service` : times], own.n, percent)
      );
    },
  };
}

function fromLog(
  logs: () => Pick<HlogSum, 'tags'>,
  tags: readonly string[],
  n: number,
  percent: number,
): number | null {
  if (storedPercents.some((stored) => stored === percent) || !hasFiniteUpperBound(percent / 100, n)) return null;
  return percentile_ns(
    addCounts(...logs().tags.flatMap(({ tag, counts }) => (tag !== null && tags.includes(tag) ? [counts] : []))),
    percent,
  );
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** JSON has no NaN, but 1e999 is Infinity, and a file may have been changed. */
function assertSane(path: string, { window }: RunFile, { name, service, response, stalls }: SeriesFigures): void {
  const counts = [service.n, response?.n ?? 0, stalls.count, stalls.blocked_count];
  // A run that was cut before `go` has a window of no length, before 0.
  const times = [
    window.windowEnd_ns - window.windowStart_ns,
    stalls.threshold_ns,
    stalls.longest_ns,
    ...[service, response].flatMap((figures) =>
      figures === null ? [] : Object.values(figures).filter((value) => value !== null),
    ),
  ];
  const bad =
    counts.find((value) => !Number.isSafeInteger(value) || value < 0) ??
    times.find((value) => !Number.isFinite(value) || value < 0) ??
    [stalls.stalled_share, stalls.blocked_share].find((value) => !(value >= 0 && value <= 1 + 1e-9));
  if (bad !== undefined)
    throw usage(
      `${path} is no valid run: ${JSON.stringify(name.slice(0, 80))} has the figure ${bad}, which no run has; it was changed or cut off`,
    );
}

function assertSaneArm(path: string, { jvm, holder, memoryUse: memory }: RunFile): void {
  const sizes =
    memory === null
      ? []
      : [
          memory.rssMeanBytes,
          memory.rssPeakBytes,
          memory.pssBytes,
          memory.cgroup?.meanBytes ?? null,
          memory.cgroup?.peakBytes ?? null,
        ];
  const calls =
    holder === null
      ? []
      : [
          holder.window_calls,
          holder.crossed_calls,
          holder.releasedBytes,
          holder.hold_ns,
          ...Object.values(holder.service),
        ];
  const events = (jvm?.log ?? []).flatMap(({ durations, long_count, total_ns, inWindow_ns }) => [
    long_count,
    total_ns,
    inWindow_ns,
    ...Object.values(durations),
  ]);
  const bad = [...sizes, ...calls, ...events].find(
    (value) => value !== null && !(Number.isFinite(value) && value >= 0),
  );
  if (bad !== undefined)
    throw usage(
      `${path} is no valid run: its memory, its holder or its JVM's log has the figure ${String(bad)}, which no run has; it was changed or cut off`,
    );
}

function factsOf(
  { profile, profileHash, host, kernels, asked, tool }: StoredBundle['manifest'],
  runs: readonly RunFile[],
): SideFacts {
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  const ofKernels = (fact: string): unknown => common(kernels.map(({ facts }) => facts[fact]));
  const flag = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);
  const jdks = runs
    .flatMap(({ jvm }) => jvm?.processes ?? [])
    .flatMap((process) => {
      const { version, vendor } = process;
      return typeof version === 'string' ? [typeof vendor === 'string' ? `${vendor} ${version}` : version] : [];
    });
  return {
    profile: profile.name,
    profileHash,
    label: kernels.every(({ label }) => label !== null) ? listed(kernels.map(({ name }) => name)) : null,
    // Times of an emulated CPU compare only with each other, so the accelerator is a part of the kernel.
    kernel: listed(
      kernels.map((one) => {
        const plain = nameWithoutLabel(one);
        // A feature that all places share is in no name.
        const name = one.feature === undefined || plain.endsWith(` ${one.feature}`) ? plain : `${plain} ${one.feature}`;
        return one.guest === null ? name : `${name} in a guest (${one.guest.accelerator})`;
      }),
    ),
    guest: ofGuests(kernels, ({ cpus, memoryBytes }) =>
      [`of ${counted(cpus, 'CPU')}`, formatSize(memoryBytes), ...(asked?.guest.append ?? [])].join(' '),
    ),
    image: ofGuests(kernels, ({ sha256 }) => sha256.slice(0, 12)),
    preemption: text(ofKernels('preemption')),
    hz: number(ofKernels('hz')),
    transparentHugePages: text(ofKernels('transparentHugePages')),
    autogroup: flag(ofKernels('autogroup')),
    clockSource: text(ofKernels('clockSource')),
    schedFeatures: wordsOf(ofKernels('schedFeatures')),
    cpuModel: text(host.cpuModel),
    cpus: Array.isArray(host.cpus) ? host.cpus.length : null,
    memoryBytes: number(host.memoryBytes),
    tool: tool.version,
    trace: asked?.trace ?? null,
    allocators: allocatorsOf(runs),
    jdks: [...new Set(jdks)].sort(),
  };
}

/** In the order of the kernels, a common value once; null: there is no guest. */
function ofGuests(
  kernels: readonly KernelRecord[],
  textOf: (guest: NonNullable<KernelRecord['guest']>) => string,
): string | null {
  const texts = kernels.flatMap(({ guest }) => (guest === null ? [] : [textOf(guest)]));
  const [first] = texts;
  return first === undefined ? null : texts.every((text) => text === first) ? first : listed(texts);
}

function armOn(arm: string, place: string): string {
  return `${arm} on ${place}`;
}

/** In the profile's order. */
function armsOf({ profile, kernels }: StoredBundle['manifest']): string[] {
  const names = profile.arms.map(({ name }) => name);
  return kernels.length > 1 ? kernels.flatMap((kernel) => names.map((name) => armOn(name, kernel.name))) : names;
}

function placedArms(
  { profile, kernels }: StoredBundle['manifest'],
  ofRuns: readonly string[],
): ReadonlyMap<string, PlacedArm> {
  if (kernels.length < 2) return new Map();
  const names = [...new Set([...profile.arms.map(({ name }) => name), ...ofRuns])];
  return new Map(
    kernels.flatMap((kernel) => {
      const place = placeKey(kernel, kernels);
      return names.map((name) => [armOn(name, kernel.name), { name, place }] as const);
    }),
  );
}

/** The value of all; null if they differ. */
function common(values: readonly unknown[]): unknown {
  return values.every((value) => isDeepStrictEqual(value, values[0])) ? values[0] : null;
}

function wordsOf(value: unknown): string[] | null {
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : null;
}

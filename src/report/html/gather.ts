/**
 * Reads the data of a report from bundles. Each histogram log is read once, line by line, so that memory and the page
 * are bounded however long a run is. The report says what could not be read.
 */
import { join } from 'node:path';
import type { MissingInBundle } from '../../facts/stall-facts.js';
import { distinct as distinctFacts, type Stated } from '../../facts/stated.js';
import { statedMissing } from '../../words/stall-words.js';
import { orMissing, stallsOf, type BundleStalls, type NumberedStall } from '../../bundle/read-stalls.js';
import type { RunFile, SummaryFile } from '../../bundle/bundle-schema.js';
import { openBundle, type StoredBundle } from '../../bundle/store.js';
import { isEvidence } from '../../bundle/stored.js';
import { lastUsedIndex, valueOfIndex, type SparseCounts } from '../../record/histogram/counts.js';
import { eachHlogLine } from '../../record/histogram/hlog-sum.js';
import { decodeCounts } from '../../record/histogram/tally.js';
import { addTo, createPool, curveOf, mergePools, type Curve, type Pool } from './curves.js';

export type Time = 'service' | 'response';

type Finding = SummaryFile['findings'][number];

/** What runs can show: everything; only that an arm stalls and why (under load); nothing. */
export type Standing = 'evidence' | 'under-load' | 'none';

/** An arm on a kernel of a bundle. */
export interface Arm {
  readonly bundle: number;
  readonly name: string;
  readonly title: string;
  readonly isControl: boolean;
  readonly kernel: string;
  /** Its name, with whatever distinguishes it from other arms in the report. */
  readonly label: string;
}

export interface CurveSet {
  readonly arm: Arm;
  readonly series: string;
  readonly time: Time;
  readonly pooled: Curve;
  /** A curve per run. */
  readonly runs: readonly Curve[];
  /** If not `evidence`: no run is complete and undisturbed, and these are the best runs. */
  readonly standing: Standing;
}

export interface HeatRun {
  readonly run: string;
  readonly spoiled: boolean;
  readonly start_ns: number;
  readonly end_ns: number;
  /** Operations by column and row; columns are `HeatMap.column_ns` wide, and the first starts at `start_ns`. */
  readonly cells: readonly Float64Array[];
  readonly stalls: readonly NumberedStall[];
}

export interface HeatMap {
  readonly arm: Arm;
  readonly series: string;
  readonly column_ns: number;
  readonly runs: readonly HeatRun[];
  readonly leftOutRuns: number;
  /** See CurveSet. */
  readonly standing: Standing;
}

export interface ReportedBundle {
  readonly label: string;
  readonly stored: StoredBundle;
  readonly stalls: BundleStalls;
  readonly arms: readonly Arm[];
  /** The runs of each of `arms`. */
  readonly shown: readonly ArmRuns[];
  readonly missing: readonly Stated<MissingInBundle>[];
}

export interface ReportData {
  readonly bundles: readonly ReportedBundle[];
  readonly curves: readonly CurveSet[];
  readonly heatMaps: readonly HeatMap[];
}

/** Rows of a heat map: four per decade, starting at 100 ns. */
export const heatRows = 40;
export const lowestHeat_ns = 100;
export const heatRowsPerDecade = 4;
const mostColumns = 200;
const mostHeatRuns = 60;
/** A narrower column would be finer than the log. */
const leastColumn_ns = 1e9;

export function gather(paths: readonly string[]): ReportData {
  const opened = paths.map((path) => {
    const stored = openBundle(path);
    return { stored, stalls: stallsOf(stored) };
  });
  const labels = distinct(opened.map(({ stored }) => stored.path.replace(/\/+$/, '').split('/').at(-1) ?? stored.path));
  const curves: CurveSet[] = [];
  const heatMaps: HeatMap[] = [];
  const bundles = opened.map(({ stored, stalls }, bundle) => {
    const label = labels[bundle] ?? stored.path;
    // A disturbed run is mentioned with its arm.
    const missing = stalls.missing.filter(({ code }) => code !== 'run-disturbed');
    if (stored.summary === null) missing.push(statedMissing({ code: 'no-summary' }));
    const arms = armsOf(stored, bundle, opened.length > 1 ? label : null);
    const shown = arms.map((arm) => runsOf(stored, arm));
    for (const one of shown) {
      const read = readArm({ path: stored.path, ...one, stalls: stalls.stalls, missing });
      curves.push(...read.curves);
      heatMaps.push(...read.heatMaps);
    }
    return { label, stored, stalls, arms, shown, missing: distinctFacts(missing) };
  });
  return { bundles, curves, heatMaps };
}

function distinct(labels: readonly string[]): string[] {
  return labels.map((label, i) => (labels.indexOf(label) === i ? label : `${label} (${i + 1})`));
}

function armsOf({ manifest, summary, runs }: StoredBundle, bundle: number, prefix: string | null): Arm[] {
  const arms = new Map<string, Arm>();
  const planned = manifest.profile.arms;
  const inOrder = [...planned, ...runs.map(({ arm }) => ({ name: arm }))].map(({ name }) => name);
  const several = manifest.kernels.length > 1;
  for (const kernel of manifest.kernels) {
    for (const name of new Set(inOrder)) {
      if (!runs.some((run) => run.arm === name && run.kernel === kernel.name)) continue;
      const described =
        summary?.arms.find((arm) => arm.name === name && arm.kernel === kernel.name) ??
        summary?.arms.find((arm) => arm.name === name);
      const plan = planned.find((arm) => arm.name === name);
      const title = described?.title ?? plan?.title ?? name;
      const control = described?.control ?? plan?.control ?? null;
      const label = `${prefix === null ? '' : `${prefix}: `}${name}${several ? ` on ${kernel.name}` : ''}`;
      arms.set(JSON.stringify([name, kernel.name]), {
        bundle,
        name,
        title,
        isControl: control !== null,
        kernel: kernel.name,
        label,
      });
    }
  }
  return [...arms.values()];
}

interface Gathering {
  readonly pooled: Map<string, Pool>;
  readonly perRun: Map<string, Curve[]>;
}

export interface ArmRuns {
  readonly arm: Arm;
  readonly runs: readonly RunFile[];
  /** Its runs that are evidence; if there are none, all, and `standing` says so. */
  readonly shown: readonly RunFile[];
  readonly standing: Standing;
}

function runsOf(stored: StoredBundle, arm: Arm): ArmRuns {
  const runs = stored.runs.filter((run) => run.arm === arm.name && (run.kernel ?? '') === arm.kernel);
  const good = runs.filter(isEvidence);
  if (good.length > 0) return { arm, runs, shown: good, standing: 'evidence' };
  const isUnderLoad = findingsOf(stored, arm).some(({ level }) => level === 'under-load');
  return { arm, runs, shown: runs, standing: isUnderLoad ? 'under-load' : 'none' };
}

function findingsOf({ summary }: Pick<StoredBundle, 'summary'>, { name, kernel }: Arm): Finding[] {
  return (summary?.findings ?? []).filter((finding) => finding.arm === name && (finding.kernel ?? kernel) === kernel);
}

interface ArmToRead extends ArmRuns {
  readonly path: string;
  readonly stalls: readonly NumberedStall[];
  readonly missing: Stated<MissingInBundle>[];
}

function readArm({ path, arm, runs, shown, stalls, missing, standing }: ArmToRead): {
  curves: CurveSet[];
  heatMaps: HeatMap[];
} {
  const names = [...new Set(runs.flatMap(({ series }) => series.map(({ name }) => name)))];
  if (standing !== 'evidence' && runs.length > 0)
    missing.push(statedMissing({ code: 'arm-without-evidence', arm: arm.label, underLoad: standing === 'under-load' }));
  const heated = shown.slice(0, mostHeatRuns);
  const total_ns = heated.reduce(
    (sum, { window }) => sum + Math.max(0, window.windowEnd_ns - window.windowStart_ns),
    0,
  );
  const column_ns = Math.max(leastColumn_ns, Math.ceil(total_ns / (mostColumns - heated.length) / 1e9) * 1e9);
  const gathering: Gathering = { pooled: new Map(), perRun: new Map() };
  const heat = new Map<string, HeatRun[]>(names.map((name) => [name, []]));
  for (const run of shown) {
    const heatRuns = new Map<string, HeatRun>(names.map((name) => [name, heatRun(run, name, column_ns, stalls)]));
    const pools = readRun(join(path, 'runs', run.name, 'histograms.hlog'), run, heatRuns, column_ns, missing);
    for (const [key, pool] of pools) {
      const all = gathering.pooled.get(key) ?? createPool();
      gathering.pooled.set(key, all);
      mergePools(all, pool);
      const curve = curveOf(pool);
      if (curve !== null) gathering.perRun.set(key, [...(gathering.perRun.get(key) ?? []), curve]);
    }
    if (heated.includes(run)) for (const [name, heatOfRun] of heatRuns) heat.get(name)?.push(heatOfRun);
  }
  const curves = names.flatMap((series) =>
    (['service', 'response'] as const).flatMap((time): CurveSet[] => {
      const key = `${series}.${time}`;
      const pool = gathering.pooled.get(key);
      const pooled = pool === undefined ? null : curveOf(pool);
      if (pooled === null) return [];
      const saturated =
        time === 'response' &&
        shown.some((run) => run.series.some((figures) => figures.name === series && figures.saturated));
      if (saturated) return [];
      return [{ arm, series, time, pooled, runs: gathering.perRun.get(key) ?? [], standing }];
    }),
  );
  return {
    curves,
    heatMaps: names.map((series) => ({
      arm,
      series,
      column_ns,
      runs: heat.get(series) ?? [],
      leftOutRuns: shown.length - heated.length,
      standing,
    })),
  };
}

function heatRun(run: RunFile, series: string, column_ns: number, stalls: readonly NumberedStall[]): HeatRun {
  const { windowStart_ns: start_ns, windowEnd_ns: end_ns } = run.window;
  const columns = Math.min(mostColumns, Math.max(1, Math.ceil((end_ns - start_ns) / column_ns)));
  return {
    run: run.name,
    spoiled: run.disturbances.length > 0,
    start_ns,
    end_ns: Math.max(end_ns, start_ns + 1),
    cells: Array.from({ length: columns }, () => new Float64Array(heatRows)),
    // A stall of the warm-up may reach into the window.
    stalls: stalls.filter(
      (listed) =>
        listed.run === run.name &&
        listed.stall.series === series &&
        listed.stall.start_ns + listed.stall.duration_ns > start_ns &&
        listed.stall.start_ns < end_ns,
    ),
  };
}

/** Sums by `series.service` and `series.response`; response times include owed operations. */
function readRun(
  path: string,
  run: RunFile,
  heat: ReadonlyMap<string, HeatRun>,
  column_ns: number,
  missing: Stated<MissingInBundle>[],
): Map<string, Pool> {
  const pools = new Map<string, Pool>();
  const keys = new Map<string, { series: string; time: Time }>();
  for (const { name } of run.series) {
    keys.set(`${name}.service`, { series: name, time: 'service' });
    for (const kind of ['response', 'owed']) keys.set(`${name}.${kind}`, { series: name, time: 'response' });
  }
  const truncated = orMissing(missing, () =>
    eachHlogLine(path, ({ tag, start_ns, length_ns, base64 }) => {
      const key = tag === null ? undefined : keys.get(tag);
      if (key === undefined) return 0;
      const counts = decodeCounts(base64);
      const pool = pools.get(`${key.series}.${key.time}`) ?? createPool();
      pools.set(`${key.series}.${key.time}`, pool);
      addTo(pool, counts);
      const target = key.time === 'service' ? heat.get(key.series) : undefined;
      if (target !== undefined) addHeat(target, start_ns + length_ns / 2, column_ns, counts);
      return pools.size;
    }),
  );
  if (truncated === true) missing.push(statedMissing({ code: 'histogram-cut', run: run.name }));
  return pools;
}

function addHeat(
  { cells, start_ns }: HeatRun,
  middle_ns: number,
  column_ns: number,
  { index, count }: SparseCounts,
): void {
  const column = cells[Math.min(cells.length - 1, Math.max(0, Math.floor((middle_ns - start_ns) / column_ns)))];
  if (column === undefined) return;
  for (let i = 0; i < index.length; i += 1) {
    const row = rowOfCounter[index[i] ?? 0] ?? heatRows - 1;
    column[row] = (column[row] ?? 0) + (count[i] ?? 0);
  }
}

/** The row of each counter, precomputed: a logarithm per counter instead of one per counter and second. */
const rowOfCounter = Uint8Array.from({ length: lastUsedIndex + 1 }, (_, index) => {
  const value_ns = Math.max(valueOfIndex(index), lowestHeat_ns);
  return Math.min(heatRows - 1, Math.floor(Math.log10(value_ns / lowestHeat_ns) * heatRowsPerDecade + 1e-9));
});

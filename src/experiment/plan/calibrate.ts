/**
 * Sizes regions for the intended stall.
 *
 * A call whose walk needs `hold_ns` of CPU time, made by a thread of weight w beside competitors of weight Σc on its
 * CPU, takes hold × (1 + Σc/w) (host/weights.ts). So a stall of `aim` needs hold = aim / (1 + Σc/w), and at least the
 * profile's least hold: below it this kernel's preemption model does not preempt inside the call. Hold is only roughly
 * proportional to bytes (caches), so it is measured at the size found, and corrected.
 *
 * If many threads have a region each, the available memory decides the size instead.
 *
 * There is a single size per operation and kind of pages: that of the arm that needs the least. All arms and runs use
 * it. A region may have a hold of its own instead; arms with the same hold share a size. A region given in bytes is measured once, to know how long its calls take.
 */
import { cleanUp } from '../../base/clean-up.js';
import { interruptedBefore, unfit, usage, workloadFailed } from '../../base/failure.js';
import { formatDuration, formatSize } from '../../base/text/units.js';
import type { Calibration } from '../../bundle/bundle-schema.js';
import type { CpuTopology } from '../../host/cpus.js';
import { availableMemoryBytes } from '../../host/memory.js';
import { preemptionFactor } from '../../host/weights.js';
import type { NativeArm, ResolvedArm, ResolvedProfile } from '../../profile/resolved/resolved.js';
import { median } from '../../stats/median.js';
import { prepareWorkload } from '../../workload/prepare.js';
import { runWindow } from '../../workload/window.js';
import { hasRegion, longestCall_ns, regionKey, targetHold_ns, threadsOf } from './check-plan.js';

const firstProbeBytes = 64 * 1024 * 1024;
const mostProbes = 4;
/** A hold within this share of its target is accurate enough: stalls vary more between preemptions. */
const tolerance = 0.2;
const mostGrowth = 16;
const probe_ns = 250_000_000;
/** A probe with fewer calls is repeated for a longer time. */
const fewestCalls = 3;

/** By the key that arms of the same size share. */
export type SizedRegions = ReadonlyMap<string, Calibration>;

export interface RegionSizes {
  readonly calibrations: readonly Calibration[];
  /** Bytes of an arm's region; 0 for a JVM and a churn, which have none. */
  bytesFor(arm: ResolvedArm): number;
}

export function regionSizes(regions: SizedRegions): RegionSizes {
  return {
    calibrations: [...regions.values()],
    bytesFor: (arm) => (hasRegion(arm) ? (regions.get(regionKey(arm))?.bytes ?? 0) : 0),
  };
}

/** The sizes that an interrupted experiment had found for these arms. */
export function storedSizes(allArms: readonly ResolvedArm[], stored: readonly Calibration[]): RegionSizes {
  const arms = allArms.filter(hasRegion);
  const keys = [...new Set(arms.map(regionKey))];
  const regions = keys.flatMap((key, i): [string, Calibration][] => {
    const [arm, calibration] = [arms.find((one) => regionKey(one) === key), stored[i]];
    const isOfArm = calibration?.operation === arm?.holder.operation && calibration?.pages === arm?.holder.pages;
    return calibration !== undefined && isOfArm ? [[key, calibration]] : [];
  });
  if (regions.length !== keys.length || stored.length !== keys.length)
    throw usage(
      `expected ${keys.length} sizes of regions for the holders of its arms in the manifest, and it has ${stored.length} that fit ${regions.length} of them: ` +
        'the bundle was changed, and cannot be resumed; run its experiment again with `pauselab replay`',
    );
  return regionSizes(new Map(regions));
}

/** Measures the regions that need it. */
export async function sizeRegions(
  profile: ResolvedProfile,
  allArms: readonly ResolvedArm[],
  topology: CpuTopology,
  progress: (text: string) => void,
  interrupted?: Promise<unknown>,
): Promise<SizedRegions> {
  const arms = allArms.filter(hasRegion);
  const calibrations = new Map<string, Calibration>();
  for (const arm of arms) {
    const { region, operation } = arm.holder;
    if (calibrations.has(regionKey(arm))) continue;
    progress(`sizing the region of ${operation}`);
    const given_bytes =
      region.kind === 'bytes'
        ? region.bytes
        : threadsOf(arm.holder) > 1
          ? shareOfMemory(threadsOf(arm.holder), availableMemoryBytes())
          : null;
    const alike = arms.filter((other) => regionKey(other) === regionKey(arm));
    calibrations.set(
      regionKey(arm),
      given_bytes !== null
        ? await calibrate(arm, null, { topology, interrupted }, given_bytes)
        : await calibrate(arm, Math.min(...alike.map((other) => targetHold_ns(other, topology))), {
            topology,
            interrupted,
          }),
    );
  }
  for (const arm of arms) {
    const calibration = calibrations.get(regionKey(arm));
    if (calibration !== undefined && arm.holder.active) sayIfLong(profile, arm, calibration, topology, progress);
  }
  return calibrations;
}

/**
 * 256 MiB per thread as in the published benchmark, if a quarter of the memory suffices; otherwise it is halved until
 * it fits, in whole huge pages.
 */
export function shareOfMemory(threads: number, available_bytes: number): number {
  const unit = 4 * 1024 * 1024;
  return Math.max(unit, Math.min(256 * 1024 * 1024, Math.floor(available_bytes / 4 / threads / unit) * unit));
}

interface Machine {
  readonly topology: CpuTopology;
  /** Resolves when the sizes are no longer needed. */
  readonly interrupted?: Promise<unknown> | undefined;
}

/** `target_ns` null: the size is `firstBytes`, and only its hold is measured. */
export async function calibrate(
  arm: NativeArm,
  target_ns: number | null,
  machine: Machine,
  firstBytes = firstProbeBytes,
): Promise<Calibration> {
  const probes: Calibration['probes'] = [];
  let bytes = firstBytes;
  for (;;) {
    refuseTooLarge(arm, bytes);
    const probe = await measureHold(arm, bytes, machine);
    probes.push({ bytes, ...probe });
    if (target_ns === null || Math.abs(probe.hold_ns / target_ns - 1) <= tolerance || probes.length === mostProbes) {
      const { bytes: chosen, hold_ns } = nearestProbe(probes, target_ns) ?? { bytes, ...probe };
      return {
        operation: arm.holder.operation,
        pages: arm.holder.pages,
        target_hold_ns: target_ns,
        bytes: chosen,
        hold_ns,
        probes,
      };
    }
    bytes = nextSize(bytes, probe.hold_ns, target_ns, unitOf(arm.holder));
  }
}

/**
 * The measurement whose hold is nearest to the target in proportion: on a busy machine it may not be the last. Without
 * a target, the last measurement.
 */
export function nearestProbe(
  probes: Calibration['probes'],
  target_ns: number | null,
): Calibration['probes'][number] | undefined {
  const off = ({ hold_ns }: Calibration['probes'][number]): number =>
    target_ns === null ? 0 : Math.abs(Math.log(hold_ns / target_ns));
  return probes.toReversed().toSorted((a, b) => off(a) - off(b))[0];
}

const hugePageBytes = 2 * 1024 * 1024;
/** A hold of a tenth of a millisecond needs less than a huge page. */
const fineUnitBytes = 64 * 1024;

function unitOf({ region, pages }: Pick<NativeArm['holder'], 'region' | 'pages'>): number {
  return region.kind === 'hold' && pages === 'small' ? fineUnitBytes : hugePageBytes;
}

/** In proportion, by a factor of at most 16 per step, in whole units, by default huge pages. */
export function nextSize(bytes: number, hold_ns: number, target_ns: number, unit = hugePageBytes): number {
  const factor = Math.min(mostGrowth, Math.max(1 / mostGrowth, target_ns / hold_ns));
  return Math.max(unit, Math.round((bytes * factor) / unit) * unit);
}

/**
 * Median CPU time of a release in the holder's steady state: no hogs, victims, limits or pauses between calls. It is
 * CPU time, not duration, so that other load on the machine does not make the region too small. Calls below 1 ms have
 * no CPU time on the board. They are rarely preempted, so their duration is used.
 */
async function measureHold(
  arm: NativeArm,
  bytes: number,
  { topology, interrupted }: Machine,
): Promise<{ hold_ns: number; calls: number }> {
  const alone: NativeArm = {
    ...arm,
    // Of a region of many VMAs, their number decides how long a call takes.
    layout: arm.holder.vmas === undefined ? 'isolated' : arm.layout,
    hogs: { ...arm.hogs, count: 0, cpuWeight: undefined },
    victims: [],
    agent: undefined,
    ioHogs: undefined,
    holder: { ...arm.holder, active: true, process: 'same', pause_ns: 0, cpuMax: undefined, cpuWeight: undefined },
  };
  for (let duration_ns = probe_ns; ; duration_ns *= 4) {
    const workload = await prepareWorkload({
      arm: alone,
      regionBytes: bytes,
      threshold_ns: probe_ns,
      warmup_ns: 0,
      duration_ns,
      topology,
      interrupted,
    });
    try {
      const {
        records,
        failure,
        last,
        interrupted: ended,
      } = await runWindow(
        workload,
        { warmup_ns: 0, duration_ns, drain_ns: 5_000_000_000 },
        { ...(interrupted === undefined ? {} : { interrupted }) },
      );
      if (ended) throw interruptedBefore('the regions were sized');
      if (failure !== null) throw failure;
      const refused = last.threads.find(({ refused_n }) => refused_n > 0);
      if (refused !== undefined)
        throw unfit(
          `this kernel refused ${arm.holder.operation} of ${formatSize(bytes)}: ${String(refused.refused_errno)}`,
        );
      const holds_ns = records
        .filter(({ call }) => call === 'release')
        .map(({ start_ns, end_ns, onCpu_ns }) => onCpu_ns || end_ns - start_ns);
      const hold_ns = median(holds_ns);
      if (hold_ns !== null && holds_ns.length >= fewestCalls) return { hold_ns, calls: holds_ns.length };
      if (duration_ns > 16 * probe_ns)
        throw workloadFailed(
          `${arm.holder.operation} of ${formatSize(bytes)} made ${holds_ns.length} calls in ${formatDuration(duration_ns)}, too few to size a region; give the region in bytes`,
        );
    } finally {
      await cleanUp(() => workload.dispose());
    }
  }
}

/** A given size was checked with the plan, but memory may be scarcer by now. */
function refuseTooLarge(arm: NativeArm, bytes: number): void {
  const availableBytes = availableMemoryBytes();
  const threads = threadsOf(arm.holder);
  if (threads * bytes <= availableBytes / 2) return;
  const { kind } = arm.holder.region;
  const text = `the region of arm ${arm.name} needs ${threads === 1 ? '' : `${threads} times `}${formatSize(bytes)} and ${formatSize(availableBytes)} of memory are available, of which pauselab uses at most half`;
  if (kind === 'bytes') throw usage(`${text}; lower holder.region`);
  throw kind === 'hold'
    ? unfit(`${text}; lower holder.region.hold`)
    : unfit(`${text}; lower stall.aim and stall.leastHold, add hogs, or give holder.region in bytes`);
}

/** For a region in bytes only a measurement shows it. The expected number of stalls is reported, and the plan runs. */
function sayIfLong(
  profile: ResolvedProfile,
  arm: NativeArm,
  { target_hold_ns, hold_ns, bytes }: Calibration,
  topology: CpuTopology,
  progress: (text: string) => void,
): void {
  const factor = preemptionFactor(arm, topology);
  if (target_hold_ns !== null || factor === null) return;
  const call_ns = hold_ns * factor;
  if (call_ns <= longestCall_ns(profile)) return;
  progress(
    `a call of arm ${arm.name} takes about ${formatDuration(call_ns)} (${formatSize(bytes)} hold the lock for ${formatDuration(hold_ns)}, stretched ${factor.toFixed(1)} times by the hogs), ` +
      `more than a quarter of the window of ${formatDuration(profile.duration_ns)}, so few stalls fit; --duration ${Math.ceil((4 * call_ns) / 1e9)}s has room for four`,
  );
}

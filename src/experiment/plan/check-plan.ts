/**
 * Checks whether a plan fits its machines, before anything runs: CPUs, memory, and a window that is long enough for the
 * intended stalls. `run`, `--dry-run` and `profile check` use the same checks.
 */
import { usage } from '../../base/failure.js';
import { formatDuration, formatSize } from '../../base/text/units.js';
import { cpuTopology, resolveCpus, type CpuTopology } from '../../host/cpus.js';
import { preemptionFactor } from '../../host/weights.js';
import { operationNamed } from '../../catalogue/operations.js';
import { isHost } from '../../profile/check/asked-kernel.js';
import { poolOfVictim } from '../../profile/resolved/pools.js';
import {
  agentOf,
  ioHogsOf,
  isApp,
  isInJvm,
  workOf,
  type AppArm,
  type NativeArm,
  type Region,
  type ResolvedArm,
  type ResolvedHolder,
  type ResolvedProfile,
} from '../../profile/resolved/resolved.js';
import { agentProgram } from '../../workload/agent.js';
import { refuseLargeChurn, refuseTooMuch } from '../../workload/memory-need.js';

const pageBytes = 4096;

/** `guestCpus`: CPUs of each guest. Throws a usage failure. */
export function checkPlan(profile: ResolvedProfile, arms: readonly ResolvedArm[], guestCpus: number): void {
  const hasGuests = profile.kernels.some((kernel) => !isHost(kernel));
  const hasHost = profile.kernels.length === 0 || profile.kernels.some(isHost);
  if (hasGuests) for (const arm of arms) refuseProgramInGuest(arm);
  const topologies = [...(hasHost ? [cpuTopology()] : []), ...(hasGuests ? [guestTopology(guestCpus)] : [])];
  for (const topology of topologies) {
    for (const arm of arms) cpusOfArm(arm, topology);
    refuseShortWindow(profile, arms, topology);
  }
  // The memory of a guest is known only after its boot.
  if (!hasHost) return;
  for (const arm of arms) {
    checkMemory(profile, arm);
    const agent = agentOf(arm);
    if (agent !== undefined) agentProgram(agent);
  }
}

export function refuseProgramInGuest(arm: ResolvedArm): asserts arm is Exclude<ResolvedArm, AppArm> {
  if (isApp(arm))
    throw usage(`the arm ${arm.name} runs your program, whose files are not in a guest; run it with --kernel host`);
  const agent = agentOf(arm);
  if (agent !== undefined)
    throw usage(
      `the arm ${arm.name} has an agent, and a guest has no ${agent.command[0] ?? 'program'} and no other programs of yours; run it with --kernel host`,
    );
}

function guestTopology(cpus: number): CpuTopology {
  return { allowed: Array.from({ length: cpus }, (_, cpu) => cpu), siblings: (cpu) => [cpu] };
}

/** All CPUs that an arm names. A missing CPU fails here, before other arms are measured. */
export function cpusOfArm(arm: ResolvedArm, topology: CpuTopology): readonly number[] {
  const { holder, hogs, victims } = arm;
  const named = [
    holder?.cpus,
    holder?.toucher?.cpus,
    hogs.cpus,
    agentOf(arm)?.cpus,
    ioHogsOf(arm)?.cpus,
    ...victims.map(({ cpus }) => cpus),
    isInJvm(arm) ? arm.jvm.process.cpus : null,
    ...(workOf(arm)?.threads.map(({ cpus }) => cpus) ?? []),
  ];
  return named.flatMap((cpus) => (cpus === undefined || cpus === null ? [] : resolveCpus(cpus, topology)));
}

/** CPU time of a call, as the profile gives it, or for the intended stall. */
export function targetHold_ns(
  { stall, ...arm }: Pick<NativeArm, 'stall' | 'holder' | 'hogs'>,
  topology: CpuTopology,
): number {
  const { region } = arm.holder;
  if (region.kind === 'hold') return region.hold_ns;
  const factor = preemptionFactor(arm, topology);
  return factor === null ? stall.leastHold_ns : Math.max(stall.leastHold_ns, stall.aim_ns / factor);
}

/** Arms with the same key have regions of the same size: that of the arm that needs the least. */
export const regionKey = ({ holder: { operation, pages, region, vmas } }: NativeArm): string =>
  `${operation} ${pages} ${sizeKey(region)}${vmas === undefined ? '' : ` ${vmas} VMAs`}`;

function sizeKey(region: Region): string {
  if (region.kind === 'bytes') return String(region.bytes);
  return region.kind === 'hold' ? `hold ${region.hold_ns}` : 'calibrated';
}

/** Whether all sides aim at the same stall, for each pair of arms with the same key. */
export function aimAlike(sides: readonly (readonly ResolvedArm[])[]): boolean {
  const aimsOf = (arms: readonly ResolvedArm[]): Map<string, string> =>
    new Map(
      arms.filter(hasRegion).map((arm) => [JSON.stringify([arm.name, regionKey(arm)]), JSON.stringify(arm.stall)]),
    );
  const [first = new Map<string, string>(), ...others] = sides.map(aimsOf);
  return others.every((aims) => [...aims].every(([key, aim]) => (first.get(key) ?? aim) === aim));
}

export function hasRegion(arm: ResolvedArm): arm is NativeArm {
  return arm.kind === 'native';
}

/** Number of threads with a region each: the available memory decides the size. */
export function threadsOf({ operation }: Pick<ResolvedHolder, 'operation'>): number {
  return operationNamed(operation).threads ?? 1;
}

/** Longest call of a holder: with fewer than four calls in a window too few stalls fit. */
export function longestCall_ns({ duration_ns }: Pick<ResolvedProfile, 'duration_ns'>): number {
  return duration_ns / 4;
}

/** For a region in bytes it is known only after a call was measured (calibrate.ts). */
function refuseShortWindow(profile: ResolvedProfile, arms: readonly ResolvedArm[], topology: CpuTopology): void {
  const calibrated = arms
    .filter(hasRegion)
    .filter(({ holder }) => holder.region.kind !== 'bytes' && threadsOf(holder) === 1);
  for (const arm of calibrated) {
    const factor = preemptionFactor(arm, topology);
    if (!arm.holder.active || factor === null) continue;
    const hold_ns = Math.min(
      ...calibrated
        .filter((other) => regionKey(other) === regionKey(arm))
        .map((other) => targetHold_ns(other, topology)),
    );
    const call_ns = hold_ns * factor;
    // The factor's decimals: a stall of 1 s fits four times into 4 s.
    if (call_ns <= longestCall_ns(profile) * (1 + 1e-9)) continue;
    const isHold = arm.holder.region.kind === 'hold';
    throw usage(
      `the window of ${formatDuration(profile.duration_ns)} is too short for the arm ${arm.name}: a call should take ${formatDuration(call_ns)} (${isHold ? 'holder.region.hold gives' : 'stall.aim and stall.leastHold give'} it ${formatDuration(hold_ns)} of CPU time, ` +
        `stretched ${factor.toFixed(1)} times by the hogs), and four calls must fit in; use --duration ${Math.ceil((4 * call_ns) / 1e9 - 1e-9)}s` +
        (isHold ? ', or lower holder.region.hold' : lowerAim(profile, arm, factor)),
    );
  }
}

function lowerAim(profile: ResolvedProfile, { stall }: NativeArm, factor: number): string {
  const aim_ns = Math.floor(longestCall_ns(profile) / 1e6) * 1e6;
  return aim_ns >= 1e6 && stall.leastHold_ns * factor <= aim_ns
    ? `, or --set stall.aim=${aim_ns / 1e6}ms`
    : ', or lower stall.aim and stall.leastHold';
}

function checkMemory(profile: ResolvedProfile, arm: ResolvedArm): void {
  const pages = arm.victims.reduce(
    (sum, victim) => sum + poolOfVictim(victim, profile.warmup_ns + profile.duration_ns),
    0,
  );
  refuseTooMuch(`the faults of arm ${arm.name} take`, pages * pageBytes, 'their rates, or --duration');
  if (arm.kind === 'churn') refuseLargeChurn(arm);
  if (arm.holder !== null) refuseLargeRegion(arm.name, arm.holder);
}

/** For a given region; a calibrated region is sized to the available memory. */
function refuseLargeRegion(arm: string, holder: ResolvedHolder): void {
  const threads = threadsOf(holder);
  if (holder.region.kind === 'bytes')
    refuseTooMuch(
      `the region of arm ${arm} needs${threads === 1 ? '' : ` ${threads} times ${formatSize(holder.region.bytes)}, in total`}`,
      threads * holder.region.bytes,
      'holder.region',
    );
}

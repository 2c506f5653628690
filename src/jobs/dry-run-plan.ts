/**
 * The content of --dry-run: arms, order, CPUs, guests and the least duration. Calibrated sizes are not known before a
 * measurement.
 */
import { redactedWords } from '../base/secrets.js';
import { formatDuration, formatSize } from '../base/text/units.js';
import { targetHold_ns } from '../experiment/plan/check-plan.js';
import { rounds, runOrder, runsOfRound, type PlannedRun } from '../experiment/plan/order.js';
import type { GuestOptions } from '../experiment/place/places.js';
import { cpuTopology, resolveCpus } from '../host/cpus.js';
import { preemptionFactor } from '../host/weights.js';
import { askedKernel, kernelsOf } from '../profile/check/asked-kernel.js';
import { withoutSecrets } from '../profile/resolved/profile-secrets.js';
import { operationNamed } from '../catalogue/operations.js';
import {
  agentOf,
  ioHogsOf,
  isApp,
  isInJvm,
  type AllocatorWork,
  type JvmArm,
  type NativeArm,
  type Readiness,
  type ResolvedApp,
  type ResolvedArm,
  type ResolvedHolder,
  type ResolvedJvm,
  type ResolvedProfile,
  type Scheduling,
} from '../profile/resolved/resolved.js';
import type { FormerKernels } from './former-kernels.js';
import type { PlannedSide } from './plan.js';
import { describeGuests, type PlannedGuest } from './resolve-places.js';

export interface PlannedArm {
  readonly name: string;
  readonly title: string;
  readonly control: string | null;
  /** What gives memory back. */
  readonly holder: string;
  /** Null for a JVM or a churn, which have a heap instead of a region. */
  readonly region: string | null;
  readonly layout: string | null;
  /** For a JVM: collector, flags, allocator, loads and the scheduling of its threads. Else empty. */
  readonly jvm: readonly string[];
  /** For a native churn: allocator, churns and the scheduling of threads by name. Else empty. */
  readonly churn: readonly string[];
  readonly hogs: string;
  readonly victims: readonly string[];
}

export interface Plan {
  readonly profile: string;
  readonly arms: readonly PlannedArm[];
  readonly order: readonly PlannedRun[];
  readonly leastDuration_ns: number;
}

/** `kernels`: names of the places; where no guest was planned, the kernels as the user wrote them. */
export function planOf(
  profile: ResolvedProfile,
  arms: readonly ResolvedArm[],
  kernels: readonly string[] = ['host'],
): Plan {
  const topology = cpuTopology();
  const cpusOf = (cpus: Parameters<typeof resolveCpus>[0]): string => `CPU ${resolveCpus(cpus, topology).join(',')}`;
  const order = runOrder(
    arms.map(({ name }) => name),
    kernels,
    profile.runs,
    profile.seed,
  );
  return {
    profile: profile.name,
    order,
    leastDuration_ns: order.length * (profile.warmup_ns + profile.duration_ns),
    arms: arms.map((arm) => {
      const { hogs, victims } = arm;
      return {
        name: arm.name,
        title: arm.title,
        control: arm.control,
        holder: `${describeWhoGives(arm, cpusOf)}${describeAgent(arm, cpusOf)}`,
        ...describeWorkOf(arm, topology, cpusOf),
        hogs: `${hogs.count === 0 ? 'none' : `${hogs.count}, nice ${hogs.nice}, ${cpusOf(hogs.cpus)}`}${describeIoHogs(arm, cpusOf)}`,
        victims: victims.map(
          ({ series, interval_ns, cpus }) =>
            `${series}, ${interval_ns === 0 ? 'back to back' : `every ${formatDuration(interval_ns)}`}, ${cpusOf(cpus)}`,
        ),
      };
    }),
  };
}

/** The fields that depend on the kind of the arm. */
function describeWorkOf(
  arm: ResolvedArm,
  topology: Parameters<typeof resolveCpus>[1],
  cpusOf: CpusOf,
): Pick<PlannedArm, 'region' | 'layout' | 'jvm' | 'churn'> {
  const none = { region: null, layout: null, jvm: [], churn: [] };
  switch (arm.kind) {
    case 'native':
      return { ...none, region: regionOf(arm, topology), layout: arm.layout };
    case 'churn':
      return { ...none, churn: describeWork(arm.churn, cpusOf, 'process') };
    case 'jvm':
    case 'app':
      return {
        ...none,
        region: isRiding(arm) && arm.holder?.region.kind === 'bytes' ? formatSize(arm.holder.region.bytes) : null,
        layout: isRiding(arm) ? arm.layout : null,
        jvm: describeJvm(arm, cpusOf),
      };
  }
}

function isRiding(arm: ResolvedArm): boolean {
  return isInJvm(arm) && arm.holder !== null && operationNamed(arm.holder.operation).reads !== true;
}

type CpusOf = (cpus: Parameters<typeof resolveCpus>[0]) => string;

function describeWhoGives(arm: ResolvedArm, cpusOf: CpusOf): string {
  const { holder } = arm;
  if (holder === null) return arm.kind === 'churn' ? 'the allocator' : 'the JVM itself';
  const described = describeHolder(holder, cpusOf);
  if (arm.kind === 'churn') return `the allocator; its thread purge: ${described}`;
  return `${described}${isRiding(arm) ? ', inside the program' : ''}`;
}

function describeHolder(holder: ResolvedHolder, cpusOf: CpusOf): string {
  return `${holder.active ? holder.operation : 'does nothing'}, nice ${holder.nice}, ${cpusOf(holder.cpus)}${holder.process === 'foreign' ? ', in another process' : ''}${holder.cpuMax === undefined ? '' : `, at most ${formatDuration(holder.cpuMax.quota_ns)} of CPU time in ${formatDuration(holder.cpuMax.period_ns)}`}${describeWeight(holder)}`;
}

function describeWeight({ cpuWeight }: Pick<ResolvedHolder, 'cpuWeight'>): string {
  return cpuWeight === undefined ? '' : `, in a cgroup of weight ${cpuWeight}`;
}

function describeAgent(arm: ResolvedArm, cpusOf: CpusOf): string {
  const agent = agentOf(arm);
  if (agent === undefined) return '';
  const { command, mode, pause_ns, nice, cpus, active } = agent;
  const how = mode === 'stay' ? 'which keeps running' : `started again ${formatDuration(pause_ns)} after each end`;
  return active
    ? `; an agent beside it: ${redactedWords(command).join(' ')}, ${how}, nice ${nice}, ${cpusOf(cpus)}`
    : '; its agent does nothing';
}

function describeIoHogs(arm: ResolvedArm, cpusOf: CpusOf): string {
  const hogs = ioHogsOf(arm);
  if (hogs === undefined) return '';
  if (!hogs.active) return '; its I/O hogs do nothing';
  const { count, fileBytes, mostBytes, nice, cpus } = hogs;
  return `; ${count} for I/O, each a file of ${formatSize(fileBytes)} and at most ${formatSize(mostBytes)} in a run, nice ${nice}, ${cpusOf(cpus)}`;
}

function regionOf(arm: NativeArm, topology: Parameters<typeof resolveCpus>[1]): string {
  const { region } = arm.holder;
  if (region.kind === 'bytes') return formatSize(region.bytes);
  const { threads = 1 } = operationNamed(arm.holder.operation);
  if (threads > 1) return `${threads} at once, sized so that they fit into a quarter of the memory`;
  const factor = preemptionFactor(arm, topology);
  if (region.kind === 'hold' && factor === null)
    return `sized so that a call holds the lock for ${formatDuration(region.hold_ns)} of CPU time`;
  return `sized so that a call holds the lock for ${formatDuration(targetHold_ns(arm, topology))} of CPU time, which preemption stretches ${factor === null ? 'by an unknown factor (a real-time hog has no weight)' : `${factor.toFixed(1)} times`}`;
}

function describeJvm(arm: JvmArm, cpusOf: CpusOf): string[] {
  const { jvm } = arm;
  const { jdk, java, collector, flags, process } = jvm;
  return [
    `JDK ${java ?? jdk}, collector ${collector}${flags.length === 0 ? '' : `, flags ${flags.join(' ')}`}`,
    ...(isApp(arm) ? [describeApp(arm.jvm.app)] : []),
    ...describeProcess(process, cpusOf),
    ...describeWork(jvm, cpusOf, 'JVM'),
  ];
}

function describeWork(
  { allocator, loads, loadsIn, threads }: AllocatorWork,
  cpusOf: CpusOf,
  place: 'JVM' | 'process',
): string[] {
  const settings = (values: Readonly<Record<string, string | number>>): string =>
    Object.entries(values)
      .map(([key, value]) => ` ${key}=${value}`)
      .join('');
  return [
    ...(allocator.name === 'glibc' && Object.keys(allocator.settings).length === 0
      ? []
      : [`allocator ${allocator.name}${settings(allocator.settings)}`]),
    ...loads.map(
      ({ load, values }) => `load ${load}${settings(values)}${loadsIn === 'foreign' ? `, in a second ${place}` : ''}`,
    ),
    ...threads.map((rule) => `threads "${rule.pattern}": ${describeRule(rule, cpusOf)}`),
  ];
}

function describeApp({ args, probes, ready }: ResolvedApp): string {
  return `java ${args.join(' ')}${probes ? '' : ', without probes'}${ready === null ? '' : `, measured ${describeReadiness(ready)}`}`;
}

function describeReadiness(ready: Readiness): string {
  switch (ready.kind) {
    case 'log':
      return `once it prints /${ready.pattern}/`;
    case 'port':
      return `once port ${ready.port} accepts connections`;
    case 'after':
      return `${formatDuration(ready.after_ns)} after its start`;
  }
}

function describeProcess(process: ResolvedJvm['process'], cpusOf: CpusOf): string[] {
  const limits = Object.entries(process.limits).map(([name, value]) => `limit ${name} ${value}`);
  const said = [describeRule(process, cpusOf), ...limits].filter((text) => text !== '');
  return said.length === 0 ? [] : [`process: ${said.join(', ')}`];
}

function describeRule({ nice, policy, slice_ns, cpus }: Scheduling, cpusOf: CpusOf): string {
  return [
    ...(nice === null ? [] : [`nice ${nice}`]),
    ...(policy === null ? [] : [`policy ${policy}`]),
    ...(slice_ns === undefined ? [] : [`slice ${formatDuration(slice_ns)}`]),
    ...(cpus === null ? [] : [cpusOf(cpus)]),
  ].join(', ');
}

export type PlanWithGuests = Plan & { readonly guests: readonly PlannedGuest[] };

export interface DryRun {
  readonly guest: GuestOptions;
  readonly keepSecrets: boolean;
  /** Reports what is fetched or built for guests. */
  readonly note: (text: string) => void;
  /** Of an experiment that goes on. */
  readonly former?: FormerKernels;
}

/** `together`: kernels of all sides that are measured in turns, whose places have different names. */
export async function planOfSide(
  { profile, arms }: PlannedSide,
  { guest, keepSecrets, note, former }: DryRun,
  together: readonly string[] = profile.kernels,
): Promise<PlanWithGuests> {
  const all = await describeGuests({ ...profile, kernels: together, guest }, note, former);
  const guests = kernelsOf(profile).flatMap((kernel) => all.filter(({ asked }) => asked === kernel));
  const names = guests.map(({ name }) => name);
  return { ...planOf(profile, keepSecrets ? arms : withoutSecrets(arms), names), guests };
}

/** A guest is planned from its kernel, which is read or fetched: not for an experiment that is refused. */
export function planWithoutGuests({ profile, arms }: PlannedSide): PlanWithGuests {
  const kernels = profile.kernels.map(askedKernel).map(({ label, kernel }) => label ?? kernel);
  const named = kernels.length === 0 ? undefined : kernels;
  return { ...planOf(profile, withoutSecrets(arms), named), guests: [] };
}

export interface PlanInTurns {
  readonly baseline: PlanWithGuests;
  readonly candidate: PlanWithGuests;
  readonly order: readonly (PlannedRun & { readonly side: 'baseline' | 'candidate' })[];
}

export async function planOfBoth(baseline: PlannedSide, candidate: PlannedSide, dryRun: DryRun): Promise<PlanInTurns> {
  const together = [...new Set([baseline, candidate].flatMap(({ profile }) => kernelsOf(profile)))];
  const sides = {
    baseline: await planOfSide(baseline, dryRun, together),
    candidate: await planOfSide(candidate, dryRun, together),
  };
  const ofRound = (['baseline', 'candidate'] as const).flatMap((side) =>
    runsOfRound(
      sides[side].arms.map(({ name }) => name),
      sides[side].guests.map(({ name }) => name),
    ).map((run) => ({ ...run, side })),
  );
  const { runs, seed } = candidate.profile;
  return { ...sides, order: rounds(ofRound, runs, seed) };
}

/** From a validated profile to the arms that are run, with every default applied. */
import { usage } from '../../base/failure.js';
import { askedJdk, type AskedJdk } from '../check/asked-jdk.js';
import { expandApp, expandJvm } from './expand-jvm.js';
import { expandIoHogs } from './expand-io-hogs.js';
import { expandPurge } from './expand-purge.js';
import { expandChurn, expandIssues } from './expand-work.js';
import { jvmProbeNamed } from '../../catalogue/jvm-probes.js';
import { operationNamed, type HolderOperation, type VictimLayout } from '../../catalogue/operations.js';
import {
  isApp,
  isInJvm,
  nameOnJdk,
  saysNoProgram,
  type AppArm,
  type ChurnArm,
  type JvmArm,
  type LoadsArm,
  type NativeArm,
  type ResolvedArm,
  type Region,
  type ResolvedHolder,
  type ResolvedProfile,
  type ResolvedVictim,
} from './resolved.js';
import type { Profile, ProfileArm } from '../written/profile-schema.js';
import { basicsOf, settingsOf, type AppSettings, type ArmSettings, type LoadsSettings } from './settings.js';
import { expandThread } from './expand-thread.js';

export const idleControl = 'idle-control';
export const foreignControl = 'foreign-control';

/** Pure: the same profile gives the same result on every machine. */
export function expand(profile: Profile): ResolvedProfile {
  const basics = basicsOf(profile);
  const arms = withPrograms((profile.arms ?? []).map((arm) => expandArm(profile, arm)));
  const pattern = arms.find((arm) => arm.name === profile.controls?.of) ?? arms[0];
  if (pattern === undefined) throw usage(`The profile ${profile.name} has no arms; give it at least one.`);
  const jdks = (profile.jdks ?? []).map(askedJdk);
  // There are no controls for a program of the user, which cannot run without its load or apart from it.
  const all = isApp(pattern) || arms.some(isApp) ? arms : [idle(pattern), foreign(pattern), ...arms];
  return {
    name: profile.name,
    title: profile.title,
    description: profile.description ?? '',
    runs: basics.runs,
    seed: basics.seed,
    warmup_ns: basics.warmup,
    duration_ns: basics.duration,
    drain_ns: basics.drain,
    threshold_ns: basics.threshold,
    spoiled: {
      steal_share: basics.spoiled.steal,
      foreignLoad_share: basics.spoiled.foreignLoad,
      retries: basics.spoiled.retries,
    },
    kernels: profile.kernels ?? [],
    preempt: profile.preempt ?? [],
    // Without features, profiles of versions without them keep their hash.
    ...((profile.features ?? []).length === 0 ? {} : { features: profile.features ?? [] }),
    ...(profile.expects === undefined
      ? {}
      : {
          expects: profile.expects.flatMap(({ arm: name, cause, by, median, call, kernel }) =>
            all
              .filter((arm) => arm.name === name)
              .flatMap((arm) => underEach(arm, jdks))
              .map((arm) => ({
                arm: arm.name,
                cause,
                by: by ?? null,
                median_ns: median ?? null,
                // Without them, profiles of versions without them keep their hash.
                ...(call === undefined ? {} : { call }),
                ...(kernel === undefined ? {} : { kernel }),
              })),
          ),
        }),
    arms: all.flatMap((arm) => underEach(arm, jdks)),
  };
}

/**
 * An arm with a JVM becomes an arm per JDK, controls too: an arm is compared with the controls of its own JDK. Arms
 * without a JVM are left as they are.
 */
function underEach(arm: ResolvedArm, jdks: readonly AskedJdk[]): readonly ResolvedArm[] {
  if (!isInJvm(arm) || jdks.length === 0) return [arm];
  return jdks.map(({ label, jdk }): ResolvedArm => {
    const named = { name: nameOnJdk(arm.name, label), title: `${arm.title}, ${label}` };
    const jvm = { java: jdk, jdkLabel: label };
    return isApp(arm)
      ? { ...arm, ...named, jvm: { ...arm.jvm, ...jvm } }
      : { ...arm, ...named, jvm: { ...arm.jvm, ...jvm } };
  });
}

/**
 * If some arms name their program, arms without a program are left out: a profile of two programs inherits such arms from
 * `app`. If no arm names a program, --java-args must.
 */
function withPrograms(arms: readonly ResolvedArm[]): readonly ResolvedArm[] {
  const saysOne = (arm: ResolvedArm): boolean => isApp(arm) && !saysNoProgram(arm);
  return arms.some(saysOne) ? arms.filter((arm) => !saysNoProgram(arm)) : arms;
}

function expandArm(profile: Profile, arm: ProfileArm): ResolvedArm {
  const settings = settingsOf(profile, arm);
  const basics = {
    name: arm.name,
    title: arm.title ?? arm.name,
    control: null,
    hogs: expandHogs(settings.hogs),
    ...expandAgent(settings.agent),
  };
  switch (settings.kind) {
    case 'native': {
      const { stall, layout, holder, victims } = settings;
      if (holder.operation === undefined)
        throw usage(`The arm ${arm.name} of ${profile.name} has no holder.operation; give it one.`);
      return withSeries<NativeArm>({
        ...basics,
        kind: 'native',
        stall: { aim_ns: stall.aim, leastHold_ns: stall.leastHold },
        layout,
        holder: expandHolder(holder, holder.operation),
        ...expandIoHogs(settings.ioHogs, basicsOf(profile)),
        ...(Object.keys(settings.issues).length === 0 ? {} : { issues: expandIssues(settings.issues) }),
        victims: victims.map((victim) => expandVictim(victim, layout)),
      });
    }
    case 'churn':
      return withSeries<ChurnArm>({
        ...basics,
        kind: 'churn',
        holder: expandPurge(settings),
        churn: expandChurn(settings),
        victims: settings.victims.map((victim) => expandVictim(victim, 'isolated')),
      });
    case 'jvm':
      return withSeries<LoadsArm>({
        ...basics,
        ...besideJvm(settings),
        kind: 'jvm',
        jvm: expandJvm(settings.jvm, settings.issues),
      });
    case 'app': {
      const app = expandApp(settings.jvm.app);
      const { victims, ...beside } = besideJvm(settings);
      return withSeries<AppArm>({
        ...basics,
        ...beside,
        kind: 'app',
        jvm: { ...expandJvm(settings.jvm, settings.issues), app },
        victims: app.probes ? victims : [],
      });
    }
  }
}

function expandAgent(agent: ArmSettings['agent']): Pick<ResolvedArm, 'agent'> {
  if (agent === 'none') return {};
  const { command = [], mode, pause } = agent;
  return { agent: { command, mode, pause_ns: pause, ...expandThread(agent), active: true } };
}

function besideJvm({
  layout,
  holder,
  victims,
}: LoadsSettings | AppSettings): Pick<JvmArm, 'layout' | 'holder' | 'victims'> {
  const { operation } = holder;
  return {
    layout,
    holder:
      operation === undefined
        ? null
        : operationNamed(operation).reads === true
          ? expandReader(holder, operation)
          : expandHolder(holder, operation),
    victims: victims.map(expandProbe),
  };
}

function expandHogs(hogs: ArmSettings['hogs']): ResolvedArm['hogs'] {
  return {
    count: hogs.count,
    ...expandThread(hogs),
    burst: hogs.burst === 'steady' ? null : { run_ns: hogs.burst.run, sleep_ns: hogs.burst.sleep },
    ...(hogs.cpuWeight === undefined ? {} : { cpuWeight: hogs.cpuWeight }),
  };
}

/** A reader reads about another process, and needs neither a region nor a toucher. */
function expandReader(holder: ArmSettings['holder'], operation: HolderOperation): ResolvedHolder {
  return { ...expandHolder(holder, operation), region: { kind: 'bytes', bytes: 4096 }, toucher: null };
}

function expandProbe(victim: ArmSettings['victims'][number]): ResolvedVictim {
  return { ...expandTimed(victim, victim.role ?? jvmProbeNamed(victim.operation).role), layout: 'isolated' };
}

function expandHolder(holder: ArmSettings['holder'], operation: HolderOperation): ResolvedHolder {
  return {
    operation,
    ...expandThread(holder),
    pause_ns: holder.pause,
    region: expandRegion(holder.region),
    ...(holder.vmas === undefined ? {} : { vmas: holder.vmas }),
    pages: holder.pages,
    toucher:
      holder.toucher === 'none' || operationNamed(operation).toucher === 'useless'
        ? null
        : expandThread(holder.toucher),
    process: holder.process,
    ...(holder.cpuMax === undefined
      ? {}
      : { cpuMax: { quota_ns: holder.cpuMax.quota, period_ns: holder.cpuMax.period } }),
    ...(holder.cpuWeight === undefined ? {} : { cpuWeight: holder.cpuWeight }),
    active: holder.active,
  };
}

function expandRegion(region: ArmSettings['holder']['region']): Region {
  if (region === 'calibrated') return { kind: 'calibrated' };
  return typeof region === 'number' ? { kind: 'bytes', bytes: region } : { kind: 'hold', hold_ns: region.hold };
}

function expandVictim(victim: ArmSettings['victims'][number], armLayout: ArmSettings['layout']): ResolvedVictim {
  return {
    ...expandTimed(victim, victim.role ?? operationNamed(victim.operation).role),
    layout: victimLayout(victim, armLayout),
  };
}

function expandTimed(victim: ArmSettings['victims'][number], role: string): Omit<ResolvedVictim, 'layout'> {
  return {
    series: seriesName(role, victim.operation),
    role,
    operation: victim.operation,
    interval_ns: victim.rate === 'back-to-back' ? 0 : victim.rate,
    ...expandThread(victim),
  };
}

export function seriesName(role: string, operation: string): string {
  return `${role}.${operation}`;
}

/** Whether a layout refers to the holder's region, which must then be in the same process. */
export function besideHolder(layout: VictimLayout): boolean {
  return layout !== 'isolated' && layout !== 'crossing';
}

/** The layout of the victim, or else of the arm. `split` concerns only the holder; some operations have no memory. */
export function victimLayout(
  victim: Pick<ArmSettings['victims'][number], 'operation' | 'layout'>,
  armLayout: ArmSettings['layout'],
): VictimLayout {
  if (operationNamed(victim.operation).layouts.length === 0) return 'isolated';
  return victim.layout ?? (armLayout === 'split' ? 'isolated' : armLayout);
}

type ControlledArm = Exclude<ResolvedArm, AppArm>;

function idle(arm: ControlledArm): ResolvedArm {
  const own = {
    name: idleControl,
    title: 'The holder does nothing',
    control: 'idle',
    ...(arm.agent === undefined ? {} : { agent: { ...arm.agent, active: false } }),
  } as const;
  switch (arm.kind) {
    case 'native': {
      const { issues: _, ...rest } = arm;
      return withSeries<NativeArm>({
        ...rest,
        ...own,
        holder: { ...arm.holder, active: false },
        ...(arm.agent === undefined ? {} : { title: 'Neither the agent nor a holder does anything' }),
        ...(arm.ioHogs === undefined
          ? {}
          : { title: 'Neither the I/O hogs nor a holder do anything', ioHogs: { ...arm.ioHogs, active: false } }),
      });
    }
    case 'churn':
      return withSeries<ChurnArm>({
        ...arm,
        ...own,
        title: 'The same process without the churn',
        holder: arm.holder === null ? null : { ...arm.holder, active: false },
        churn: { ...arm.churn, loads: [], issues: [] },
      });
    case 'jvm':
      return withSeries<LoadsArm>({
        ...arm,
        ...own,
        title: 'The same JVM with probes alone',
        holder: arm.holder === null ? null : { ...arm.holder, active: false },
        jvm: { ...arm.jvm, loads: [], issues: [] },
      });
  }
}

/**
 * Memory of another process cannot be shared or adjacent. Only `split` and `crossing`, which concern a single thread, are
 * kept.
 */
function foreign(arm: ControlledArm): ResolvedArm {
  const own = {
    name: foreignControl,
    title: 'The same holder in another process',
    control: 'foreign',
  } as const;
  switch (arm.kind) {
    case 'native':
      return withSeries<NativeArm>({
        ...arm,
        ...own,
        layout: arm.layout === 'split' ? 'split' : 'isolated',
        ...(arm.agent === undefined ? {} : { title: 'The agent looks at a second process of the same size' }),
        ...(arm.ioHogs === undefined ? {} : { title: 'The I/O hogs, and the holder in another process' }),
        // In place of an agent or of I/O hogs a holder would be another cause.
        holder: {
          ...arm.holder,
          active: (arm.agent === undefined && arm.ioHogs === undefined) || arm.holder.active,
          process: 'foreign',
        },
        victims: arm.victims.map((victim) =>
          besideHolder(victim.layout) ? { ...victim, layout: 'isolated' } : victim,
        ),
      });
    case 'churn':
      return withSeries<ChurnArm>({
        ...arm,
        ...own,
        title: 'The churn in a second process on the same allocator, the victims in this one',
        holder: arm.holder === null ? null : { ...arm.holder, process: 'foreign' },
        churn: { ...arm.churn, loadsIn: 'foreign' },
      });
    case 'jvm':
      return withSeries<LoadsArm>({
        ...arm,
        ...own,
        title: 'The loads in a second JVM, the probes in this one',
        jvm: { ...arm.jvm, loadsIn: 'foreign' },
      });
  }
}

function withSeries<Arm extends ResolvedArm>(arm: Omit<Arm, 'series'>): Arm;
function withSeries(
  arm: Omit<NativeArm, 'series'> | Omit<ChurnArm, 'series'> | Omit<LoadsArm, 'series'> | Omit<AppArm, 'series'>,
): ResolvedArm {
  const victims = arm.victims.map((victim) => victim.series);
  const { holder } = arm;
  return {
    ...arm,
    series: holder?.active === true ? [...victims, seriesName('holder', holder.operation)] : victims,
  };
}

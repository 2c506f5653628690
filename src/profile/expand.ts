/** From a validated profile to the arms that are run, with every default applied. */
import { usage } from '../base/failure.js';
import { operationNamed, type HolderOperation, type VictimLayout } from './operations.js';
import type {
  Cpus,
  ResolvedArm,
  ResolvedHolder,
  ResolvedProfile,
  ResolvedThread,
  ResolvedVictim,
} from './resolved.js';
import type { Profile, ProfileArm } from './schema.js';
import { basicsOf, settingsOf, type ArmSettings } from './settings.js';

export const idleControl = 'idle-control';
export const foreignControl = 'foreign-control';

/** Pure: the same profile gives the same result, on every machine. */
export function expand(profile: Profile): ResolvedProfile {
  const basics = basicsOf(profile);
  const arms = (profile.arms ?? []).map((arm) => expandArm(profile, arm));
  const pattern = arms.find((arm) => arm.name === profile.controls?.of) ?? arms[0];
  if (pattern === undefined)
    throw usage(`The profile ${profile.name} has no arms; give it at least one.`);
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
    arms: [idle(pattern), foreign(pattern), ...arms],
  };
}

function expandArm(profile: Profile, arm: ProfileArm): ResolvedArm {
  const settings = settingsOf(profile, arm);
  const { operation } = settings.holder;
  if (operation === undefined)
    throw usage(`The arm ${arm.name} of ${profile.name} has no holder.operation; give it one.`);
  return withSeries({
    name: arm.name,
    title: arm.title ?? arm.name,
    control: null,
    stall: { aim_ns: settings.stall.aim, leastHold_ns: settings.stall.leastHold },
    layout: settings.layout,
    holder: expandHolder(settings.holder, operation),
    hogs: {
      count: settings.hogs.count,
      ...expandThread(settings.hogs),
      burst:
        settings.hogs.burst === 'steady'
          ? null
          : { run_ns: settings.hogs.burst.run, sleep_ns: settings.hogs.burst.sleep },
    },
    victims: settings.victims.map((victim) => expandVictim(victim, settings.layout)),
  });
}

function expandHolder(holder: ArmSettings['holder'], operation: HolderOperation): ResolvedHolder {
  return {
    operation,
    ...expandThread(holder),
    pause_ns: holder.pause,
    region:
      holder.region === 'calibrated'
        ? { kind: 'calibrated' }
        : { kind: 'bytes', bytes: holder.region },
    pages: holder.pages,
    toucher:
      holder.toucher === 'none' || operationNamed(operation).toucher === 'useless'
        ? null
        : expandThread(holder.toucher),
    process: holder.process,
    active: holder.active,
  };
}

function expandVictim(
  victim: ArmSettings['victims'][number],
  armLayout: ArmSettings['layout'],
): ResolvedVictim {
  const role = victim.role ?? operationNamed(victim.operation).role;
  return {
    series: seriesName(role, victim.operation),
    role,
    operation: victim.operation,
    layout: victimLayout(victim, armLayout),
    interval_ns: victim.rate === 'back-to-back' ? 0 : victim.rate,
    ...expandThread(victim),
  };
}

export function seriesName(role: string, operation: string): string {
  return `${role}.${operation}`;
}

/** Whether a layout says something of the holder's region, and so needs one in the same process. */
export function besideHolder(layout: VictimLayout): boolean {
  return layout !== 'isolated' && layout !== 'crossing';
}

/** Its own layout, else the arm's; `split` speaks of the holder alone, and an operation without memory lies nowhere. */
export function victimLayout(
  victim: Pick<ArmSettings['victims'][number], 'operation' | 'layout'>,
  armLayout: ArmSettings['layout'],
): VictimLayout {
  if (operationNamed(victim.operation).layouts.length === 0) return 'isolated';
  return victim.layout ?? (armLayout === 'split' ? 'isolated' : armLayout);
}

function expandThread(thread: {
  nice: number;
  policy: 'other' | 'batch' | 'idle' | 'fifo' | 'rr';
  rtPriority: number;
  cpus: 'first' | 'second' | number[];
}): ResolvedThread {
  const cpus: Cpus =
    typeof thread.cpus === 'string'
      ? { kind: thread.cpus }
      : { kind: 'list', cpus: [...new Set(thread.cpus)].sort((a, b) => a - b) };
  const { policy, rtPriority } = thread;
  return {
    nice: thread.nice,
    policy: policy === 'fifo' || policy === 'rr' ? `${policy} ${rtPriority}` : policy,
    cpus,
  };
}

function idle(arm: ResolvedArm): ResolvedArm {
  return withSeries({
    ...arm,
    name: idleControl,
    title: 'The holder does nothing',
    control: 'idle',
    holder: { ...arm.holder, active: false },
  });
}

/** Memory of another process cannot be shared or neighbouring: only `split` and `crossing`, each one's own affair, are kept. */
function foreign(arm: ResolvedArm): ResolvedArm {
  return withSeries({
    ...arm,
    name: foreignControl,
    title: 'The same holder in another process',
    control: 'foreign',
    layout: arm.layout === 'split' ? 'split' : 'isolated',
    holder: { ...arm.holder, active: true, process: 'foreign' },
    victims: arm.victims.map((victim) =>
      besideHolder(victim.layout) ? { ...victim, layout: 'isolated' } : victim,
    ),
  });
}

function withSeries(arm: Omit<ResolvedArm, 'series'>): ResolvedArm {
  const victims = arm.victims.map((victim) => victim.series);
  return {
    ...arm,
    series: arm.holder.active ? [...victims, seriesName('holder', arm.holder.operation)] : victims,
  };
}

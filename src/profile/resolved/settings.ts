/** The settings of an arm: defaults, overridden by the profile, overridden by the arm. */
import { defaults } from './defaults.js';
import { profileSchema, type Profile, type ProfileVictim, type Settings } from '../written/profile-schema.js';

/**
 * A slice has no default: without one the kernel chooses. Nor has a cgroup: without one there is none. That of atMost
 * depends on the window.
 */
type WithoutDefault = 'slice' | 'cpuMax' | 'cpuWeight' | 'atMost';
type Whole<Part> = Required<Omit<Part, WithoutDefault>> & Pick<Part, Extract<keyof Part, WithoutDefault>>;
type Part<Key extends keyof Settings> = NonNullable<Settings[Key]>;
type Burst = NonNullable<Part<'hogs'>['burst']>;
type AgentWords = Exclude<Part<'agent'>, 'none'>;
type IoHogsWords = Exclude<Part<'ioHogs'>, 'none'>;
type Toucher = Exclude<NonNullable<Part<'holder'>['toucher']>, 'none'>;

interface CommonSettings {
  readonly stall: Whole<Part<'stall'>>;
  readonly layout: NonNullable<Settings['layout']>;
  /** The operation has no default; check-arm.ts reports where it is missing. */
  readonly holder: Omit<Whole<Part<'holder'>>, 'operation' | 'toucher' | 'vmas'> &
    Pick<Part<'holder'>, 'operation' | 'vmas'> & { toucher: 'none' | Whole<Toucher> };
  /** The command has no default; check-agent.ts reports where it is missing. */
  readonly agent: 'none' | AgentSettings;
  readonly hogs: Whole<Part<'hogs'>>;
  readonly ioHogs: 'none' | Whole<IoHogsWords>;
  readonly victims: readonly (ProfileVictim & Whole<Toucher>)[];
  /** Of a churn. Undefined: not written. In an arm of another kind, check-churn.ts refuses it. */
  readonly allocator: Settings['allocator'];
  /** As `allocator`. */
  readonly threads: Settings['threads'];
  readonly issues: NonNullable<Settings['issues']>;
}

export type AgentSettings = Omit<Whole<AgentWords>, 'command'> & Pick<AgentWords, 'command'>;

export interface NativeSettings extends CommonSettings, StrayPurge {
  readonly kind: 'native';
}

export interface ChurnSettings extends CommonSettings {
  readonly kind: 'churn';
  readonly churn: Part<'churn'>;
  /** Undefined: no thread purges the allocator. */
  readonly purge: Whole<Part<'purge'>> | undefined;
}

/** A purge that is written in an arm without a churn, which check-churn.ts refuses. */
interface StrayPurge {
  readonly purge: Settings['purge'];
}

interface SettingsInJvm extends CommonSettings, StrayPurge {
  /** Written beside the JVM, which check-churn.ts refuses; undefined: not written. */
  readonly churn: Settings['churn'];
}

export interface LoadsSettings extends SettingsInJvm {
  readonly kind: 'jvm';
  readonly jvm: JvmSettings;
}

export interface AppSettings extends SettingsInJvm {
  readonly kind: 'app';
  readonly jvm: JvmSettings & { readonly app: JvmAppSettings };
}

/**
 * The kind is that of the resolved arm. It is known here and not in the file, because an arm and its profile decide it
 * together.
 */
export type ArmSettings = NativeSettings | ChurnSettings | LoadsSettings | AppSettings;

export type JvmSettings = Omit<Whole<Part<'jvm'>>, 'app' | 'java' | 'process'> & Pick<Part<'jvm'>, 'java' | 'process'>;
export type JvmAppSettings = NonNullable<Part<'jvm'>['app']>;

export type Basics = Whole<Pick<Profile, 'runs' | 'seed' | 'warmup' | 'duration' | 'drain' | 'threshold'>> & {
  readonly spoiled: Whole<NonNullable<Profile['spoiled']>>;
};

type Fallback = Basics &
  Pick<CommonSettings, 'stall' | 'layout' | 'hogs'> & {
    readonly agent: AgentSettings;
    readonly ioHogs: Whole<IoHogsWords>;
    readonly jvm: JvmSettings;
    readonly purge: Whole<Part<'purge'>>;
    readonly holder: Omit<CommonSettings['holder'], 'toucher'> & { toucher: Whole<Toucher> };
    readonly victims: readonly [Whole<Toucher>];
  };

// The schema parses the defaults too, so they have the units of a profile.
const { toucher, victim, ...basis } = defaults;
const fallback = profileSchema.parse({
  name: 'defaults',
  title: 'defaults',
  ...basis,
  holder: { ...basis.holder, toucher },
  victims: [{ ...victim, operation: 'noop', rate: 'back-to-back' }],
  // The type cannot express that every key is present; a test checks it.
}) as unknown as Fallback;

export function basicsOf(profile: Profile): Basics {
  const { runs, seed, warmup, duration, drain, threshold } = { ...fallback, ...profile };
  return {
    runs,
    seed,
    warmup,
    duration,
    drain,
    threshold,
    spoiled: { ...fallback.spoiled, ...profile.spoiled },
  };
}

/** The arm overrides the profile key by key; lists, bursts and CPUs are replaced in whole. */
export function settingsOf(profile: Profile, arm: Settings): ArmSettings {
  const { nice, policy, rtPriority, cpus } = fallback.victims[0];
  const burst: Burst | undefined = arm.hogs?.burst ?? profile.hogs?.burst;
  return {
    stall: { ...fallback.stall, ...profile.stall, ...arm.stall },
    layout: arm.layout ?? profile.layout ?? fallback.layout,
    holder: {
      ...fallback.holder,
      ...profile.holder,
      ...arm.holder,
      toucher: toucherOf(profile.holder?.toucher, arm.holder?.toucher),
    },
    agent: agentOf(profile.agent, arm.agent),
    ioHogs: ioHogsOf(profile.ioHogs, arm.ioHogs),
    hogs: { ...fallback.hogs, ...profile.hogs, ...arm.hogs, ...(burst && { burst }) },
    victims: (arm.victims ?? profile.victims ?? []).map((one) => ({
      nice,
      policy,
      rtPriority,
      cpus,
      ...one,
    })),
    ...kindOf(profile, arm),
    issues: arm.issues ?? profile.issues ?? {},
  };
}

type OfKind<Kind extends ArmSettings> = Kind extends unknown
  ? Omit<Kind, Exclude<keyof CommonSettings, 'allocator' | 'threads'>>
  : never;

/**
 * The arm decides over the profile: an arm with `jvm` does not inherit a churn, and an arm with `churn` does not inherit
 * a JVM.
 */
function kindOf(profile: Profile, arm: Settings): OfKind<ArmSettings> {
  const isJvm = arm.jvm !== undefined && profile.jvm === undefined;
  const isChurn = arm.churn !== undefined && profile.churn === undefined;
  const base: Pick<Settings, 'churn' | 'allocator' | 'threads' | 'purge'> = isJvm ? {} : profile;
  const inherited = {
    allocator: arm.allocator ?? base.allocator,
    threads: arm.threads === undefined && base.threads === undefined ? undefined : { ...base.threads, ...arm.threads },
  };
  const churn = arm.churn ?? base.churn;
  const jvm = jvmOf(isChurn ? undefined : profile.jvm, arm.jvm);
  const purge = arm.purge === undefined && base.purge === undefined ? undefined : { ...base.purge, ...arm.purge };
  if (jvm !== null) return { ...jvm, ...inherited, churn, purge };
  return churn === undefined
    ? { ...inherited, kind: 'native', purge }
    : { ...inherited, kind: 'churn', churn, purge: purge && { ...fallback.purge, ...purge } };
}

/** Thread rules and the settings of an app are overridden key by key; loads, flags and the allocator in whole. */
function jvmOf(
  base: Settings['jvm'],
  own: Settings['jvm'],
): Pick<LoadsSettings, 'kind' | 'jvm'> | Pick<AppSettings, 'kind' | 'jvm'> | null {
  if (base === undefined && own === undefined) return null;
  const { app, ...written } = { ...base, ...own };
  const jvm = { ...fallback.jvm, ...written, threads: { ...base?.threads, ...own?.threads } };
  return app === undefined
    ? { kind: 'jvm', jvm }
    : { kind: 'app', jvm: { ...jvm, app: { ...base?.app, ...own?.app } } };
}

function toucherOf(base: 'none' | Toucher | undefined, own: 'none' | Toucher | undefined): 'none' | Whole<Toucher> {
  if (own === 'none' || (own === undefined && base === 'none')) return 'none';
  return { ...fallback.holder.toucher, ...(base === 'none' ? undefined : base), ...own };
}

function agentOf(base: Settings['agent'], own: Settings['agent']): 'none' | AgentSettings {
  if (own === 'none' || (own === undefined && (base === undefined || base === 'none'))) return 'none';
  return { ...fallback.agent, ...(base === 'none' ? undefined : base), ...own };
}

function ioHogsOf(base: Settings['ioHogs'], own: Settings['ioHogs']): 'none' | Whole<IoHogsWords> {
  if (own === 'none' || (own === undefined && (base === undefined || base === 'none'))) return 'none';
  return { ...fallback.ioHogs, ...(base === 'none' ? undefined : base), ...own };
}

/** What holds for one arm: defaults, below the profile's own settings, below the arm's overrides. */
import { defaults } from './defaults.js';
import { profileSchema, type Profile, type ProfileVictim, type Settings } from '../written/profile-schema.js';

type Whole<Part> = { [Key in keyof Part]-?: Part[Key] };
type Part<Key extends keyof Settings> = NonNullable<Settings[Key]>;
type Burst = NonNullable<Part<'hogs'>['burst']>;
type Toucher = Exclude<NonNullable<Part<'holder'>['toucher']>, 'none'>;

export interface ArmSettings {
  readonly stall: Whole<Part<'stall'>>;
  readonly layout: NonNullable<Settings['layout']>;
  /** The operation has no default: that it is there is for checks.ts to say. */
  readonly holder: Omit<Whole<Part<'holder'>>, 'operation' | 'toucher' | 'cpuMax'> &
    Pick<Part<'holder'>, 'operation' | 'cpuMax'> & { toucher: 'none' | Whole<Toucher> };
  readonly hogs: Whole<Part<'hogs'>>;
  readonly victims: readonly (ProfileVictim & Whole<Toucher>)[];
  /** null: the native engine. */
  readonly jvm: JvmSettings | null;
  /** null: no churn. */
  readonly churn: Part<'churn'> | null;
  /** Of the churn: undefined where the profile says nothing. */
  readonly allocator: Settings['allocator'];
  readonly threads: Settings['threads'];
  readonly issues: NonNullable<Settings['issues']>;
}

export type JvmSettings = Omit<Whole<Part<'jvm'>>, 'app' | 'java' | 'process'> &
  Pick<Part<'jvm'>, 'app' | 'java' | 'process'>;

export type Basics = Whole<Pick<Profile, 'runs' | 'seed' | 'warmup' | 'duration' | 'drain' | 'threshold'>> & {
  readonly spoiled: Whole<NonNullable<Profile['spoiled']>>;
};

type Fallback = Basics &
  Pick<ArmSettings, 'stall' | 'layout' | 'hogs'> & {
    readonly jvm: JvmSettings;
    readonly holder: Omit<ArmSettings['holder'], 'toucher'> & { toucher: Whole<Toucher> };
    readonly victims: readonly [Whole<Toucher>];
  };

// The defaults are written as in a profile and read by the same schema, so their units are its units.
const { toucher, victim, ...basis } = defaults;
const fallback = profileSchema.parse({
  name: 'defaults',
  title: 'defaults',
  ...basis,
  holder: { ...basis.holder, toucher },
  victims: [{ ...victim, operation: 'noop', rate: 'back-to-back' }],
  // The schema cannot say that here every key is given; a test looks for keys that are not.
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

/** `arm` overrides key by key; lists, bursts and CPUs are replaced in whole. */
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

/**
 * What an arm says of its own decides what it is: one that says `jvm` has no churn of the profile's, and one that says
 * `churn` no JVM.
 */
function kindOf(profile: Profile, arm: Settings): Pick<ArmSettings, 'jvm' | 'churn' | 'allocator' | 'threads'> {
  const isJvm = arm.jvm !== undefined && profile.jvm === undefined;
  const isChurn = arm.churn !== undefined && profile.churn === undefined;
  const base: Pick<Settings, 'churn' | 'allocator' | 'threads'> = isJvm ? {} : profile;
  return {
    jvm: jvmOf(isChurn ? undefined : profile.jvm, arm.jvm),
    churn: arm.churn ?? base.churn ?? null,
    allocator: arm.allocator ?? base.allocator,
    threads: arm.threads === undefined && base.threads === undefined ? undefined : { ...base.threads, ...arm.threads },
  };
}

/** Thread rules are overridden one by one, an app's settings too; loads, flags and the allocator in whole. */
function jvmOf(base: Settings['jvm'], own: Settings['jvm']): JvmSettings | null {
  if (base === undefined && own === undefined) return null;
  const app = base?.app === undefined && own?.app === undefined ? {} : { app: { ...base?.app, ...own?.app } };
  return { ...fallback.jvm, ...base, ...own, threads: { ...base?.threads, ...own?.threads }, ...app };
}

function toucherOf(base: 'none' | Toucher | undefined, own: 'none' | Toucher | undefined): 'none' | Whole<Toucher> {
  if (own === 'none' || (own === undefined && base === 'none')) return 'none';
  return { ...fallback.holder.toucher, ...(base === 'none' ? undefined : base), ...own };
}

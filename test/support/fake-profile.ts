/** Resolved profiles made by hand: what a test says of one, and else an ordinary one. */
import type { ResolvedProfile } from '../../src/profile/resolved/resolved.js';
import { resolvedProfileSchema } from '../../src/profile/resolved/resolved-schema.js';

/** Parts of arms, holders, victims and JVMs; further keys are kept, as the schema keeps them. */
export interface GivenProfile {
  readonly name?: string;
  readonly arms?: readonly GivenArm[];
  readonly [setting: string]: unknown;
}

export interface GivenArm {
  readonly name: string;
  readonly holder?: object | null;
  readonly hogs?: object;
  readonly victims?: readonly object[];
  readonly jvm?: { readonly app?: object; readonly [setting: string]: unknown };
  readonly [setting: string]: unknown;
}

const thread = { nice: 0, policy: 'other', cpus: { kind: 'first' } };

export function fakeProfile({ arms = [], ...given }: GivenProfile = {}): ResolvedProfile {
  return resolvedProfileSchema.parse({
    name: 'fake',
    title: 'Fake',
    description: '',
    runs: 1,
    seed: 1,
    warmup_ns: 0,
    duration_ns: 10e9,
    drain_ns: 0,
    threshold_ns: 100e6,
    spoiled: { steal_share: 0.1, foreignLoad_share: 0.25, retries: 5 },
    kernels: [],
    preempt: [],
    ...given,
    arms: (arms.length === 0 ? [{ name: 'free' }] : arms).map(fakeArm),
  });
}

function fakeArm({ holder = {}, hogs = {}, victims = [], jvm, ...given }: GivenArm): object {
  const common = {
    title: given.name,
    control: null,
    hogs: { ...thread, count: 1, burst: null, ...hogs },
    layout: 'isolated',
    series: [],
    victims: victims.map((victim) => ({
      series: 'writer.mprotect',
      role: 'writer',
      operation: 'mprotect',
      layout: 'isolated',
      interval_ns: 0,
      ...thread,
      ...victim,
    })),
    ...given,
  };
  return jvm === undefined
    ? {
        ...common,
        kind: 'native',
        stall: { aim_ns: 1, leastHold_ns: 1 },
        holder: {
          ...thread,
          operation: 'madvise_free',
          pause_ns: 0,
          region: { kind: 'calibrated' },
          pages: 'small',
          toucher: null,
          process: 'same',
          active: true,
          ...holder,
        },
      }
    : { ...common, kind: jvm.app === undefined ? 'jvm' : 'app', holder: null, jvm: fakeJvm(jvm) };
}

function fakeJvm({ app, ...given }: NonNullable<GivenArm['jvm']>): object {
  return {
    jdk: '>=17',
    java: null,
    collector: 'g1',
    flags: [],
    loads: [],
    loadsIn: 'same',
    threads: [],
    allocator: { name: 'glibc', path: null, settings: {} },
    issues: [],
    process: { nice: null, policy: null, cpus: null, limits: {} },
    ...given,
    ...(app === undefined ? {} : { app: { args: [], ready: null, environment: {}, probes: true, ...app } }),
  };
}

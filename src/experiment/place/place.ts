/**
 * Where a run executes: this machine, or a guest with another kernel. The loop (experiment.ts) knows nothing else about
 * it.
 */
import { cleanUp, cleanUpNow } from '../../base/clean-up.js';
import type { KernelRecord } from '../../bundle/bundle-schema.js';
import { cpuTopology, type CpuTopology } from '../../host/cpus.js';
import { hostFacts } from '../../host/facts.js';
import type { ResolvedArm, ResolvedProfile } from '../../profile/resolved/resolved.js';
import { sizeRegions, type SizedRegions } from '../plan/calibrate.js';
import { cpusOfArm } from '../plan/check-plan.js';
import type { Examined } from './wire.js';
import { createRuntimeFolder } from '../../workload/runtime-folder.js';
import { featureSwitch } from '../../workload/feature-switch.js';
import { executeRun, type RunInput, type RunOutput } from '../run/one-run.js';

export interface Place {
  readonly kernel: KernelRecord;
  /** Sizes the regions of the holders, after checking that the CPUs of the arms exist here. */
  size(
    profile: ResolvedProfile,
    arms: readonly ResolvedArm[],
    progress: (text: string) => void,
    interrupted: Promise<unknown>,
  ): Promise<SizedRegions>;
  run(input: RunInput): Promise<RunOutput>;
  /**
   * For a guest: the lock table of its kernel, or the rows `only` of it. For this machine, see doctor/examine.ts.
   */
  examine?(progress: (text: string) => void, only: readonly string[] | null): Promise<Examined>;
  /** Stops everything here while another place works. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends all its processes. */
  close(): Promise<void>;
  /** Output of its kernel so far; null on this machine. */
  console(): string | null;
}

/** Opens a place: a guest has to be booted. */
export type OpenPlace = () => Promise<Place>;

/** This machine with a scheduler feature, which is set for as long as the place is not paused. */
export function localPlaceWith(feature: string, named: Parameters<typeof localPlace>[0]): Place {
  const folder = createRuntimeFolder();
  const { set, check, restore } = featureSwitch(feature, folder.path);
  try {
    set();
    // Its facts are read now, with the feature.
    const place = localPlace(named);
    return {
      ...place,
      kernel: { ...place.kernel, feature },
      run: async (input) => {
        const output = await place.run(input);
        check();
        return output;
      },
      pause: () => Promise.resolve().then(restore),
      resume: () => Promise.resolve().then(set),
      close: () =>
        cleanUp(restore, () => {
          folder.remove();
        }),
    };
  } catch (error) {
    cleanUpNow(restore, () => {
      folder.remove();
    });
    throw error;
  }
}

/** `named`: by default the name of the kernel, without a label. `boot`: which built kernel it is, if that was proven. */
export function localPlace(named?: Pick<KernelRecord, 'name' | 'label' | 'boot'>): Place {
  const topology = cpuTopology();
  const facts = hostFacts();
  return {
    kernel: {
      name: facts.kernel,
      label: null,
      ...named,
      asked: 'host',
      release: facts.kernel,
      facts: { ...facts },
      differences: [],
      oneTree: null,
      guest: null,
    },
    size: (profile, arms, progress, interrupted) => sizeHere(profile, arms, topology, progress, interrupted),
    run: (input) => executeRun(input, topology),
    pause: () => Promise.resolve(),
    resume: () => Promise.resolve(),
    console: () => null,
    close: () => Promise.resolve(),
  };
}

export async function sizeHere(
  profile: ResolvedProfile,
  arms: readonly ResolvedArm[],
  topology: CpuTopology,
  progress: (text: string) => void,
  interrupted?: Promise<unknown>,
): Promise<SizedRegions> {
  for (const arm of arms) cpusOfArm(arm, topology);
  return sizeRegions(profile, arms, topology, progress, interrupted);
}

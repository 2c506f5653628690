/**
 * Where a run executes: this machine, or a guest with a kernel of its own. The loop (experiment.ts) knows no more of
 * it.
 */
import type { KernelRecord } from '../../bundle/bundle-schema.js';
import { cpuTopology, type CpuTopology } from '../../host/cpus.js';
import { hostFacts } from '../../host/facts.js';
import type { ResolvedArm, ResolvedProfile } from '../../profile/resolved/resolved.js';
import { sizeRegions, type SizedRegions } from '../plan/calibrate.js';
import { cpusOfArm } from '../plan/check-plan.js';
import type { Examined } from './wire.js';
import { executeRun, type RunInput, type RunOutput } from '../run/one-run.js';

export interface Place {
  readonly kernel: KernelRecord;
  /** Measures how large the holders' regions are to be, once it is known that the arms' CPUs exist here. */
  size(
    profile: ResolvedProfile,
    arms: readonly ResolvedArm[],
    progress: (text: string) => void,
    interrupted: Promise<unknown>,
  ): Promise<SizedRegions>;
  run(input: RunInput): Promise<RunOutput>;
  /** Of a guest: the lock table of its kernel; of this machine's doctor/examine.ts knows. */
  examine?(progress: (text: string) => void): Promise<Examined>;
  /** While another place works; nothing here runs meanwhile. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Nothing of it is left running. */
  close(): Promise<void>;
  /** What its kernel printed so far; null on this machine. */
  console(): string | null;
}

/** How an experiment comes to a place: a guest has to be booted. */
export type OpenPlace = () => Promise<Place>;

/** `named`: by default as its kernel, without a label. */
export function localPlace(named?: Pick<KernelRecord, 'name' | 'label'>): Place {
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

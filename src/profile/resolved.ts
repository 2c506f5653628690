/**
 * A profile with nothing left to default: what an experiment runs, what a bundle records and what is
 * hashed. Plain JSON; units are in the names. CPUs stay symbolic: the host says which they are.
 */
import type { HolderOperation, Layout, VictimLayout, VictimOperation } from './operations.js';

export type Cpus =
  | { readonly kind: 'first' }
  | { readonly kind: 'second' }
  | { readonly kind: 'list'; readonly cpus: readonly number[] };

/** A real-time policy has its static priority (1 to 99) with it: `fifo 50`. */
export type Policy = 'other' | 'batch' | 'idle' | RealTimePolicy;
export type RealTimePolicy = `${'fifo' | 'rr'} ${number}`;

export interface ResolvedThread {
  readonly nice: number;
  readonly policy: Policy;
  readonly cpus: Cpus;
}

export type Region =
  { readonly kind: 'calibrated' } | { readonly kind: 'bytes'; readonly bytes: number };

export interface ResolvedHolder extends ResolvedThread {
  readonly operation: HolderOperation;
  readonly pause_ns: number;
  readonly region: Region;
  readonly pages: 'small' | 'huge';
  /** null: nobody re-populates what was dropped. */
  readonly toucher: ResolvedThread | null;
  readonly process: 'same' | 'foreign';
  readonly active: boolean;
}

export interface ResolvedHogs extends ResolvedThread {
  readonly count: number;
  /** null: steady. */
  readonly burst: { readonly run_ns: number; readonly sleep_ns: number } | null;
}

export interface ResolvedVictim extends ResolvedThread {
  /** Name of its series, `<role>.<operation>`. */
  readonly series: string;
  readonly role: string;
  readonly operation: VictimOperation;
  readonly layout: VictimLayout;
  /** From one intended start to the next; 0: back to back. */
  readonly interval_ns: number;
}

export interface ResolvedArm {
  readonly name: string;
  readonly title: string;
  readonly control: null | 'idle' | 'foreign';
  /** What a calibrated region is sized to. */
  readonly stall: { readonly aim_ns: number; readonly leastHold_ns: number };
  readonly layout: Layout;
  readonly holder: ResolvedHolder;
  readonly hogs: ResolvedHogs;
  readonly victims: readonly ResolvedVictim[];
  /** The victims' series in their order, then the holder's if it is active. */
  readonly series: readonly string[];
}

export interface ResolvedProfile {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly runs: number;
  readonly seed: number;
  readonly warmup_ns: number;
  readonly duration_ns: number;
  readonly drain_ns: number;
  readonly threshold_ns: number;
  readonly spoiled: {
    readonly steal_share: number;
    readonly foreignLoad_share: number;
    readonly retries: number;
  };
  /** The two controls first, then the profile's arms in its order. */
  readonly arms: readonly ResolvedArm[];
}

/**
 * A side of a comparison: a bundle, or histogram logs of any tool, as the evidence of its runs. A run is evidence if it
 * is complete and undisturbed; what is left out is counted and reported.
 */
import type { ManifestFile } from '../../bundle/bundle-schema.js';
import type { IncompleteSide, LeftOut, NotWhole, SideNote } from '../../facts/side-facts.js';
import type { RefusedArm } from '../../facts/refused-arm-facts.js';
import type { Stated } from '../../facts/stated.js';
import type { PlaceKey } from '../../bundle/place-names.js';
import type { ResolvedProfile } from '../../profile/resolved/resolved.js';
import type { BootOfSide } from './boot-of.js';
import type { MetricScope, MetricEvidence } from './metrics.js';

/** With its repetition: arms of a repetition were measured directly after each other. */
export type RoundRun = MetricEvidence & {
  readonly round: number;
  /** Its name in the bundle, or the log's file. */
  readonly name: string;
};

/** Runs of a series of an arm; with scope `arm`, runs of the arm itself, whose `series` is empty. */
export interface SeriesEvidence {
  readonly arm: string;
  readonly scope: MetricScope;
  readonly series: string;
  readonly runs: readonly RoundRun[];
}

export interface SideFacts {
  readonly profile: string | null;
  readonly profileHash: string | null;
  /** Of its place; null: no label, or not all of several places have a label. */
  readonly label: string | null;
  /** By release, also where there is a label. */
  readonly kernel: string | null;
  /** CPUs, memory and added words of a guest; null: this machine, or not known. */
  readonly guest: string | null;
  /** By its checksum: builds of a version have the same release. Null: this machine's kernel, or unknown. */
  readonly image: string | null;
  readonly preemption: string | null;
  readonly hz: number | null;
  /** Settings of the kernel while it ran: `always`, `madvise` or `never`; autogroup; clock source; scheduler features. */
  readonly transparentHugePages: string | null;
  readonly autogroup: boolean | null;
  readonly clockSource: string | null;
  readonly schedFeatures: readonly string[] | null;
  readonly cpuModel: string | null;
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
  readonly tool: string | null;
  /** Whether its runs were traced (--trace), which makes calls slower. */
  readonly trace: boolean | null;
  readonly jdks: readonly string[];
  /** Each with its version, as its processes proved it. */
  readonly allocators: readonly UsedAllocator[];
}

export interface UsedAllocator {
  readonly name: string;
  readonly version: string;
  /** A C library that a fetched JDK brought, so that another JDK brings another. */
  readonly ofJdk?: true | undefined;
}

/** What is known only of a bundle's manifest and its runs. */
export const unknownFacts = {
  transparentHugePages: null,
  autogroup: null,
  clockSource: null,
  schedFeatures: null,
  trace: null,
  allocators: [],
} as const satisfies Partial<SideFacts>;

/** Users recognise a place by its label. */
export function placeText({ label, kernel }: Pick<SideFacts, 'label' | 'kernel'>): string | null {
  return label ?? kernel;
}

/** `Linux 6.17.13`, `patched (Linux 6.17.13)` */
export function placeWords({ label, kernel }: Pick<SideFacts, 'label' | 'kernel'>): string {
  const linux = `Linux ${kernel ?? 'unknown'}`;
  return label === null ? linux : `${label} (${linux})`;
}

/** An arm of a bundle with several places. */
export interface PlacedArm {
  /** As in the profile. */
  readonly name: string;
  readonly place: PlaceKey;
}

/** Both share their rounds, and differ in the change that was asked for. */
export function measuredInTurns(a: Pick<Side, 'turns'>, b: Pick<Side, 'turns'>): boolean {
  return a.turns !== null && b.turns !== null && a.turns.id === b.turns.id && a.turns.side !== b.turns.side;
}

export const sideKinds = ['bundle', 'log', 'observation'] as const;
export type SideKind = (typeof sideKinds)[number];

export interface Side {
  /** Its name in the result. */
  readonly label: string;
  readonly path: string;
  readonly kind: SideKind;
  readonly arms: readonly string[];
  /** Of a bundle of several places: what each of `arms` is. */
  readonly placed: ReadonlyMap<string, PlacedArm>;
  readonly evidence: readonly SeriesEvidence[];
  readonly facts: SideFacts;
  /** Null for logs. */
  readonly resolved: ResolvedProfile | null;
  /** Files of the user's programs; null: not read. */
  readonly programs: ManifestFile['programs'];
  /** When the experiment began; null for a log. */
  readonly startedAt: string | null;
  /** How long its runs took, by arm: from go to the end of the drain, those that are no evidence included. */
  readonly measured_ns: Readonly<Record<string, number>>;
  /** Of a side that was measured in turns with another: baseline or candidate. */
  readonly turns: ManifestFile['turns'];
  /** Of a bundle of `run --boot-label`. */
  readonly boot?: BootOfSide | null;
  /** Why the experiment is not whole; null: it is, or the side is a log. */
  readonly incomplete: IncompleteSide | null;
  /** Of a side of several bundles: each that is not whole, by its path. */
  readonly notWhole?: readonly NotWhole[] | undefined;
  /** Sizes of the regions that holders give back, as they were found or given. */
  readonly regions: readonly { readonly of: string; readonly bytes: number }[];
  /** Arms without a run, because their JDK cannot run them. */
  readonly refusedArms: readonly RefusedArm[];
  /** Runs that are no evidence; `notes` has them too. */
  readonly leftOut: readonly LeftOut[];
  /** What of it is no evidence, and what weakens it. */
  readonly notes: readonly SideNote[];
  readonly degraded: readonly Stated[];
}

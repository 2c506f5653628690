/**
 * What was found of each arm under each JDK on each kernel, from the conclusions and findings that the verdict is made of.
 */
import type { SummaryFile } from '../../bundle/bundle-schema.js';
import type { RefusedArm } from '../../facts/refused-arm-facts.js';
import { jdkLabelOf, nameWithoutJdk, type ResolvedProfile } from '../../profile/resolved/resolved.js';

/** The code of the conclusion that names the arm; `not-run`: its JDK cannot run it. */
export const armStates = [
  'stalls',
  'stalls-under-load',
  'like-foreign',
  'paused',
  'heap-kept',
  'unclear',
  'no-data',
  'uncontrolled',
  'nothing-timed',
  'not-run',
] as const;
export type ArmState = (typeof armStates)[number];

export interface ArmCell {
  readonly state: ArmState;
  /** Of the series with the longest stall, of `paused` the longest pause; null: no run shows it. */
  readonly longest_ns: number | null;
  /**
   * Of the series that is stalled for the largest share, of `paused` the share of the pauses in the run with most of them;
   * null: unknown, as runs under load show no share.
   */
  readonly share: number | null;
  /** A series of a control has stalls too. */
  readonly controlsStalled: boolean;
  readonly refused: RefusedArm | null;
}

export interface ArmColumn {
  readonly kernel: string;
  /** Null: arms without a JDK of the list. */
  readonly jdk: string | null;
}

export interface ArmMatrix {
  readonly columns: readonly ArmColumn[];
  /** `arm`: without its JDK. A cell is null where the experiment has no such arm. */
  readonly rows: readonly { readonly arm: string; readonly cells: readonly (ArmCell | null)[] }[];
}

interface Judged {
  readonly summary: SummaryFile;
  readonly profile: ResolvedProfile;
  readonly refused: readonly RefusedArm[];
}

/** Null for one kernel and one JDK, and for a bundle of a version that stored no conclusions. */
export function armMatrix({ summary, profile, refused }: Judged): ArmMatrix | null {
  const kernels = [...new Set(summary.arms.map(({ kernel }) => kernel))];
  const inSummary = new Set(summary.arms.map(({ name }) => name));
  const arms = profile.arms
    .filter(({ control, name }) => control === null && (inSummary.has(name) || refused.some(({ arm }) => arm === name)))
    .map((arm) => ({ name: arm.name, jdk: jdkLabelOf(arm) }));
  const jdks = [...new Set(arms.map(({ jdk }) => jdk))];
  const columns = kernels.flatMap((kernel) => jdks.map((jdk): ArmColumn => ({ kernel, jdk })));
  if (columns.length < 2 || summary.conclusions.length === 0) return null;
  return {
    columns,
    rows: [...new Set(arms.map(nameWithoutJdk))].map((row) => ({
      arm: row,
      cells: columns.map(({ kernel, jdk }) => {
        const arm = arms.find((one) => nameWithoutJdk(one) === row && one.jdk === jdk);
        return arm === undefined ? null : cellOf(arm.name, kernel, { summary, refused });
      }),
    })),
  };
}

function cellOf(
  arm: string,
  kernel: string,
  { summary, refused }: Pick<Judged, 'summary' | 'refused'>,
): ArmCell | null {
  const whyNot = refused.find((one) => one.arm === arm);
  const none = { longest_ns: null, share: null, controlsStalled: false };
  if (whyNot !== undefined) return { ...none, state: 'not-run', refused: whyNot };
  const state = stateOf(arm, kernel, summary);
  if (state === null) return null;
  // The arm of a finding has its kernel in its name, where there are several.
  const own = summary.findings.filter(
    (finding) => finding.kernel === kernel && [arm, `${arm} on ${kernel}`].includes(finding.arm),
  );
  const seen = own.flatMap((finding) => finding.seen ?? []);
  const pauses = state === 'paused' ? own.flatMap(({ paused }) => paused ?? []) : [];
  const shares =
    state === 'stalls-under-load'
      ? []
      : state === 'paused'
        ? pauses.map(({ most_share }) => most_share)
        : seen.map(({ stalled_share }) => stalled_share);
  const lasting = state === 'paused' ? pauses : [...seen, ...own.flatMap(({ underLoad }) => underLoad ?? [])];
  const longest = lasting.map(({ longest_ns }) => longest_ns);
  return {
    state,
    longest_ns: longest.length === 0 ? null : Math.max(...longest),
    share: shares.length === 0 ? null : Math.max(...shares),
    controlsStalled: own.some(({ foreignStalls_n, idleStalls_n }) => (foreignStalls_n ?? 0) + (idleStalls_n ?? 0) > 0),
    refused: null,
  };
}

/** Null if no conclusion names the arm. */
function stateOf(arm: string, kernel: string, { conclusions }: SummaryFile): ArmState | null {
  for (const conclusion of conclusions) {
    const state = armStates.find((one) => one === conclusion.code);
    if (state !== undefined && isOf(kernel, conclusion) && names(arm, conclusion)) return state;
  }
  return null;
}

// What a conclusion says beside its code is of no certain shape: the bundle may be of another version.

function isOf(kernel: string, conclusion: object): boolean {
  return 'kernel' in conclusion && conclusion.kernel === kernel;
}

function names(arm: string, conclusion: object): boolean {
  if ('arm' in conclusion && conclusion.arm === arm) return true;
  return 'arms' in conclusion && Array.isArray(conclusion.arms) && conclusion.arms.includes(arm);
}

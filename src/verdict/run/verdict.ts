/**
 * From what was found in all arms to conclusions: codes with figures (src/words/verdict-words.ts has the sentences).
 */
import { grouped } from '../../base/group.js';
import type { ArmSummary, SummaryFile } from '../../bundle/bundle-schema.js';
import type { OpenReason } from '../../facts/finding-facts.js';
import type { RefusedArm } from '../../facts/refused-arm-facts.js';
import type {
  ArmBehaviour,
  BetweenConclusion,
  Conclusion,
  FailedRuns,
  KernelConclusion,
  OverallConclusion,
} from '../../facts/verdict-facts.js';
import { nameWithoutJdk } from '../../profile/resolved/resolved.js';
import { configurationConclusions } from '../compare/configurations.js';
import { aloneFact } from './alone.js';
import { probeCosts } from './cost.js';
import { longestOf } from './longest.js';
import { controlsOf, evidenceOf, hasNoStall, type Compared } from './outcome.js';
import { pausedFacts } from './paused-facts.js';
import type { UnderLoad } from './under-load.js';

/** What was compared on one kernel. */
export interface OnKernel {
  readonly name: string;
  readonly compared: readonly Compared[];
  /** Arms without a series that was judged. */
  readonly unprobed: readonly ArmSummary[];
}

export interface Circumstances {
  readonly status: SummaryFile['status'];
  readonly isDegraded: boolean;
  readonly refused: readonly RefusedArm[];
  readonly failed: readonly FailedRuns[];
}

/** Of each kernel, in order, then of all. `between`: what lies between two kernels; null: unknown. */
export function conclusionsOf(
  kernels: readonly OnKernel[],
  circumstances: Circumstances,
  between: BetweenConclusion | null = null,
): Conclusion[] {
  const found = kernels.map((kernel) => ({ kernel: kernel.name, ...foundOn(kernel) }));
  const overall: OverallConclusion[] = [
    ...betweenKernels(kernels, between),
    ...(circumstances.refused.length > 0 ? [{ code: 'arms-not-run', refused: circumstances.refused } as const] : []),
    ...circumstances.failed,
    ...levels(found),
    ...caveats(
      found.flatMap(({ claimed }) => claimed),
      circumstances,
    ),
  ];
  return [
    ...found.flatMap(({ kernel, conclusions }) => conclusions.map((one): Conclusion => ({ ...one, kernel }))),
    ...overall.map((one): Conclusion => ({ ...one, kernel: null })),
  ];
}

interface Found {
  readonly conclusions: readonly KernelConclusion[];
  /** What something is concluded about, from undisturbed runs. */
  readonly claimed: readonly Compared[];
  readonly loadedNames: readonly string[];
}

function foundOn({ compared, unprobed }: OnKernel): Found {
  const names = [...new Set(compared.map(({ arm }) => arm.name))];
  const of = (name: string): Compared[] => compared.filter(({ arm }) => arm.name === name);
  const stalling = compared.filter(({ judged }) => judged.outcome === 'stalls' && judged.underLoad === undefined);
  const loaded = [
    ...new Map(
      compared.flatMap(({ arm, judged: { underLoad } }) =>
        underLoad === undefined ? [] : [[arm.name, { arm: arm.name, underLoad }] as const],
      ),
    ).values(),
  ];
  const undisturbedNames = names.filter((name) => stalling.some(({ arm }) => arm.name === name));
  // Undisturbed runs of one series of an arm show more than runs under load of another.
  const loadedNames = names.filter(
    (name) => !undisturbedNames.includes(name) && loaded.some(({ arm }) => arm === name),
  );
  const stallingNames = [...undisturbedNames, ...loadedNames];
  const quietNames = names.filter((name) => of(name).every(({ judged }) => judged.outcome === 'like-foreign'));
  const quiet = quietNames.flatMap(of);
  const emptyNames = names.filter((name) =>
    of(name).every(({ judged }) => judged.reason !== null && withoutRuns.includes(judged.reason)),
  );
  const alone = compared.filter(({ judged }) => judged.reason === 'uncontrolled');
  const aloneNames = names.filter((name) => of(name).every((series) => alone.includes(series)));
  const undecidedNames = names.filter(
    (name) => ![...stallingNames, ...quietNames, ...emptyNames, ...aloneNames].includes(name),
  );
  const because = (reason: OpenReason): string[] =>
    undecidedNames.filter((name) => of(name).some(({ judged }) => judged.reason === reason));
  const pausedNames = undecidedNames.filter((name) => isPaused(of(name)));
  const paused = pausedNames.flatMap(of);
  const keptNames = because('heap-kept').filter((name) => !pausedNames.includes(name));
  const openNames = undecidedNames.filter((name) => ![...pausedNames, ...keptNames].includes(name));
  const conclusions: KernelConclusion[] = [
    ...(names.length === 0 ? [nothingCompared(unprobed)] : []),
    ...(undisturbedNames.length > 0 ? [stallsFact(undisturbedNames, stalling)] : []),
    ...(loadedNames.length > 0
      ? [
          underLoadFact(
            loadedNames,
            loaded.flatMap(({ arm, underLoad }) => (loadedNames.includes(arm) ? [underLoad] : [])),
          ),
        ]
      : []),
    ...(quietNames.length > 0 ? [quietFact(quietNames, quiet)] : []),
    ...pausedFacts(paused),
    ...aloneNames.map((name) => aloneFact(name, of(name))),
    ...configurationConclusions(compared),
    ...betweenJdks(compared),
    ...probeCosts([...new Set(compared.map(({ arm }) => arm)), ...unprobed]),
    ...(keptNames.length > 0 ? [{ code: 'heap-kept', arms: keptNames } as const] : []),
    ...(openNames.length > 0 ? [{ code: 'unclear', arms: openNames } as const] : []),
    ...(emptyNames.length > 0 ? [{ code: 'no-data', arms: emptyNames } as const] : []),
  ];
  return { conclusions, claimed: [...stalling, ...quiet, ...paused, ...alone], loadedNames };
}

const withoutRuns: readonly string[] = ['no-run', 'no-control-run', 'no-idle-run'];

function nothingCompared(unprobed: readonly ArmSummary[]): KernelConclusion {
  return unprobed.length > 0
    ? { code: 'nothing-timed', arms: unprobed.map(({ name }) => name) }
    : { code: 'controls-only' };
}

function stallsFact(arms: readonly string[], stalling: readonly Compared[]): KernelConclusion {
  const blocked = stalling.filter(({ series }) => evidenceOf(series).some(({ blocked_share }) => blocked_share > 0));
  const onMutex = stalling.filter(({ series }) => evidenceOf(series).some(({ mutex_share }) => mutex_share > 0));
  return {
    code: 'stalls',
    arms,
    blocked: longestOf(blocked, ({ longest_blocked_ns }) => longest_blocked_ns),
    onMutex: longestOf(onMutex, ({ longest_mutex_ns }) => longest_mutex_ns),
    hasIdleControl: stalling.every(({ controls }) => controls.idle !== undefined),
    controlsStalled: !stalling.every(({ controls }) => controlsOf(controls).every(hasNoStall)),
    ...otherControlsOf(stalling),
  };
}

function otherControlsOf(stalling: readonly Compared[]): Pick<KernelConclusion & { code: 'stalls' }, 'otherControls'> {
  const others = stalling.flatMap(({ arm, otherJvm }) => (otherJvm === null ? [] : [{ arm: arm.name, otherJvm }]));
  const byControl = [...grouped(others, ({ otherJvm }) => JSON.stringify(otherJvm)).values()];
  const otherControls = byControl.flatMap((alike) =>
    alike.slice(0, 1).map(({ otherJvm }) => ({ arms: [...new Set(alike.map(({ arm }) => arm))], control: otherJvm })),
  );
  return otherControls.length === 0 ? {} : { otherControls };
}

function underLoadFact(arms: readonly string[], found: readonly UnderLoad[]): KernelConclusion {
  const holders = found.map(({ blamed: { thread, call } }) => ({ thread, call }));
  return {
    code: 'stalls-under-load',
    arms,
    holders: [...new Map(holders.map((holder) => [JSON.stringify(holder), holder])).values()],
    stalls_n: found.reduce((sum, { stalls_n }) => sum + stalls_n, 0),
    endedWithHold_n: found.reduce((sum, { endedWithHold_n }) => sum + endedWithHold_n, 0),
    longest_ns: Math.max(...found.map(({ longest_ns }) => longest_ns)),
    isMmapLock: found.every(({ blamed }) => blamed.cause !== 'vma-lock'),
  };
}

function quietFact(arms: readonly string[], quiet: readonly Compared[]): KernelConclusion {
  return {
    code: 'like-foreign',
    arms,
    threshold_ns: quiet[0]?.series.stalls.threshold_ns ?? 0,
    noneStalled: quiet.every(({ series }) => hasNoStall(series)),
  };
}

/** Of an arm, or of an arm under a JDK. A series that is open otherwise, as one that was blocked, leaves the arm open. */
function isPaused(compared: readonly Compared[]): boolean {
  return compared.every(({ judged }) => judged.reason === 'paused');
}

/** On which evidence the conclusions stand. */
function levels(found: readonly Pick<Found, 'claimed' | 'loadedNames'>[]): OverallConclusion[] {
  const loaded = [...new Set(found.flatMap(({ loadedNames }) => loadedNames))];
  // A user's program has no controls, and other programs make its load.
  const isUndisturbed = found.some(({ claimed }) => claimed.some(({ judged }) => judged.reason !== 'uncontrolled'));
  return [
    ...(loaded.length > 0 ? [{ code: 'under-load-evidence', arms: loaded } as const] : []),
    ...(isUndisturbed ? [{ code: 'undisturbed-evidence', isAll: loaded.length === 0 } as const] : []),
  ];
}

type Behaviour = 'stalls' | 'paused' | 'quiet' | 'open' | 'not-run';

/** Which arms stall on one kernel and not on another. Why is not concluded, unless the kernels are of one tree. */
function betweenKernels(kernels: readonly OnKernel[], between: BetweenConclusion | null): OverallConclusion[] {
  if (kernels.length < 2) return [];
  const arms = [...new Set(kernels.flatMap(({ compared }) => compared.map(({ arm }) => arm.name)))];
  return [
    {
      code: 'kernels-compared',
      behaviours: behavioursOf(
        arms,
        kernels.map(({ name, compared }) => ({ name, of: (arm) => compared.filter((one) => one.arm.name === arm) })),
      ),
    },
    ...(between === null ? [] : [between]),
  ];
}

/** Under which JDKs of the profile an arm stalls. */
function betweenJdks(all: readonly Compared[]): KernelConclusion[] {
  const compared = all.filter(({ arm }) => arm.jdk !== null);
  const jdks = [...new Set(compared.flatMap(({ arm }) => arm.jdk ?? []))];
  if (jdks.length < 2) return [];
  const arms = [...new Set(compared.map(({ arm }) => nameWithoutJdk(arm)))];
  const on = jdks.map((jdk) => ({
    name: jdk,
    of: (name: string) => compared.filter(({ arm }) => arm.jdk === jdk && nameWithoutJdk(arm) === name),
  }));
  return [{ code: 'jdks-compared', behaviours: behavioursOf(arms, on) }];
}

interface Alternative {
  /** Of a kernel or a JDK. */
  readonly name: string;
  /** What was compared of the arm there; empty if the arm was not run there. */
  readonly of: (arm: string) => readonly Compared[];
}

function behavioursOf(arms: readonly string[], alternatives: readonly Alternative[]): ArmBehaviour[] {
  const behaviours = arms.map((arm) => {
    const on = (wanted: Behaviour): string[] =>
      alternatives.filter(({ of }) => behaviourOf(of(arm)) === wanted).map(({ name }) => name);
    return {
      arm,
      on: {
        stallsOn: on('stalls'),
        pausedOn: on('paused'),
        quietOn: on('quiet'),
        undecidedOn: on('open'),
        notRunOn: on('not-run'),
      },
    };
  });
  return [...grouped(behaviours, ({ on }) => JSON.stringify(on)).values()].flatMap((alike) =>
    alike.slice(0, 1).map(({ on }) => ({ arms: alike.map(({ arm }) => arm), ...on })),
  );
}

function behaviourOf(compared: readonly Compared[]): Behaviour {
  if (compared.length === 0) return 'not-run';
  if (compared.some(({ judged }) => judged.outcome === 'stalls')) return 'stalls';
  if (isPaused(compared)) return 'paused';
  return compared.every(({ judged }) => judged.outcome === 'like-foreign') ? 'quiet' : 'open';
}

/** What must not get lost when the verdict is quoted alone. */
function caveats(claimed: readonly Compared[], { status, isDegraded }: Circumstances): OverallConclusion[] {
  const fewest = Math.min(
    ...claimed.flatMap(({ series, controls }) =>
      [series, ...controlsOf(controls)].map((compared) => evidenceOf(compared).length),
    ),
  );
  return [
    ...(fewest === 1 ? [{ code: 'single-run' } as const] : []),
    ...(isDegraded ? [{ code: 'set-up-degraded' } as const] : []),
    ...(status === 'complete' ? [] : [{ code: status === 'failed' ? 'run-failed' : 'not-complete' } as const]),
  ];
}

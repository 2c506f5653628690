/** The verdict: what was found in all arms, in a sentence that may be quoted alone. */
import { grouped } from '../../base/group.js';
import { formatDuration } from '../../base/text/units.js';
import type { ArmSummary, SeriesRunFigures, SummaryFile } from '../../bundle/bundle-schema.js';
import { configurationTexts } from '../compare/configurations.js';
import { probeCosts } from './cost.js';
import { controlsOf, evidenceOf, type Compared } from './outcome.js';
import type { UnderLoad } from './under-load.js';
import { holderText, listed } from '../../words/text.js';

/** What was compared on one kernel. */
export interface OnKernel {
  readonly name: string;
  /** `Linux 6.17.13`, `patched (Linux 6.17.13)` */
  readonly linux: string;
  readonly compared: readonly Compared[];
  /** Arms without a series that was judged. */
  readonly unprobed: readonly ArmSummary[];
}

export interface Circumstances {
  readonly status: SummaryFile['status'];
  readonly isDegraded: boolean;
}

/**
 * `kernels`: the verdict of each, in order, and what they have to do with each other. `between`: what lies between two
 * of them; null: that is not known.
 */
export function verdictOf(
  kernels: readonly OnKernel[],
  circumstances: Circumstances,
  between: string | null = null,
): string {
  const found = kernels.map(({ linux, compared, unprobed }) => ({ linux, ...foundOn(compared, unprobed) }));
  return [
    ...found.map(({ linux, text }) => `On ${linux}: ${text}.`),
    ...betweenKernels(kernels, between),
    ...levelText(found),
    ...caveats(
      found.flatMap(({ claimed }) => claimed),
      circumstances,
    ),
  ].join(' ');
}

/** `claimed`: what the text says something of. */
function foundOn(
  compared: readonly Compared[],
  unprobed: readonly ArmSummary[],
): { text: string; claimed: readonly Compared[]; loadedNames: readonly string[] } {
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
  // What undisturbed runs say of one series of an arm says more than what runs under load say of another.
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
  const aloneNames = names.filter((name) => of(name).every((one) => alone.includes(one)));
  const openNames = names.filter(
    (name) => ![...stallingNames, ...quietNames, ...emptyNames, ...aloneNames].includes(name),
  );
  const parts = [
    ...(names.length === 0 && unprobed.length > 0
      ? [`in ${listed(unprobed.map(({ name }) => name))} nothing is timed, for the program has no probes`]
      : []),
    ...(names.length === 0 && unprobed.length === 0
      ? ['only the controls were run, so there is nothing to compare']
      : []),
    ...(undisturbedNames.length > 0 ? [stallingText(undisturbedNames, stalling)] : []),
    ...(loadedNames.length > 0
      ? [
          loadedText(
            loadedNames,
            loaded.flatMap(({ arm, underLoad }) => (loadedNames.includes(arm) ? [underLoad] : [])),
          ),
        ]
      : []),
    ...(quietNames.length > 0 ? [quietText(quietNames, quiet)] : []),
    ...aloneNames.map((name) => aloneText(name, of(name))),
    ...configurationTexts(compared),
    ...probeCosts([...new Set(compared.map(({ arm }) => arm)), ...unprobed]),
    ...(openNames.length > 0 ? [`these runs are inconclusive for ${listed(openNames)}`] : []),
    ...(emptyNames.length > 0
      ? [
          `nothing can be said of ${listed(emptyNames)}, because ${emptyNames.length === 1 ? 'it or a control has' : 'they or a control have'} no complete, undisturbed run`,
        ]
      : []),
  ];
  return { text: parts.join('; '), claimed: [...stalling, ...quiet, ...alone], loadedNames };
}

const withoutRuns: readonly string[] = ['no-run', 'no-control-run', 'no-idle-run'];

/** On which evidence the verdict stands. */
function levelText(
  found: readonly { readonly claimed: readonly Compared[]; readonly loadedNames: readonly string[] }[],
): string[] {
  const loaded = [...new Set(found.flatMap(({ loadedNames }) => loadedNames))];
  // A program of the user's own has no controls, and its load is another program's.
  const undisturbed = found.some(({ claimed }) => claimed.some(({ judged }) => judged.reason === null));
  if (loaded.length === 0) return undisturbed ? ['This rests on undisturbed runs.'] : [];
  return [
    `That ${listed(loaded)} ${loaded.length === 1 ? 'stalls' : 'stall'}, and why, rests on runs under load; how often and how long, and any comparison, needs undisturbed ones (--wait-for-quiet).`,
    ...(undisturbed ? ['The rest rests on undisturbed runs.'] : []),
  ];
}

type Behaviour = 'stalls' | 'quiet' | 'open';

/**
 * Which arms stall on one kernel and not on another. Kernels are named, and nothing is said of why they differ unless
 * they are of one tree.
 */
function betweenKernels(kernels: readonly OnKernel[], between: string | null): string[] {
  if (kernels.length < 2) return [];
  const arms = [...new Set(kernels.flatMap(({ compared }) => compared.map(({ arm }) => arm.name)))];
  const outcomes = arms.map((arm) => ({
    arm,
    on: kernels.map(({ name, compared }) => ({
      name,
      outcome: behaviourOf(compared.filter((one) => one.arm.name === arm)),
    })),
  }));
  const behaviourText = (on: (typeof outcomes)[number]['on'], isOne: boolean): string => {
    const named = (outcome: Behaviour): string[] => on.filter((one) => one.outcome === outcome).map(({ name }) => name);
    const [stalling, quiet, open] = [named('stalls'), named('quiet'), named('open')];
    const rest = open.length === 0 ? '' : ` (undecided on ${listed(open)})`;
    const stall = isOne ? 'stalls' : 'stall';
    if (stalling.length === 0)
      return quiet.length === 0 ? `${isOne ? 'is' : 'are'} undecided on each` : `${stall} on none${rest}`;
    return quiet.length === 0
      ? `${stall} on ${open.length === 0 ? 'all' : listed(stalling)}${rest}`
      : `${stall} on ${listed(stalling)} and not on ${listed(quiet)}${rest}`;
  };
  const tree =
    between === null
      ? []
      : [
          `Both are of one tree as far as version and configuration tell (see the notes), so between them lies ${between}.`,
        ];
  return [
    `Of these kernels, ${[...grouped(outcomes, ({ on }) => JSON.stringify(on)).values()]
      .map((alike) => `${listed(alike.map(({ arm }) => arm))} ${behaviourText(alike[0]?.on ?? [], alike.length === 1)}`)
      .join('; ')}.`,
    ...tree,
  ];
}

function behaviourOf(compared: readonly Compared[]): Behaviour {
  if (compared.some(({ judged }) => judged.outcome === 'stalls')) return 'stalls';
  return compared.length > 0 && compared.every(({ judged }) => judged.outcome === 'like-foreign') ? 'quiet' : 'open';
}

function stallingText(names: readonly string[], stalling: readonly Compared[]): string {
  const isQuiet = stalling.every(({ controls }) =>
    controlsOf(controls).every((control) =>
      evidenceOf(control).every(({ stalled_share, count }) => stalled_share === 0 && count === 0),
    ),
  );
  const control = isQuiet ? 'none was stalled' : 'they were stalled for a smaller share of the time';
  const blocked = stalling.filter(({ series }) => evidenceOf(series).some(({ blocked_share }) => blocked_share > 0));
  const onMutex = stalling.filter(({ series }) => evidenceOf(series).some(({ mutex_share }) => mutex_share > 0));
  const held = [
    ...(blocked.length > 0
      ? [`were blocked in the kernel${upTo(blocked, ({ longest_blocked_ns }) => longest_blocked_ns)}`]
      : []),
    ...(onMutex.length > 0
      ? [`slept on the allocator’s mutex${upTo(onMutex, ({ longest_mutex_ns }) => longest_mutex_ns)}`]
      : []),
  ];
  const what =
    onMutex.length === 0
      ? 'a lock of their own address space blocked them, such as mmap_lock'
      : blocked.length === 0
        ? 'a lock of their own process’s allocator blocked them, and not mmap_lock'
        : 'a lock of their own process blocked them';
  return `in ${listed(names)} victims ${held.join(' or ')}, while with the holder in another process${stalling.every(({ controls }) => controls.idle !== undefined) ? ' or idle' : ''} ${control}, so ${what}`;
}

/** By runs beside other programs: what they waited for, and no rate. */
function loadedText(names: readonly string[], found: readonly UnderLoad[]): string {
  const holders = [...new Set(found.map(({ blamed }) => holderText(blamed)))];
  const stalls_n = found.reduce((sum, one) => sum + one.stalls_n, 0);
  const ended_n = found.reduce((sum, one) => sum + one.endedWithHold_n, 0);
  const isMmapLock = found.every(({ blamed }) => blamed.cause !== 'vma-lock');
  return `in ${listed(names)} victims were blocked in the kernel for up to ${formatDuration(Math.max(...found.map(({ longest_ns }) => longest_ns)))} at a time, and ${ended_n} of ${stalls_n} such waits ended when a hold of ${listed(holders)} did, while neither control was blocked beside as much load, so they waited for ${isMmapLock ? 'mmap_lock' : 'a lock of their own process’s memory'}, which it held`;
}

/** Every stall in evidence may have begun in the warm-up, and then its length is in no figure. */
function upTo(compared: readonly Compared[], of: (run: SeriesRunFigures) => number): string {
  const longest_ns = Math.max(...compared.flatMap(({ series }) => evidenceOf(series).map(of)));
  return longest_ns > 0 ? ` for up to ${formatDuration(longest_ns)} at a time` : '';
}

function quietText(names: readonly string[], quiet: readonly Compared[]): string {
  const threshold = formatDuration(quiet[0]?.series.stalls.threshold_ns ?? 0);
  const nothing = quiet.every(({ series }) =>
    evidenceOf(series).every(({ count, stalled_share }) => count === 0 && stalled_share === 0),
  );
  const seen = nothing
    ? `in these runs no victim was stalled for ${threshold} or more`
    : `no victim was blocked in the kernel for ${threshold} or more`;
  return `${listed(names)} ${names.length === 1 ? 'is' : 'are'} indistinguishable from the foreign control: ${seen}`;
}

/** A user's own program: what was seen, which nothing is compared with. */
function aloneText(name: string, own: readonly Compared[]): string {
  const threshold = formatDuration(own[0]?.series.stalls.threshold_ns ?? 0);
  const runs = own.flatMap(({ series }) => evidenceOf(series));
  const longest_ns = Math.max(0, ...runs.map(({ longest_blocked_ns }) => longest_blocked_ns));
  if (longest_ns > 0)
    return `in ${name} probes were blocked in the kernel for up to ${formatDuration(longest_ns)} at a time`;
  return `in ${name} no probe was blocked in the kernel for ${threshold} or more`;
}

/** What must not get lost when the verdict is quoted alone. */
function caveats(claimed: readonly Compared[], { status, isDegraded }: Circumstances): string[] {
  const fewest = Math.min(
    ...claimed.flatMap(({ series, controls }) =>
      [series, ...controlsOf(controls)].map((one) => evidenceOf(one).length),
    ),
  );
  return [
    ...(fewest === 1 ? ['From a single run this is an observation, not yet a finding.'] : []),
    ...(isDegraded ? ['The set-up was not as asked for (see the notes), so it may not hold.'] : []),
    ...(status === 'failed'
      ? ['A run failed, so this is not the whole experiment.']
      : status === 'complete'
        ? []
        : ['The experiment is not complete.']),
  ];
}

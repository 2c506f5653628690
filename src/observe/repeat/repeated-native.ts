/** Arms of the native engine that repeat what was observed. Pure. */
import type { RootFigures } from '../../bundle/observation-schema.js';
import { operationNamed, type Layout } from '../../catalogue/operations.js';
import { holderThatMakes, victimThatMakes } from '../../catalogue/repeating.js';
import type { WrittenVictim } from '../../profile/written/profile-schema.js';
import {
  hogsOf,
  isRealTime,
  milliseconds,
  nice,
  policy,
  waitsToRepeat,
  type SettingOrigin,
  type RepeatedOr,
  type RootToRepeat,
} from './repeated-arm.js';

/** Above it the memory of the machine decides and not the observation; the CPU time of a call is repeated instead. */
const largestRegion = 2 ** 30;

export function nativeArm(root: RootToRepeat, call: string): RepeatedOr {
  const { figures, observation } = root;
  const isOutside = figures.thread?.role === 'outside';
  const operation = holderThatMakes(call, isOutside);
  if (operation === null) return 'call-not-made';
  const sized = regionOf(figures);
  if (sized === null) return 'size-unknown';
  const layout = layoutOf(figures, operationNamed(operation).layouts);
  const rate = rateOf(figures, observation.watched_ns);
  const waits = waitsToRepeat(figures);
  const hogs = hogsOf(root);
  return {
    settings: {
      layout,
      ...sized.stall,
      holder: {
        operation,
        ...nice(hogs.nice),
        ...policy(figures.policy),
        cpus: 'first',
        pause: milliseconds(rate.pause_ns),
        region: sized.region,
      },
      hogs: hogs.hogs,
      victims: victimsOf(waits, layout),
    },
    origins: [
      {
        path: ['holder', 'operation'],
        fact: { code: 'call-seen', call, thread: figures.thread?.name ?? '', isOutside },
      },
      { path: ['holder', 'region'], fact: sized.fact },
      { path: ['holder', 'pause'], fact: rate.fact },
      ...(figures.crossed === null
        ? []
        : [
            {
              path: ['layout'],
              fact:
                figures.crossed === 'unknown'
                  ? ({ code: 'layout-unknown', kernel: observation.kernel } as const)
                  : ({ code: 'layout-seen', crossed: figures.crossed } as const),
            },
          ]),
      ...hogs.origins,
      { path: ['victims'], fact: { code: 'waits-seen', waits } },
    ],
    by: 'holder',
  };
}

/** glibc gives the pages of an arena back with the mutex of the arena held, by malloc_trim and by free. */
const trims: readonly string[] = ['madvise.DONTNEED'];

/** Threads that wait for the mutex of an arena of malloc: a holder that trims, and a victim that allocates there. */
export function trimArm(root: RootToRepeat, call: string): RepeatedOr {
  const { figures, observation } = root;
  const isOutside = figures.thread?.role === 'outside';
  if (isOutside || !trims.includes(call)) return 'call-not-made';
  const { region, stall, fact } = regionByWaits(figures);
  const rate = rateOf(figures, observation.watched_ns);
  const { hogs, nice: own, origins } = hogsOf(root);
  const waits = figures.waiters.filter(({ mode }) => mode === 'other');
  return {
    settings: {
      ...stall,
      holder: {
        operation: 'malloc_trim',
        ...nice(own),
        ...policy(figures.policy),
        cpus: 'first',
        pause: milliseconds(rate.pause_ns),
        region,
        toucher: { nice: 0, cpus: 'first' },
      },
      hogs,
      victims: [
        { operation: 'malloc_8k', rate: '500/s', ...nice(waits[0]?.nice ?? 0) },
        { operation: 'timer', rate: '200/s' },
      ],
    },
    origins: [
      {
        path: ['holder', 'operation'],
        fact: { code: 'call-seen', call, thread: figures.thread?.name ?? '', isOutside },
      },
      { path: ['holder', 'region'], fact },
      { path: ['holder', 'pause'], fact: rate.fact },
      ...origins,
      { path: ['victims'], fact: { code: 'waits-seen', waits } },
    ],
    by: 'holder',
  };
}

/** A trim makes many calls with the mutex held, so the range of a call says little about it. */
function regionByWaits({ meanwhile, episodes_n, policy: of }: RootFigures) {
  const onCpuMean_ns = (meanwhile?.onCpu_ns ?? 0) / Math.max(1, episodes_n);
  if (onCpuMean_ns === 0 || isRealTime(of))
    return { region: 'calibrated', stall: {}, fact: { code: 'size-by-default' } } as const;
  const least = milliseconds(onCpuMean_ns);
  return {
    region: 'calibrated',
    stall: { stall: { aim: least, leastHold: least } },
    fact: { code: 'size-by-waits', onCpuMean_ns, n: episodes_n },
  } as const;
}

/** Threads that wait for a CPU: the victims are where the hogs are, and the holder does nothing. */
export function cpuArm(root: RootToRepeat): RepeatedOr {
  const { figures } = root;
  const { hogs, origins } = hogsOf(root);
  if (hogs.count === 0) return 'call-unknown';
  return {
    settings: {
      holder: { operation: 'madvise_free', region: '4KiB', pause: '1s', active: false },
      hogs,
      // A victim that rests between its operations would be kept from its CPU in its rest, which is in no operation.
      victims: [{ operation: 'noop', rate: 'back-to-back', cpus: 'first', ...nice(figures.waiters[0]?.nice ?? 0) }],
    },
    origins: [{ path: ['holder'], fact: { code: 'holder-idle' } }, ...origins],
    // The board has hog-0, hog-1 and so on.
    by: 'hog-*',
  };
}

/** A size, or else the CPU time of a call. Null: neither is known, and a real-time thread has no calibrated region. */
function regionOf({ range, held, policy: of, cause }: RootFigures) {
  if (range !== null && range.medianBytes <= largestRegion) {
    const { medianBytes, largestBytes, distinct_n } = range;
    const pages = Math.max(1, Math.round(medianBytes / 4096));
    return {
      region: `${pages * 4}KiB`,
      stall: {},
      fact: { code: 'size-seen', medianBytes, largestBytes, distinct_n },
    } as const;
  }
  if (isRealTime(of)) return null;
  const onCpuMedian_ns = held?.onCpuMedian_ns ?? null;
  if (onCpuMedian_ns === null)
    return cause === 'vma-lock'
      ? ({ region: 'calibrated', stall: {}, fact: { code: 'size-by-default' } } as const)
      : null;
  // The region is sized for the larger of leastHold and of what the aim needs, so equal values fix the CPU time.
  const least = milliseconds(onCpuMedian_ns);
  return {
    region: 'calibrated',
    stall: { stall: { aim: least, leastHold: least } },
    fact: { code: 'size-by-time', onCpuMedian_ns },
  } as const;
}

function layoutOf({ crossed }: RootFigures, possible: readonly string[]): Layout {
  const wanted = crossed === 'yes' ? 'split' : crossed === 'no' ? 'same' : 'isolated';
  return possible.includes(wanted) ? wanted : 'isolated';
}

function rateOf(
  { held, episodes_n, episodeMedian_ns }: RootFigures,
  watched_ns: number,
): { readonly pause_ns: number; readonly fact: SettingOrigin['fact'] } {
  const n = Math.max(1, held?.n ?? episodes_n);
  const median_ns = held?.median_ns ?? episodeMedian_ns ?? 0;
  const pause_ns = Math.min(Math.max(0, watched_ns / n - median_ns), 3600e9);
  return { pause_ns, fact: { code: 'rate-seen', n, watched_ns, median_ns } };
}

const mostVictims = 4;

function victimsOf(waits: RootFigures['waiters'], layout: Layout): WrittenVictim[] {
  const byOperation = new Map(waits.map((wait) => [victimOf(wait), wait.nice] as const).toReversed());
  if (byOperation.size === 0) byOperation.set('mmap_munmap', 0);
  return [
    ...[...byOperation]
      .toReversed()
      .slice(0, mostVictims)
      .map(([operation, niceValue]): WrittenVictim => {
        const { layouts } = operationNamed(operation);
        const isThere = layout === 'isolated' || layout === 'split' || layouts.includes(layout);
        return {
          operation,
          rate: operation === 'first_fault' ? '200/s' : '500/s',
          ...(isThere ? {} : { layout: 'isolated' as const }),
          ...nice(niceValue),
        };
      }),
    { operation: 'timer', rate: '200/s' },
  ];
}

/** A call that no victim makes is stood in for by one that takes the same lock. */
function victimOf({ call, mode }: RootFigures['waiters'][number]): WrittenVictim['operation'] {
  const made = call === null ? null : victimThatMakes(call);
  return made ?? (mode === 'mmap_lock write' ? 'mmap_munmap' : mode === 'mmap_lock read' ? 'first_fault' : 'mprotect');
}

/** Computes the figures and stalls of a run from the recordings of its window. Pure. */
import { largestOf } from '../../base/largest.js';
import type { HolderFigures, SeriesFigures } from '../../bundle/bundle-schema.js';
import type { Board, RelativeWindow, SeriesInfo, ThreadInfo } from '../../record/board/board.js';
import { countsOfValues, type SparseCounts } from '../../record/histogram/counts.js';
import { responseFigures, serviceFigures } from '../../record/histogram/figures.js';
import { addCensored, distributionOf } from '../../record/histogram/histogram.js';
import { offeredLoad, owedAtEnd } from '../../record/board/owed.js';
import type { SampleStream, Timeline } from '../../record/samples.js';
import type { SeriesSnapshot, ThreadSnapshot } from '../../record/board/snapshot.js';
import { endOfThread } from '../../record/states.js';
import {
  findStalls,
  holderCalls,
  isCounted,
  unionInside,
  type HolderCall,
  type SlowOperation,
  type Stall,
  type StallReport,
} from '../../record/stalls.js';
import { median } from '../../stats/median.js';
import type { WindowResult } from '../../workload/window.js';

/** What a run measured of a victim, with the counts that pooling needs. */
export interface PooledSeries {
  readonly name: string;
  readonly service: SparseCounts;
  /** Owed operations included, censored at the window's end; null without a schedule. */
  readonly response: SparseCounts | null;
  readonly interval_ns: number;
  readonly figures: SeriesFigures;
}

export interface SeriesRun extends PooledSeries {
  /** Owed operations alone. */
  readonly owed: SparseCounts;
  readonly stalls: readonly Stall[];
  readonly slow: readonly SlowOperation[];
}

export interface HolderRun {
  readonly service: SparseCounts;
  readonly figures: HolderFigures;
}

/** The part of a run that is pooled with other runs of its arm. */
export interface PooledRun {
  readonly window_ns: number;
  readonly series: readonly PooledSeries[];
  readonly holder: HolderRun | null;
}

export interface RunAnalysis extends PooledRun {
  readonly series: readonly SeriesRun[];
  /** Recorded calls of the holder, including those of the warm-up. */
  readonly holderCalls: readonly HolderCall[];
}

type Recorded = Pick<Board, 'threads' | 'series' | 'stallThreshold_ns'> & { readonly tids: readonly number[] };

/** A thread with a series, and what the board and the sampler have of it at the end. */
interface TimedThread {
  readonly thread: ThreadInfo;
  readonly info: SeriesInfo;
  readonly snapshot: SeriesSnapshot;
  readonly state: ThreadSnapshot;
  readonly records: WindowResult['records'];
  /** Ring records overwritten before they were read. */
  readonly lost_n: number;
  readonly timeline: Timeline | undefined;
  /** A thread that has ended does nothing more, whatever its slot on the board says. */
  readonly lastLook_ns: number;
}

export function analyseRun(board: Recorded, result: WindowResult, samples: SampleStream): RunAnalysis {
  const timed = timedThreads(board, result, samples);
  const holder = timed.find(({ thread }) => thread.role === 'holder');
  const calls =
    holder === undefined
      ? []
      : holderCalls(holder.info.name, holder.records, holder.state.inFlight, holder.lastLook_ns);
  const { stallThreshold_ns: threshold_ns } = board;
  return {
    holderCalls: calls,
    window_ns: result.window.windowEnd_ns - result.window.windowStart_ns,
    holder: holder === undefined ? null : holderRun(holder, calls, result.window),
    series: timed
      .filter(({ thread }) => thread.role === 'victim')
      .map((victim) => victimRun(victim, { threshold_ns, calls, result })),
  };
}

function timedThreads(board: Recorded, { last, records, lost }: WindowResult, samples: SampleStream): TimedThread[] {
  return board.threads.flatMap((thread) => {
    const { index, series } = thread;
    const info = series === null ? undefined : board.series[series];
    const snapshot = last.series.find((one) => one.index === series);
    const state = last.threads[index];
    if (info === undefined || snapshot === undefined || state === undefined) return [];
    const timeline = samples.timelines.get(board.tids[index] ?? -1);
    return [
      {
        thread,
        info,
        snapshot,
        state,
        timeline,
        records: records.filter((record) => record.thread === index),
        lost_n: lost[index] ?? 0,
        lastLook_ns: Math.min(last.taken_ns, endOfThread(timeline) ?? Infinity),
      },
    ];
  });
}

/**
 * For a victim that made no operation in the window although some were due: when the first of them began to wait. A
 * victim that was held up in an operation of the warm-up waited from the end of that operation.
 */
function notBegunSince_ns(
  { thread: { interval_ns, offset_ns }, snapshot, state, records }: TimedThread,
  { windowStart_ns, windowEnd_ns }: RelativeWindow,
): number | null {
  if (
    interval_ns === 0 ||
    snapshot.service.n > 0 ||
    state.exhausted_n > 0 ||
    state.refused_n > 0 ||
    state.inFlight.state === 'running'
  )
    return null;
  const firstDue = Math.max(state.next, Math.ceil((windowStart_ns - offset_ns) / interval_ns));
  const since_ns = largestOf(
    records.map(({ end_ns }) => end_ns),
    offset_ns + firstDue * interval_ns,
  );
  return since_ns < windowEnd_ns ? since_ns : null;
}

interface VictimContext {
  readonly threshold_ns: number;
  readonly calls: readonly HolderCall[];
  readonly result: WindowResult;
}

function victimRun(victim: TimedThread, { threshold_ns, calls, result }: VictimContext): SeriesRun {
  const { thread, info, snapshot, state, records, timeline, lastLook_ns, lost_n } = victim;
  const { interval_ns, offset_ns } = thread;
  const { window, last } = result;
  const report = findStalls({
    series: info.name,
    threshold_ns,
    records,
    inFlight: state.inFlight,
    lastLook_ns,
    threadEnded: lastLook_ns < last.taken_ns,
    windowStart_ns: window.windowStart_ns,
    windowEnd_ns: window.windowEnd_ns,
    timeline,
    holderCalls: [calls],
    notBegunSince_ns: notBegunSince_ns(victim, window),
  });
  const { inFlight, next } = state;
  const owed = owedAtEnd({ interval_ns, offset_ns, next, inFlight, ...window, lastLook_ns });
  const { saturated } = offeredLoad({
    service_n: snapshot.service.n,
    serviceSum_ns: snapshot.service.sum_ns,
    interval_ns,
    owed,
  });
  const service = distributionOf(snapshot.service);
  const response = snapshot.response === null ? null : addCensored(snapshot.response, owed.censored_ns);
  return {
    name: info.name,
    service,
    response,
    owed: countsOfValues(owed.censored_ns),
    interval_ns,
    stalls: report.stalls,
    slow: report.slow,
    figures: {
      name: info.name,
      service: serviceFigures(service),
      response: response === null ? null : responseFigures(response, { service_n: service.n, saturated }),
      stalls: { threshold_ns, ...stallFigures(report, snapshot, window) },
      unserved: owed.unserved,
      inflight_ns: owed.inflight_ns,
      saturated,
      refused: state.refused_n === 0 ? {} : { [state.refused_errno ?? 'unknown']: state.refused_n },
      exhausted: state.exhausted_n,
      gaveUp: state.gaveUp_n,
      lost_records: lost_n,
    },
  };
}

function stallFigures(
  report: StallReport,
  { service, stall_n, stallSum_ns }: SeriesSnapshot,
  window: RelativeWindow,
): Omit<SeriesFigures['stalls'], 'threshold_ns'> {
  const { windowStart_ns, windowEnd_ns } = window;
  const window_ns = windowEnd_ns - windowStart_ns;
  // The board counts every stall that was due in the window and has ended; the ring may have lost the records of some.
  // The others are added.
  const counted = report.stalls.filter((stall) => isCounted(stall, window));
  const added = counted.filter(({ recorded, stillRunning }) => !recorded || stillRunning);
  const blocked = counted.filter(({ dominant }) => dominant === 'D');
  const blockedInWindow_ns = unionInside(
    report.stalls.filter(({ dominant }) => dominant === 'D'),
    windowStart_ns,
    windowEnd_ns,
  );
  const count = stall_n + added.length;
  return {
    count,
    blocked_count: blocked.length,
    unseen_count: Math.max(0, count - counted.filter(({ dominant }) => dominant !== 'unobserved').length),
    longest_ns: largestOf(
      added.map(({ duration_ns }) => duration_ns),
      stall_n > 0 ? service.max_ns : 0,
    ),
    longest_blocked_ns: largestOf(
      blocked.map(({ duration_ns }) => duration_ns),
      0,
    ),
    total_ns: stallSum_ns + added.reduce((sum, { duration_ns }) => sum + duration_ns, 0),
    stalled_share: report.stalledShare,
    blocked_share: window_ns > 0 ? blockedInWindow_ns / window_ns : 0,
    // Known once the stalls are attributed (attribute-run.ts).
    mutex_count: 0,
    longest_mutex_ns: 0,
    mutex_share: 0,
  };
}

function holderRun(
  { info, snapshot, state, records, lost_n }: TimedThread,
  calls: readonly HolderCall[],
  { windowStart_ns, windowEnd_ns }: RelativeWindow,
): HolderRun {
  const released = records.filter(
    ({ start_ns, call }) => call === 'release' && start_ns >= windowStart_ns && start_ns < windowEnd_ns,
  );
  // A holder with many short calls has records of only some of them. The median of the slow calls would not represent
  // all calls.
  const hold_ns = released.length === snapshot.service.n ? median(released.map(({ onCpu_ns }) => onCpu_ns)) : null;
  // Calls below 1 ms are counted, and have no record.
  const reaching = calls.filter(({ start_ns, end_ns }) => start_ns < windowEnd_ns && end_ns > windowStart_ns).length;
  return {
    service: snapshot.service,
    figures: {
      name: info.name,
      service: serviceFigures(distributionOf(snapshot.service)),
      hold_ns,
      calls_cpu_ns: state.releasedCpu_ns,
      window_calls: Math.max(snapshot.service.n, reaching),
      crossed_calls: state.crossed_n,
      releasedBytes: state.releasedBytes,
      lost_records: lost_n,
    },
  };
}

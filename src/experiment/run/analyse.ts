/** From one window's recordings to one run's figures and stalls. Pure. */
import type { HolderFigures, SeriesFigures } from '../../bundle/bundle-schema.js';
import type { Board, SeriesInfo, ThreadInfo } from '../../record/board/board.js';
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
} from '../../record/stalls.js';
import { median } from '../../stats/median.js';
import type { WindowResult } from '../../workload/window.js';

/** What one run measured of one victim, with its counts, so that runs can be pooled for figures. */
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

/** What of a run is pooled with others of its arm. */
export interface PooledRun {
  readonly window_ns: number;
  readonly series: readonly PooledSeries[];
  readonly holder: HolderRun | null;
}

export interface RunAnalysis extends PooledRun {
  readonly series: readonly SeriesRun[];
  /** Of the holder, those that were recorded, of the warm-up too. */
  readonly holderCalls: readonly HolderCall[];
}

type Recorded = Pick<Board, 'threads' | 'series' | 'stallThreshold_ns'> & { readonly tids: readonly number[] };

export function analyseRun(board: Recorded, result: WindowResult, samples: SampleStream): RunAnalysis {
  const recordsOf = (index: number): WindowResult['records'] => result.records.filter(({ thread }) => thread === index);
  const timed = board.threads.flatMap((thread) => {
    const info = thread.series === null ? undefined : board.series[thread.series];
    const snapshot = result.last.series.find(({ index }) => index === thread.series);
    const state = result.last.threads[thread.index];
    return info === undefined || snapshot === undefined || state === undefined
      ? []
      : [{ thread, info, snapshot, state }];
  });
  const timelineOf = (index: number): Timeline | undefined => samples.timelines.get(board.tids[index] ?? -1);
  // A thread that has ended does nothing more, whatever its slot on the board says.
  const lastLook = (index: number): number =>
    Math.min(result.last.taken_ns, endOfThread(timelineOf(index)) ?? Infinity);
  const holder = timed.find(({ thread }) => thread.role === 'holder');
  const calls =
    holder === undefined
      ? []
      : holderCalls(
          holder.info.name,
          recordsOf(holder.thread.index),
          holder.state.inFlight,
          lastLook(holder.thread.index),
        );
  return {
    holderCalls: calls,
    window_ns: result.window.windowEnd_ns - result.window.windowStart_ns,
    holder:
      holder === undefined
        ? null
        : holderRun(
            holder.info,
            holder.snapshot,
            holder.state,
            calls,
            recordsOf(holder.thread.index),
            result,
            result.lost[holder.thread.index] ?? 0,
          ),
    series: timed
      .filter(({ thread }) => thread.role === 'victim')
      .map(({ thread, info, snapshot, state }) => {
        const report = findStalls({
          series: info.name,
          threshold_ns: board.stallThreshold_ns,
          records: recordsOf(thread.index),
          inFlight: state.inFlight,
          lastLook_ns: lastLook(thread.index),
          threadEnded: lastLook(thread.index) < result.last.taken_ns,
          windowStart_ns: result.window.windowStart_ns,
          windowEnd_ns: result.window.windowEnd_ns,
          timeline: timelineOf(thread.index),
          holderCalls: [calls],
          notBegunSince_ns: notBegunSince_ns({ thread, snapshot, state, result, records: recordsOf(thread.index) }),
        });
        return victimRun({
          thread,
          info,
          snapshot,
          state,
          result,
          report,
          lastLook_ns: lastLook(thread.index),
          threshold_ns: board.stallThreshold_ns,
        });
      }),
  };
}

/**
 * Of a victim that made no operation of the window, though some were due: from when the first of them waited. One that
 * was held up in an operation of the warm-up waited from the end of that one.
 */
function notBegunSince_ns({
  thread: { interval_ns, offset_ns },
  snapshot,
  state,
  result,
  records,
}: Pick<VictimParts, 'thread' | 'snapshot' | 'state' | 'result'> & { readonly records: WindowResult['records'] }):
  number | null {
  const { windowStart_ns, windowEnd_ns } = result.window;
  if (
    interval_ns === 0 ||
    snapshot.service.n > 0 ||
    state.exhausted_n > 0 ||
    state.refused_n > 0 ||
    state.inFlight.state === 'running'
  )
    return null;
  const firstDue = Math.max(state.next, Math.ceil((windowStart_ns - offset_ns) / interval_ns));
  const since_ns = Math.max(offset_ns + firstDue * interval_ns, ...records.map(({ end_ns }) => end_ns));
  return since_ns < windowEnd_ns ? since_ns : null;
}

interface VictimParts {
  readonly thread: ThreadInfo;
  readonly info: SeriesInfo;
  readonly snapshot: SeriesSnapshot;
  readonly state: ThreadSnapshot;
  readonly result: WindowResult;
  readonly report: ReturnType<typeof findStalls>;
  readonly lastLook_ns: number;
  readonly threshold_ns: number;
}

function victimRun({
  thread,
  info,
  snapshot,
  state,
  result,
  report,
  lastLook_ns,
  threshold_ns,
}: VictimParts): SeriesRun {
  const { interval_ns, offset_ns } = thread;
  const owed = owedAtEnd({
    interval_ns,
    offset_ns,
    next: state.next,
    inFlight: state.inFlight,
    ...result.window,
    lastLook_ns,
  });
  const { saturated } = offeredLoad({
    service_n: snapshot.service.n,
    serviceSum_ns: snapshot.service.sum_ns,
    interval_ns,
    owed,
  });
  const service = distributionOf(snapshot.service);
  const response = snapshot.response === null ? null : addCensored(snapshot.response, owed.censored_ns);
  // The board counts every stall that was due in the window and has ended; the ring may have lost the records of some.
  // The others are added.
  const counted = report.stalls.filter((stall) => isCounted(stall, result.window));
  const added = counted.filter(({ recorded, stillRunning }) => !recorded || stillRunning);
  const blocked = counted.filter(({ dominant }) => dominant === 'D');
  const { windowStart_ns, windowEnd_ns } = result.window;
  const window_ns = windowEnd_ns - windowStart_ns;
  const blockedInWindow_ns = unionInside(
    report.stalls.filter(({ dominant }) => dominant === 'D'),
    windowStart_ns,
    windowEnd_ns,
  );
  const count = snapshot.stall_n + added.length;
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
      stalls: {
        threshold_ns,
        count,
        blocked_count: blocked.length,
        unseen_count: Math.max(0, count - counted.filter(({ dominant }) => dominant !== 'unobserved').length),
        longest_ns: Math.max(
          snapshot.stall_n > 0 ? snapshot.service.max_ns : 0,
          ...added.map(({ duration_ns }) => duration_ns),
        ),
        longest_blocked_ns: Math.max(0, ...blocked.map(({ duration_ns }) => duration_ns)),
        total_ns: snapshot.stallSum_ns + added.reduce((sum, { duration_ns }) => sum + duration_ns, 0),
        stalled_share: report.stalledShare,
        blocked_share: window_ns > 0 ? blockedInWindow_ns / window_ns : 0,
        // Known once the stalls are attributed (attribute-run.ts).
        mutex_count: 0,
        longest_mutex_ns: 0,
        mutex_share: 0,
      },
      unserved: owed.unserved,
      inflight_ns: owed.inflight_ns,
      saturated,
      refused: state.refused_n === 0 ? {} : { [state.refused_errno ?? 'unknown']: state.refused_n },
      exhausted: state.exhausted_n,
      lost_records: result.lost[thread.index] ?? 0,
    },
  };
}

function holderRun(
  info: SeriesInfo,
  snapshot: SeriesSnapshot,
  state: ThreadSnapshot,
  calls: readonly HolderCall[],
  records: WindowResult['records'],
  { window }: WindowResult,
  lost: number,
): HolderRun {
  const own = records.filter(
    ({ start_ns, call }) => call === 'release' && start_ns >= window.windowStart_ns && start_ns < window.windowEnd_ns,
  );
  // A median of the slow calls alone would not be one of the calls: of a holder that makes many short ones not all are
  // kept.
  const hold_ns = own.length === snapshot.service.n ? median(own.map(({ onCpu_ns }) => onCpu_ns)) : null;
  // Calls below 1 ms are counted, and have no record of their own.
  const reaching = calls.filter(
    ({ start_ns, end_ns }) => start_ns < window.windowEnd_ns && end_ns > window.windowStart_ns,
  ).length;
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
      lost_records: lost,
    },
  };
}

/**
 * The histogram log of a run: an interval per second of the window; the last interval includes the drain. Each interval
 * becomes text when it ends, and only the last snapshot is kept, so a run of hours needs no more memory than its log.
 */
import type { Board, RelativeWindow } from '../../record/board/board.js';
import { emptyCounts } from '../../record/histogram/counts.js';
import { hlogHead, hlogInterval } from '../../record/histogram/hlog.js';
import { intervalBetween, type BoardSnapshot } from '../../record/board/snapshot.js';
import type { WindowResult } from '../../workload/window.js';

export interface RunLog {
  add(snapshot: BoardSnapshot, window: RelativeWindow): void;
  /** The whole log, including the interval up to the last look. */
  finish(result: Pick<WindowResult, 'last' | 'window' | 'go_ms'>): string;
}

export function runLog({ series }: Pick<Board, 'series'>): RunLog {
  const names = series.map(({ name }) => name);
  const intervals: string[] = [];
  let previous: BoardSnapshot | undefined;
  const add: RunLog['add'] = (snapshot, { windowStart_ns }) => {
    intervals.push(hlogInterval(intervalBetween(previous ?? nothingYet(snapshot, windowStart_ns), snapshot), names));
    previous = snapshot;
  };
  return {
    add,
    finish({ last, window, go_ms }) {
      add(last, window);
      return hlogHead(go_ms) + intervals.join('');
    },
  };
}

/** The board at the window's start: operations of the warm-up are not recorded. */
function nothingYet(like: BoardSnapshot, windowStart_ns: number): BoardSnapshot {
  const nothing = { ...emptyCounts(), nBefore: 0, nAfter: 0 };
  return {
    ...like,
    taken_ns: windowStart_ns,
    series: like.series.map((series) => ({
      ...series,
      service: nothing,
      response: series.response === null ? null : nothing,
    })),
  };
}

/** What one run recorded, made by hand: a writer at 1,000/s and, if wanted, a holder. Window from 0.2 to 3.2 s. */
import type { RingRecord } from '../../src/record/board/rings.js';
import type { SampleStream, Timeline } from '../../src/record/samples.js';
import type { HistogramSnapshot, ThreadSnapshot } from '../../src/record/board/snapshot.js';
import { countsOfValues } from '../../src/record/histogram/counts.js';
import { analyseRun, type RunAnalysis } from '../../src/experiment/run/analyse.js';

export const ms = 1e6;
export const window = { windowStart_ns: 200 * ms, windowEnd_ns: 3200 * ms, drainEnd_ns: 3500 * ms };
const interval_ns = 1 * ms;
const threshold_ns = 100 * ms;
const [victimTid, holderTid] = [11, 12];

/** An operation of at least 1 ms, in milliseconds; `state` is what the sampler saw the victim in, null: nothing. */
export interface Slow {
  readonly from: number;
  readonly to: number;
  readonly state?: string | null;
  /** Overwritten in the ring before it was read. */
  readonly lost?: boolean;
}

export interface FakeRun {
  readonly slow?: readonly Slow[];
  /** Quick operations of 5 µs each. */
  readonly quick_n?: number;
  /** Began then, in milliseconds, and has not ended. */
  readonly inFlightFrom?: number;
  /** The victim's thread is gone from then on. */
  readonly goneFrom?: number;
  readonly unserved?: number;
  readonly holder?: readonly Slow[];
  readonly thread?: Partial<ThreadSnapshot>;
  readonly backToBack?: boolean;
}

export function analyse({
  slow = [],
  quick_n = 2000,
  inFlightFrom,
  goneFrom,
  unserved = 0,
  holder,
  thread,
  backToBack = false,
}: FakeRun): RunAnalysis {
  const records = [
    ...slow.filter(({ lost }) => lost !== true).map((one) => record(0, one)),
    ...(holder ?? []).map((one) => record(1, one)),
  ];
  const inWindow = (one: Slow): boolean =>
    one.from * ms >= window.windowStart_ns && one.from * ms < window.windowEnd_ns;
  const recorded = slow.filter(inWindow).map(({ from, to }) => (to - from) * ms);
  const stalls = recorded.filter((duration_ns) => duration_ns >= threshold_ns);
  const service = histogram([...Array<number>(quick_n).fill(5000), ...recorded]);
  const victim: ThreadSnapshot = {
    ...snapshotOf(0),
    next: window.windowEnd_ns / interval_ns - unserved,
    inFlight:
      inFlightFrom === undefined
        ? { state: 'idle' }
        : { state: 'running', operation: 1, start_ns: inFlightFrom * ms, intended_ns: inFlightFrom * ms },
    ...thread,
  };
  return analyseRun(
    {
      threads: [
        infoOf(0, 'writer.mprotect', 'victim', backToBack ? 0 : interval_ns),
        ...(holder === undefined ? [] : [infoOf(1, 'holder', 'holder', 0)]),
      ],
      series: [
        seriesInfo(0, 'writer.mprotect'),
        ...(holder === undefined ? [] : [seriesInfo(1, 'holder.madvise_free')]),
      ],
      stallThreshold_ns: threshold_ns,
      tids: [victimTid, holderTid],
    },
    {
      go_ns: 0n,
      go_ms: 0,
      window,
      last: {
        taken_ns: window.drainEnd_ns,
        series: [
          {
            index: 0,
            service,
            response: backToBack ? null : service,
            stall_n: stalls.length,
            stallSum_ns: stalls.reduce((a, b) => a + b, 0),
          },
          ...(holder === undefined
            ? []
            : [
                {
                  index: 1,
                  service: histogram(holder.filter(inWindow).map(({ from, to }) => (to - from) * ms)),
                  response: null,
                  stall_n: 0,
                  stallSum_ns: 0,
                },
              ]),
        ],
        threads: [victim, snapshotOf(1)],
      },
      records,
      lost: [slow.filter(({ lost }) => lost === true).length, 0],
      interrupted: false,
      failure: null,
    },
    samplesOf(
      [...slow, ...(inFlightFrom === undefined ? [] : [{ from: inFlightFrom, to: window.drainEnd_ns / ms }])],
      goneFrom,
    ),
  );
}

export function infoOf(
  index: number,
  name: string,
  role: 'victim' | 'holder' | 'hog',
  interval: number,
): Parameters<typeof analyseRun>[0]['threads'][number] {
  return {
    index,
    name,
    role,
    series: index,
    interval_ns: interval,
    offset_ns: 0,
    ringCapacity: 64,
    at: { thread: 0, ring: 0 },
  };
}

function seriesInfo(index: number, name: string): Parameters<typeof analyseRun>[0]['series'][number] {
  return { index, name, thread: index, hasResponse: false, at: { series: 0, service: 0, response: null } };
}

export function snapshotOf(index: number): ThreadSnapshot {
  return {
    index,
    inFlight: { state: 'idle' },
    next: 0,
    ended_ns: null,
    warmup_n: 0,
    refused_n: 0,
    refused_errno: null,
    exhausted_n: 0,
    crossed_n: 0,
    releasedBytes: 0,
    releasedCpu_ns: 0,
    gaveUp_n: 0,
    ringWritten: 0,
  };
}

function record(thread: number, { from, to }: Slow): RingRecord {
  const [start_ns, end_ns] = [from * ms, to * ms];
  return {
    thread,
    start_ns,
    end_ns,
    intended_ns: start_ns,
    bytes: 4096,
    call: thread === 1 ? 'release' : null,
    crossed: false,
    runDelay_ns: 0,
    runDelayFrom_ns: start_ns,
    onCpu_ns: thread === 1 ? 8 * ms : 0,
  };
}

function histogram(values_ns: readonly number[]): HistogramSnapshot {
  return { ...countsOfValues(values_ns), nBefore: values_ns.length, nAfter: values_ns.length };
}

/** A look every 10 ms; none while a slow operation has the state null. */
function samplesOf(slow: readonly Slow[], goneFrom = Infinity): SampleStream {
  const period_ns = 10 * ms;
  const during = (time_ns: number): Slow | undefined =>
    slow.find(({ from, to }) => from * ms <= time_ns && time_ns <= to * ms);
  const ticks_ns = Array.from({ length: 351 }, (_, i) => i * period_ns).filter(
    (time_ns) => during(time_ns)?.state !== null,
  );
  const changes = ticks_ns.map((time_ns, tick) => {
    const seen = during(time_ns);
    return {
      tick,
      time_ns,
      state: time_ns >= goneFrom * ms ? 'X' : seen === undefined ? 'S' : (seen.state ?? 'D'),
      onCpu_ns: 0,
      runDelay_ns: 0,
    };
  });
  const timeline: Timeline = { pid: 10, tid: victimTid, comm: 'writer', changes, period_ns, ticks_ns };
  return { timelines: new Map([[victimTid, timeline]]), ticks_ns, period_ns };
}

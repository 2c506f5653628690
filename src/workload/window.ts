/**
 * Runs a window of a prepared workload: `go`, a look at the board every second, the end, the last look. The workload
 * paces itself by the times on the board. This side only watches, and rarely, because it shares the CPUs.
 */
import { listen, sleep, wallClock_ms } from '../base/clock.js';
import { workloadFailed, type Failure } from '../base/failure.js';
import { relativeWindow, type AbsoluteWindow, type RelativeWindow } from '../record/board/board.js';
import { drainRings, type RingCursor, type RingRecord } from '../record/board/rings.js';
import { takeSnapshot, type BoardSnapshot } from '../record/board/snapshot.js';
import type { PreparedWorkload } from './prepared.js';

export interface WindowTimes {
  readonly warmup_ns: number;
  readonly duration_ns: number;
  readonly drain_ns: number;
}

export interface WindowWatcher {
  /**
   * Called when the window opens (after the warm-up) and when it is about to close, while everything still runs; for
   * readings of the machine.
   */
  onWindowStart?: () => void;
  onWindowEnd?: () => void;
  /** Called when the workload has finished its work, drain included, and is about to be torn down. */
  onWorkEnd?: () => void;
  /** Called every second of the window. */
  onSnapshot?: (snapshot: BoardSnapshot, window: RelativeWindow) => void;
  /** Resolves when the window should be cut short. */
  readonly interrupted?: Promise<unknown>;
}

export interface WindowResult {
  readonly go_ns: bigint;
  readonly go_ms: number;
  readonly window: RelativeWindow;
  /** The look after the end. */
  readonly last: BoardSnapshot;
  /** Victims' slow operations and holders' calls; of calls below 1 ms only the first (native/engine/holder.cc). */
  readonly records: readonly RingRecord[];
  /** Ring records overwritten before they were read, per thread. */
  readonly lost: readonly number[];
  readonly interrupted: boolean;
  /** Why the workload did not end by itself; null if it did. */
  readonly failure: Failure | null;
}

/** Time from writing `go` to the start: the workload polls for `go` every millisecond. */
const lead_ns = 20_000_000;
const snapshotPeriod_ns = 1_000_000_000;
/** Time beyond the drain, in which threads finish their calls and the process is torn down. */
const grace_ns = 10_000_000_000;
const poll_ms = 20;
/** The machine is read this long before the window's end: a process that ends earlier has no CPU time left to read. */
const beforeEnd_ns = 2 * poll_ms * 1e6;

export async function runWindow(
  workload: PreparedWorkload,
  times: WindowTimes,
  watcher: WindowWatcher = {},
): Promise<WindowResult> {
  const { board } = workload;
  const go_ns = process.hrtime.bigint() + BigInt(lead_ns);
  const planned = plannedWindow(go_ns, times);
  board.go(planned);
  const go_ms = wallClock_ms() + lead_ns / 1e6;

  const records: RingRecord[] = [];
  const lost = board.threads.map(() => 0);
  let cursor: RingCursor = [];
  const look = (): BoardSnapshot => {
    const drain = drainRings(board, cursor);
    cursor = drain.cursor;
    for (const record of drain.records) records.push(record);
    drain.lost.forEach((count, i) => {
      lost[i] = (lost[i] ?? 0) + count;
    });
    return takeSnapshot(board);
  };

  const endNow = (drain_ns: number): void => {
    const now_ns = process.hrtime.bigint();
    if (now_ns < board.window().windowEnd_ns)
      board.moveWindowEnd({ windowEnd_ns: now_ns, drainEnd_ns: now_ns + BigInt(drain_ns) });
  };
  let wasInterrupted = false;
  const stopListening = listen(watcher.interrupted, () => {
    wasInterrupted = true;
    endNow(Math.min(times.drain_ns, 500_000_000));
  });

  const now = (): number => Number(process.hrtime.bigint() - go_ns);
  const relative = (): RelativeWindow => {
    const window = relativeWindow(board.window());
    // A workload that ended in its warm-up has measured nothing.
    return { ...window, windowStart_ns: Math.min(window.windowStart_ns, window.windowEnd_ns) };
  };
  let next_ns = times.warmup_ns + snapshotPeriod_ns;
  let opened = false;
  let closed = false;
  let failure: Failure | null = null;
  try {
    for (;;) {
      const { windowStart_ns, windowEnd_ns, drainEnd_ns } = relative();
      if (!opened && now() >= windowStart_ns) {
        opened = true;
        watcher.onWindowStart?.();
      }
      if (!closed && now() >= Math.max(windowStart_ns, windowEnd_ns - beforeEnd_ns)) {
        closed = true;
        watcher.onWindowEnd?.();
      }
      if (now() >= next_ns && now() < windowEnd_ns) {
        next_ns += snapshotPeriod_ns;
        watcher.onSnapshot?.(look(), relative());
      }
      if (board.state() === 'done') break;
      failure = workload.earlyEnd();
      if (failure !== null) {
        // After its end, no operations are owed.
        endNow(0);
        break;
      }
      if (now() > drainEnd_ns + grace_ns) {
        failure = workloadFailed(
          `the workload did not end ${grace_ns / 1e9} s after its drain and was killed; its recordings are kept`,
        );
        workload.kill();
        break;
      }
      await sleep(poll_ms);
    }
    watcher.onWorkEnd?.();
    // Must be before the last look: while threads run, another sample may come.
    await workload.end();
  } finally {
    // Whatever happens, a later signal must not access a board that is gone.
    stopListening();
  }
  if (!closed) watcher.onWindowEnd?.();
  const last = look();
  return { go_ns, go_ms, window: relative(), last, records, lost, interrupted: wasInterrupted, failure };
}

function plannedWindow(go_ns: bigint, { warmup_ns, duration_ns, drain_ns }: WindowTimes): AbsoluteWindow {
  const windowStart_ns = go_ns + BigInt(warmup_ns);
  const windowEnd_ns = windowStart_ns + BigInt(duration_ns);
  return { go_ns, windowStart_ns, windowEnd_ns, drainEnd_ns: windowEnd_ns + BigInt(drain_ns) };
}

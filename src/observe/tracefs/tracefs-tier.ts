/** Observing by events of tracefs: for machines whose kernel does not take programs. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { unfit, workloadFailed } from '../../base/failure.js';
import { readText } from '../../base/files/read-file.js';
import { sleep, waitFor } from '../../base/clock.js';
import { cpuTimeOf } from '../../host/machine-load.js';
import { createRuntimeFolder } from '../../workload/runtime-folder.js';
import { endHelper } from '../../workload/watch/helper.js';
import { endedWith, startTracerProgram, tidsOf, tracerPlan, type TracerProgram } from '../../workload/watch/tracer.js';
import { traceEvents } from '../../record/trace/trace.js';
import { symbolCache } from '../ebpf/kernel-symbols.js';
import { detailOf, type Watch, type WatchOptions, type WatchResult } from '../tier.js';
import { seenInTrace, settledInTrace, stackTrigger, type ObservedTrace } from './tracefs-evidence.js';
import { tracedHistory, type TracedHistory } from './tracefs-history.js';
import { traceStream, type TraceStream } from './tracefs-stream.js';
import { threadsNow } from './tracefs-threads.js';

/** A busy process makes some 2 MB of events a second. What was taken at once has some ten times its size as objects. */
const buffers_kib = 32 * 1024;
const outsideBuffers_kib = 16 * 1024;
const drain_ms = 250;
/** New threads and names come with the events, and priorities only from /proc: with thousands of threads, too much to ask often. */
const drainsPerLook = 16;
const drainDeadline_ms = 30_000;
const poll_ms = 5;
/** It reads what is left of the buffers. */
const endGrace_ms = 60_000;

export async function watchByTracefs({ targets, threshold_ns }: WatchOptions): Promise<Watch> {
  const pids = targets.map(({ pid }) => pid);
  const cpuCount = availableParallelism();
  const folder = createRuntimeFolder();
  try {
    const tracer = await startTracerProgram(folder.path, observingPlan(pids, cpuCount));
    const session = await openSession(tracer, { pids, threshold_ns });
    return watchOf(session, {
      pids,
      threshold_ns,
      cpuCount,
      symbolsOf: symbolCache(),
      leave: () => {
        folder.remove();
      },
    });
  } catch (error) {
    folder.remove();
    throw error;
  }
}

function observingPlan(pids: readonly number[], cpuCount: number): string {
  return tracerPlan(pids.flatMap(tidsOf), cpuCount, pids, {
    buffers_kib,
    outsideBuffers_kib,
    more: [
      // Which threads belong to the process.
      `event ${traceEvents.newThread} -`,
      `event ${traceEvents.threadEnd} -`,
      // What a blocked thread waits for. A stack of each sleep would cost more than all events together.
      `try ${stackTrigger} stacktrace if prev_state & 2`,
    ],
  });
}

interface Session {
  readonly tracer: TracerProgram;
  readonly start_ns: bigint;
  readonly stream: TraceStream;
  readonly history: TracedHistory;
  readonly refused: readonly string[];
  readonly outsideProblem: string | null;
}

async function openSession(
  tracer: TracerProgram,
  { pids, threshold_ns }: { readonly pids: readonly number[]; readonly threshold_ns: number },
): Promise<Session> {
  const start_ns = process.hrtime.bigint();
  try {
    const text = (name: string): string => readText(join(tracer.traceFolder, name), { mostBytes: 2 ** 20 });
    const refused = text('missing')
      .split('\n')
      .filter((line) => line !== '');
    const needed = [traceEvents.switched, traceEvents.waking].find((event) => refused.includes(event));
    if (needed !== undefined)
      throw unfit(`this kernel has no trace event ${needed}, without which no stall is seen; use another --tier`);
    const problem = text('outside-missing');
    const seen = threadsNow(pids);
    return {
      tracer,
      start_ns,
      stream: traceStream(tracer.traceFolder, start_ns, problem === ''),
      history: tracedHistory({
        pids,
        threshold_ns,
        detail_ns: detailOf(threshold_ns),
        seen,
        seen_ns: Number(process.hrtime.bigint() - start_ns),
        outsideFrom_ns: problem === '' ? 0 : Infinity,
      }),
      refused,
      outsideProblem: problem === '' ? null : problem,
    };
  } catch (error) {
    await tracer.abandon();
    throw error;
  }
}

interface WatchParts {
  readonly pids: readonly number[];
  readonly threshold_ns: number;
  readonly cpuCount: number;
  readonly symbolsOf: ReturnType<typeof symbolCache>;
  /** Removes its files. */
  readonly leave: () => void;
}

function watchOf(session: Session, parts: WatchParts): Watch {
  const { tracer, history, start_ns } = session;
  let isEnding = false;
  let failure: unknown = null;
  let lost_n = 0;
  let drains_n = 0;
  const take = (from: string, until_ns: number, isLast: boolean): void => {
    const taken = session.stream.take(from, until_ns, isLast);
    lost_n = taken.lost_n;
    drains_n += 1;
    const now = isLast || drains_n % drainsPerLook === 0 ? threadsNow(parts.pids) : [];
    if (lost_n === 0) history.add(taken.events, taken.coveredTo_ns, now);
  };
  const isOver = (): boolean => isEnding || failure !== null || lost_n > 0;
  const reading = (async () => {
    while (!isOver()) {
      await sleep(drain_ms);
      if (!isOver()) await drain(session, take);
    }
  })().catch((error: unknown) => {
    failure = error;
  });
  return {
    start_ns: Number(start_ns),
    ended: Promise.race([tracer.program.exited, reading]),
    stalls_n: () => history.stalls_n(),
    newStalls() {
      const settled = history.takeSettled();
      if (settled === null) return null;
      const trace = { ...settled.trace, lost_n: 0, refused: session.refused, outsideProblem: session.outsideProblem };
      const symbols = parts.symbolsOf(addressesIn(trace));
      return settledInTrace(trace, settled.waits, { pids: parts.pids, cpuCount: parts.cpuCount, symbols });
    },
    isFull: () => lost_n > 0 || history.isFull(),
    async finish() {
      isEnding = true;
      await reading;
      try {
        if (failure !== null) throw failure as Error;
        // If it is gone, that is the failure below.
        const tracerCpu_ns = cpuTimeOf(tracer.program.pid) ?? 0;
        const stopped_ns = Number(process.hrtime.bigint() - start_ns);
        const { exit, problem } = await endHelper(tracer.program, { grace_ms: endGrace_ms, takesBack: true });
        if (exit?.code !== 0)
          throw problem?.end === 'exited'
            ? endedWith(tracer.program)
            : workloadFailed('the tracer did not end in time; observe again');
        if (lost_n === 0) take(tracer.traceFolder, stopped_ns, true);
        return resultOf(session, parts, { lost_n, tracerCpu_ns });
      } finally {
        await tracer.abandon();
        parts.leave();
      }
    },
  };
}

/** Moves what the kernel has to files, and reads it. */
async function drain(
  { tracer: { program, traceFolder }, start_ns }: Session,
  take: (from: string, until_ns: number, isLast: boolean) => void,
): Promise<void> {
  const until_ns = Number(process.hrtime.bigint() - start_ns);
  const drained = join(traceFolder, 'drain');
  program.kill('SIGUSR2');
  const found = await waitFor(() => (existsSync(drained) ? 'drained' : program.exit()), {
    deadline_ms: drainDeadline_ms,
    poll_ms,
  });
  if (found === 'late' || found === 'interrupted')
    throw workloadFailed(`the tracer gave no events for ${drainDeadline_ms / 1000} s; observe again`);
  // finish() says how it ended.
  if (found.found !== 'drained') return;
  const taken = join(traceFolder, 'taken');
  renameSync(drained, taken);
  take(taken, until_ns, false);
  rmSync(taken, { recursive: true });
}

function resultOf(
  { history, refused, outsideProblem }: Session,
  { pids, threshold_ns, cpuCount, symbolsOf }: WatchParts,
  { lost_n, tracerCpu_ns }: { readonly lost_n: number; readonly tracerCpu_ns: number },
): WatchResult {
  const trace = history.whole();
  const symbols = symbolsOf(addressesIn(trace));
  return seenInTrace(
    { ...trace, lost_n, refused, outsideProblem },
    {
      pids,
      threshold_ns,
      detail_ns: detailOf(threshold_ns),
      symbols,
      cpuCount,
      cost: { cpu_ns: tracerCpu_ns, memoryBytes: (buffers_kib + outsideBuffers_kib) * 1024 },
    },
  );
}

function addressesIn({ stacks }: Pick<ObservedTrace, 'stacks'>): string[] {
  return [...new Set(stacks.flatMap(({ frames }) => frames))];
}

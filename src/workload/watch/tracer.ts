/**
 * A trace of the kernel beside a workload (`--trace`): its mmap_lock, who ran when, who woke whom, and the calls that
 * matter.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Degradation, HelperEndFact } from '../../facts/run-facts.js';
import type { Stated } from '../../facts/stated.js';
import { stated } from '../../words/run-words.js';
import { waitFor } from '../../base/clock.js';
import { Failure, interruptedBefore, unfit, workloadFailed } from '../../base/failure.js';
import { callsInTraces, systemCallNumber } from '../../catalogue/system-calls.js';
import { contentionFlags, readTrace, traceEvents, type Trace } from '../../record/trace/trace.js';
import { endHelper } from './helper.js';
import { programs, startProgram, type Program } from '../programs.js';
import type { PreparedWorkload } from '../prepared.js';

/** Memory of the kernel for events; a busy JVM makes about 2 MB a second. The oldest are overwritten, and counted. */
const allBuffers_kib = 128 * 1024;
const mostBuffer_kib = 64 * 1024;
const readyDeadline_ms = 20_000;
/** The same for events of other programs: their switches, and where they take the workload's mmap_lock. */
const outsideBuffers_kib = 32 * 1024;
/** It reads up to all of these buffers. */
const endGrace_ms = 60_000;
const abandonGrace_ms = 5_000;
const poll_ms = 5;

export interface Traced {
  /** Null if the tracer came to a bad end: half a trace would look like one in which nothing else happened. */
  readonly trace: Trace | null;
  /** Why there is none, a sentence. */
  readonly problem: Stated<Degradation> | null;
}

export interface Tracer {
  readonly pid: number;
  /** Ends the trace: what comes later is not in it. */
  stop(): void;
  /** Reads what was traced, and leaves nothing of it in the kernel. */
  finish(go_ns: bigint, interrupted?: Promise<unknown>): Promise<Traced>;
  /** Ends it without reading; for a run that failed. */
  abandon(): Promise<void>;
}

export async function startTracer(
  { folder, pids }: Pick<PreparedWorkload, 'folder' | 'pids'>,
  cpuCount: number,
  interrupted?: Promise<unknown>,
): Promise<Tracer> {
  if (process.getuid?.() !== 0) throw unfit('--trace needs root, for tracefs; run without --trace, or as root');
  const own = join(folder.path, 'trace');
  mkdirSync(own);
  const plan = join(own, 'plan');
  writeFileSync(plan, tracerPlan(pids.flatMap(tidsOf), cpuCount, pids));
  const program = await startProgram(
    programs.tracer(),
    [own, String(process.pid), plan],
    '/dev/null',
    join(folder.path, 'tracer.err'),
  );
  const abandon = async (): Promise<void> => {
    await endHelper(program, { grace_ms: abandonGrace_ms, takesBack: true });
  };
  try {
    await untilReady(join(own, 'ready'), program, interrupted);
  } catch (error) {
    await abandon();
    throw error;
  }
  const begun = process.hrtime.bigint();
  let stopped: bigint | null = null;
  return {
    pid: program.pid,
    stop() {
      stopped ??= process.hrtime.bigint();
      if (program.exit() === null) program.kill('SIGUSR1');
    },
    async finish(go_ns, waiting) {
      stopped ??= process.hrtime.bigint();
      const { exit, problem } = await endHelper(program, {
        grace_ms: endGrace_ms,
        takesBack: true,
        interrupted: waiting,
      });
      // One that was stopped has gone on, and has read everything since.
      if (exit?.code !== 0) return without(problem ?? { end: 'did-not-end' });
      try {
        return {
          trace: readTrace(own, go_ns, { start_ns: Number(begun - go_ns), end_ns: Number(stopped - go_ns) }),
          problem: null,
        };
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return without({ end: 'unreadable', reason: error.message });
      }
    },
    abandon,
  };
}

/** Lines as native/tracer/tracer.cc reads them. */
export function tracerPlan(tids: readonly number[], cpuCount: number, pids: readonly number[]): string {
  const lockEvents = [traceEvents.start, traceEvents.acquired, traceEvents.released];
  const schedEvents = [traceEvents.switched, traceEvents.waking];
  const calls = callsInTraces
    .flatMap((name) => systemCallNumber(name) ?? [])
    .map((id) => `id == ${id}`)
    .join(' || ');
  return [
    'need trace_clock mono',
    `buffer_kib ${Math.max(1024, Math.min(mostBuffer_kib, Math.floor(allBuffers_kib / cpuCount)))}`,
    'try options/overwrite 1',
    // Threads that are made later, as a JVM's, are traced as well.
    'need options/event-fork 1',
    ...tids.map((tid) => `pid ${tid}`),
    ...[...lockEvents, ...schedEvents].map((event) => `event ${event} -`),
    // Linux 5.19 and later. A lock that spins is no wait of milliseconds; the end does not say of which kind its lock
    // is.
    `event ${traceEvents.contended} !(flags & ${contentionFlags.spin})`,
    `event ${traceEvents.contentionEnd} -`,
    // On an architecture whose numbers are not known here, calls are left out rather than all of them traced.
    ...(calls === '' ? [] : [`event ${traceEvents.enter} ${calls}`, `event ${traceEvents.exit} ${calls}`]),
    'outside',
    'need trace_clock mono',
    `buffer_kib ${Math.max(1024, Math.floor(outsideBuffers_kib / cpuCount))}`,
    'try options/overwrite 1',
    'try options/event-fork 1',
    ...pids.map((pid) => `watch ${pid}`),
    ...lockEvents.map((event) => `event ${event} mm`),
    ...schedEvents.map((event) => `event ${event} -`),
    '',
  ].join('\n');
}

function tidsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

async function untilReady(file: string, program: Program, interrupted: Promise<unknown> | undefined): Promise<void> {
  const ready = await waitFor(() => (existsSync(file) ? 'ready' : program.exit()), {
    deadline_ms: readyDeadline_ms,
    poll_ms,
    interrupted,
  });
  if (ready === 'interrupted') throw interruptedBefore('the trace was set up');
  if (ready === 'late')
    throw workloadFailed(`the tracer was not ready after ${readyDeadline_ms / 1000} s; run without --trace`);
  if (ready.found !== 'ready') throw endedWith(program);
}

const without = (tracer: HelperEndFact): Traced => ({ trace: null, problem: stated({ code: 'untraced', tracer }) });

function endedWith(program: Program): Failure {
  const sentence = program.complaints().at(-1);
  const code = program.exit()?.code;
  if (sentence !== undefined && code === 5) return unfit(sentence);
  return workloadFailed(
    sentence ??
      `the tracer ended ${code === null || code === undefined ? `by ${String(program.exit()?.signal)}` : `with exit code ${code}`}; run again, or without --trace`,
  );
}

/**
 * Traces the kernel beside a workload (`--trace`): its mmap_lock, context switches, wakings, and the system calls that
 * matter.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Degradation, HelperEndFact } from '../../facts/run-facts.js';
import type { Stated } from '../../facts/stated.js';
import { stated } from '../../words/run-words.js';
import { waitFor } from '../../base/clock.js';
import { Failure, interruptedBefore, unfit, workloadFailed } from '../../base/failure.js';
import { callsInTraces, systemCallNumber } from '../../catalogue/system-calls.js';
import { instead } from '../../record/trace/format.js';
import { contentionFlags, readTrace, traceEvents, type Trace } from '../../record/trace/trace.js';
import { endHelper } from './helper.js';
import { programs, startProgram, type Program } from '../programs.js';
import type { PreparedWorkload } from '../prepared.js';
import { writeRuntimeFile } from '../runtime-folder.js';

/** Kernel memory for events; a busy JVM makes about 2 MB a second. The oldest events are overwritten and counted. */
const allBuffers_kib = 128 * 1024;
const mostBuffer_kib = 64 * 1024;
/** The same for events of other programs: their switches, and their uses of the workload's mmap_lock. */
const outsideBuffers_kib = 32 * 1024;
const readyDeadline_ms = 20_000;
/** At its end it reads up to all of these buffers. */
const endGrace_ms = 60_000;
const abandonGrace_ms = 5_000;
const poll_ms = 5;

export interface Traced {
  /** Null if the tracer failed: half a trace would look as if nothing else had happened. */
  readonly trace: Trace | null;
  /** Why there is no trace, as a sentence. */
  readonly problem: Stated<Degradation> | null;
}

export interface Tracer {
  readonly pid: number;
  /** Ends the trace: later events are not in it. */
  stop(): void;
  /** Reads the trace, and leaves nothing of it in the kernel. */
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
  const { program, traceFolder, abandon } = await startTracerProgram(
    folder.path,
    tracerPlan(pids.flatMap(tidsOf), cpuCount, pids),
    interrupted,
  );
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
      // If the tracer was stopped, it has continued and has read everything since.
      if (exit?.code !== 0) return without(problem ?? { end: 'did-not-end' });
      try {
        return {
          trace: readTrace(traceFolder, go_ns, { start_ns: Number(begun - go_ns), end_ns: Number(stopped - go_ns) }),
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

export interface TracerProgram {
  readonly program: Program;
  /** What it leaves is here. */
  readonly traceFolder: string;
  /** Ends it without reading. */
  readonly abandon: () => Promise<void>;
}

/** Settles when it traces. `folder`: its own folder comes into this one. */
export async function startTracerProgram(
  folder: string,
  plan: string,
  interrupted?: Promise<unknown>,
): Promise<TracerProgram> {
  const traceFolder = join(folder, 'trace');
  mkdirSync(traceFolder);
  const planFile = join(traceFolder, 'plan');
  writeRuntimeFile(planFile, plan);
  const program = await startProgram(
    programs.tracer(),
    [traceFolder, String(process.pid), planFile],
    '/dev/null',
    join(folder, 'tracer.err'),
  );
  const abandon = async (): Promise<void> => {
    await endHelper(program, { grace_ms: abandonGrace_ms, takesBack: true });
  };
  try {
    await untilReady(join(traceFolder, 'ready'), program, interrupted);
  } catch (error) {
    await abandon();
    throw error;
  }
  return { program, traceFolder, abandon };
}

export interface TracerExtras {
  /** Lines about the workload, beside those that every trace has. */
  readonly more?: readonly string[];
  /** Of all CPUs together. */
  readonly buffers_kib?: number;
  readonly outsideBuffers_kib?: number;
}

/** Lines in the format that native/tracer/tracer.cc reads. */
export function tracerPlan(
  tids: readonly number[],
  cpuCount: number,
  pids: readonly number[],
  { more = [], buffers_kib = allBuffers_kib, outsideBuffers_kib: others_kib = outsideBuffers_kib }: TracerExtras = {},
): string {
  const lockEvents = [traceEvents.start, traceEvents.acquired, traceEvents.released];
  const schedEvents = [traceEvents.switched, traceEvents.waking];
  const calls = callsInTraces
    .flatMap((name) => systemCallNumber(name) ?? [])
    .map((id) => `id == ${id}`)
    .join(' || ');
  return [
    'need trace_clock mono',
    `buffer_kib ${Math.max(1024, Math.min(mostBuffer_kib, Math.floor(buffers_kib / cpuCount)))}`,
    'try options/overwrite 1',
    // Threads that are created later, as in a JVM, are traced too.
    'need options/event-fork 1',
    ...tids.map((tid) => `pid ${tid}`),
    ...[...lockEvents, ...schedEvents].map((event) => `event ${event} -`),
    // Linux 5.19 and later. Spinning locks never wait for milliseconds. The end event does not say which kind of lock
    // it is.
    `event ${traceEvents.contended} !(flags & ${contentionFlags.spin})`,
    `event ${traceEvents.contentionEnd} -`,
    // On an architecture whose system call numbers are not known here, calls are left out; the alternative would be to
    // trace all of them.
    ...(calls === '' ? [] : [`event ${traceEvents.enter} ${calls}`, `event ${traceEvents.exit} ${calls}`]),
    ...more,
    'outside',
    'need trace_clock mono',
    `buffer_kib ${Math.max(1024, Math.floor(others_kib / cpuCount))}`,
    'try options/overwrite 1',
    'try options/event-fork 1',
    ...pids.map((pid) => `watch ${pid}`),
    ...lockEvents.map((event) => `event ${event} mm`),
    ...schedEvents.map((event) => `event ${event} -`),
    '',
  ].join('\n');
}

export function tidsOf(pid: number): number[] {
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
  if (ready === 'late') throw workloadFailed(`the tracer was not ready after ${readyDeadline_ms / 1000} s; ${instead}`);
  if (ready.found !== 'ready') throw endedWith(program);
}

const without = (tracer: HelperEndFact): Traced => ({ trace: null, problem: stated({ code: 'untraced', tracer }) });

export function endedWith(program: Program): Failure {
  const sentence = program.complaints().at(-1);
  const code = program.exit()?.code;
  if (sentence !== undefined && code === 5) return unfit(sentence);
  return workloadFailed(
    sentence ??
      `the tracer ended ` +
        `${code === null || code === undefined ? `by ${String(program.exit()?.signal)}` : `with exit code ${code}`}; ` +
        `try again, or ${instead}`,
  );
}

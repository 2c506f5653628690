/** A trace of the kernel beside a workload (`--trace`): its mmap_lock, who ran when, who woke whom, and the calls that matter. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unfit, workloadFailed, type Failure } from '../base/failure.js';
import { systemCallNumber } from '../record/system-calls.js';
import { contentionFlags, readTrace, traceEvents, type Trace } from '../record/trace/trace.js';
import { programs, startProgram, type Program } from './programs.js';
import type { PreparedWorkload } from './prepared.js';

/** Memory of the kernel for events; a busy JVM makes about 2 MB a second. The oldest are overwritten, and counted. */
const allBuffers_kib = 128 * 1024;
const mostBuffer_kib = 64 * 1024;
const readyDeadline_ms = 20_000;
const endDeadline_ms = 60_000;
const poll_ms = 5;

const tracedCalls = ['madvise', 'process_madvise', 'mmap', 'munmap', 'mprotect', 'mremap', 'brk', 'futex', 'mincore'] as const;

export interface Tracer {
  readonly pid: number;
  /** Ends the trace: what comes later is not in it. */
  stop(): void;
  /** Reads what was traced, and leaves nothing of it in the kernel. */
  finish(go_ns: bigint): Promise<Trace>;
  /** Ends it without reading; for a run that failed. */
  abandon(): Promise<void>;
}

export async function startTracer({ folder, pids }: Pick<PreparedWorkload, 'folder' | 'pids'>, cpuCount: number): Promise<Tracer> {
  if (process.getuid?.() !== 0) throw unfit('--trace needs root, for tracefs; run without --trace, or as root');
  const own = join(folder.path, 'trace');
  mkdirSync(own);
  const plan = join(own, 'plan');
  writeFileSync(plan, tracerPlan(pids.flatMap(tidsOf), cpuCount));
  const program = await startProgram(programs.tracer(), [own, String(process.pid), plan], '/dev/null', join(folder.path, 'tracer.err'));
  const abandon = async (): Promise<void> => {
    if (program.exit() === null) program.kill('SIGTERM');
    await program.exited;
  };
  try {
    await until(() => existsSync(join(own, 'ready')), program, readyDeadline_ms);
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
    async finish(go_ns) {
      stopped ??= process.hrtime.bigint();
      if (program.exit() === null) program.kill('SIGTERM');
      await until(() => program.exit() !== null, program, endDeadline_ms);
      if (program.exit()?.code !== 0) throw endedWith(program);
      return readTrace(own, go_ns, { start_ns: Number(begun - go_ns), end_ns: Number(stopped - go_ns) });
    },
    abandon,
  };
}

/** Lines as native/tracer/tracer.cc reads them. */
export function tracerPlan(tids: readonly number[], cpuCount: number): string {
  const calls = tracedCalls.flatMap((name) => systemCallNumber(name) ?? []).map((id) => `id == ${id}`).join(' || ');
  return [
    'need trace_clock mono',
    `buffer_kib ${Math.max(1024, Math.min(mostBuffer_kib, Math.floor(allBuffers_kib / cpuCount)))}`,
    'try options/overwrite 1',
    // Threads that are made later, as a JVM's, are traced as well.
    'need options/event-fork 1',
    ...tids.map((tid) => `pid ${tid}`),
    ...[traceEvents.start, traceEvents.acquired, traceEvents.released, traceEvents.switched, traceEvents.waking].map((event) => `event ${event} -`),
    // Linux 5.19 and later. A lock that spins is no wait of milliseconds; the end does not say of which kind its lock is.
    `event ${traceEvents.contended} !(flags & ${contentionFlags.spin})`,
    `event ${traceEvents.contentionEnd} -`,
    // On an architecture whose numbers are not known here, calls are left out rather than all of them traced.
    ...(calls === '' ? [] : [`event ${traceEvents.enter} ${calls}`, `event ${traceEvents.exit} ${calls}`]),
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

async function until(done: () => boolean, program: Program, deadline_ms: number): Promise<void> {
  const deadline = Date.now() + deadline_ms;
  while (!done()) {
    if (program.exit() !== null && !done()) throw endedWith(program);
    if (Date.now() > deadline) throw workloadFailed(`the tracer was not done after ${deadline_ms / 1000} s; run without --trace`);
    await new Promise((resolve) => setTimeout(resolve, poll_ms));
  }
}

function endedWith(program: Program): Failure {
  const sentence = program.complaints().at(-1);
  const code = program.exit()?.code;
  if (sentence !== undefined && code === 5) return unfit(sentence);
  return workloadFailed(sentence ?? `the tracer ended ${code === null || code === undefined ? `by ${String(program.exit()?.signal)}` : `with exit code ${code}`}; run again, or without --trace`);
}

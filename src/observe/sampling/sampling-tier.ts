/** Observing by looks at /proc: no privileges, for processes of the same user. */
import { existsSync, statfsSync, statSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../../base/clock.js';
import { workloadFailed } from '../../base/failure.js';
import { readPart } from '../../base/files/read-file.js';
import type { ObservationGap } from '../../facts/observation-facts.js';
import type { HelperEndFact } from '../../facts/run-facts.js';
import { readIfThere } from '../../host/files.js';
import { cpuTimeOf } from '../../host/machine-load.js';
import { readSamples, sampleReader, type SampleReader, type SampleStream } from '../../record/samples.js';
import { parseStacks, type StackReading } from '../../record/stacks.js';
import { printedText } from '../../workload/printed.js';
import { samplerEnd } from '../../workload/watch/sampler-end.js';
import { howEnded, programs, startProgram, type Program } from '../../workload/programs.js';
import { createRuntimeFolder } from '../../workload/runtime-folder.js';
import { endHelper } from '../../workload/watch/helper.js';
import { kernelThreadIds, lookedAtBeside } from '../../workload/watch/kernel-thread-ids.js';
import { lateLooks, lookedEvidence, lookedStalls, safepointsSeen, seenOfKernel } from './sampling-evidence.js';
import { liveLooks } from './live-looks.js';
import { hiddenFrom } from './sampling-needs.js';
import type { Target } from '../target.js';
import type { Watch, WatchOptions, WatchResult } from '../tier.js';

const period_ns = 10_000_000;
/** On tmpfs. An hour of 50 threads needs a third of it. */
const mostBytes = 256 * 2 ** 20;

/** Others use the tmpfs, too. A container's has 64 MiB in all, if nobody asks for more. */
export function roomForLooks(freeBytes: number): number {
  return Math.min(mostBytes, freeBytes / 2);
}

const readyDeadline_ms = 10_000;
const endGrace_ms = 5_000;
/** Between two readings of what the sampler took. */
const cost_ms = 250;

interface Files {
  readonly samples: string;
  readonly waits: string;
  readonly end: string;
}

interface Begun {
  readonly program: Program;
  /** CLOCK_MONOTONIC at the end of the first look: what it found had begun before. */
  readonly go_ns: bigint;
}

export async function watchByLooks({ targets, threshold_ns }: WatchOptions): Promise<Watch> {
  const folder = createRuntimeFolder();
  const files = {
    samples: join(folder.path, 'samples'),
    waits: join(folder.path, 'waits'),
    end: join(folder.path, 'end'),
  };
  try {
    const { bavail, bsize } = statfsSync(folder.path);
    const roomBytes = roomForLooks(bavail * bsize);
    const hidden = targets.flatMap(hiddenFrom);
    const kernelTids = kernelThreadIds();
    const { program, go_ns } = await startedSampler(files, targets, kernelTids);
    const readMore = readerOf(files.samples, go_ns);
    const readWaits = waitsReader(files.waits, go_ns);
    const cpuCount = availableParallelism();
    const live = liveLooks({ threshold_ns, cpuCount, kernelRelease: release(), kernelTids });
    const advance = (): void => {
      live.advance({ samples: readMore(), waits: readWaits() });
    };
    let cost = costOf(program) ?? { cpu_ns: 0, memoryBytes: 0 };
    const reading = setInterval(() => {
      cost = costOf(program) ?? cost;
    }, cost_ms).unref();
    return {
      start_ns: Number(go_ns),
      ended: program.exited,
      stalls_n() {
        advance();
        return live.stalls_n();
      },
      newStalls() {
        advance();
        return live.take();
      },
      isFull: () => statSync(files.samples).size + statSync(files.waits).size > roomBytes,
      async finish() {
        clearInterval(reading);
        try {
          const { problem } = await endHelper(program, { grace_ms: endGrace_ms });
          return resultOf(readMore(), files, { program, problem, go_ns, hidden, cost, threshold_ns, kernelTids });
        } finally {
          folder.remove();
        }
      },
    };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

async function startedSampler(files: Files, targets: readonly Target[], kernelTids: readonly number[]): Promise<Begun> {
  const pids = targets.map(({ pid }) => String(pid));
  const from_ns = process.hrtime.bigint();
  const program = await startProgram(
    programs.sampler(),
    [
      ...[files.samples, String(period_ns), String(process.pid), `waits=${files.waits}`],
      ...lookedAtBeside(kernelTids),
      ...pids,
    ],
    files.end,
    `${files.samples}.err`,
  );
  const firstLook_ns = (): number | undefined =>
    existsSync(files.samples) ? readSamples(files.samples, from_ns).stream.ticks_ns[0] : undefined;
  try {
    await waitFor(() => (firstLook_ns() !== undefined || program.exit() !== null ? true : null), {
      deadline_ms: readyDeadline_ms,
      poll_ms: 5,
    });
    const first_ns = firstLook_ns();
    // Processes may have ended before a look at them.
    if (first_ns !== undefined || (program.exit() !== null && existsSync(files.samples)))
      return { program, go_ns: from_ns + BigInt(first_ns ?? 0) };
  } catch (error) {
    await endHelper(program, { grace_ms: 0 });
    throw error;
  }
  const { problem } = await endHelper(program, { grace_ms: 0 });
  throw failureOf(program, problem === null ? 'it did not begin' : undefined);
}

function failureOf(program: Program, why?: string) {
  const exit = program.exit();
  const saying = program.complaints().at(-1);
  return workloadFailed(
    `pauselab-sampler ${exit === null ? 'hangs' : `ended ${howEnded(exit, program)}`}${why === undefined ? '' : `: ${why}`}${saying === undefined ? '' : `: ${saying}`}; observe again`,
  );
}

/** Reads on where it stopped, up to the last whole line. */
function waitsReader(path: string, go_ns: bigint): () => readonly StackReading[] {
  const waits: StackReading[] = [];
  let position = 0;
  return () => {
    const bytes = existsSync(path) ? readPart(path, position, statSync(path).size - position) : Buffer.alloc(0);
    const whole = bytes.subarray(0, bytes.lastIndexOf('\n') + 1);
    position += whole.length;
    for (const wait of parseStacks(whole.toString('utf8'), go_ns)) waits.push(wait);
    return waits;
  };
}

/** Reads on where it stopped. */
function readerOf(path: string, go_ns: bigint): () => SampleStream {
  const reader: SampleReader = sampleReader(path, go_ns);
  let position = 0;
  return () => {
    const bytes = readPart(path, position, statSync(path).size - position);
    position += bytes.length;
    reader.append(bytes);
    return reader.stream;
  };
}

interface Finished extends Begun {
  readonly problem: HelperEndFact | null;
  readonly hidden: readonly ObservationGap[];
  /** Of the sampler, when it was last looked at. */
  readonly cost: WatchResult['cost'];
  readonly threshold_ns: number;
  readonly kernelTids: readonly number[];
}

/** What a sampler took so far; null: it has ended. */
function costOf({ pid }: Program): WatchResult['cost'] | null {
  const cpu_ns = cpuTimeOf(pid);
  const memoryKib = /^VmHWM:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/status`) ?? '')?.[1];
  return cpu_ns === null || memoryKib === undefined ? null : { cpu_ns, memoryBytes: Number(memoryKib) * 1024 };
}

/** What the sampler says of itself when it ends as it should; null: it did not. */
function saidAtEnd({ end }: Files): Pick<WatchResult, 'cost' | 'gaps'> | null {
  const said = samplerEnd(end);
  if (said === null) return null;
  const { cpu_ns, memoryBytes, unopened_n, dropped_n } = said;
  return {
    cost: { cpu_ns, memoryBytes },
    gaps: [
      ...(unopened_n > 0 ? [{ code: 'files-exhausted', threads_n: unopened_n } as const] : []),
      ...(dropped_n > 0 ? [{ code: 'waits-dropped', waits_n: dropped_n } as const] : []),
    ],
  };
}

/** The looks up to its end are kept; without a look there is nothing to keep. */
function endedEarly({ program, problem, cost }: Finished, watched_ns: number): Pick<WatchResult, 'cost' | 'gaps'> {
  if (watched_ns === 0) throw failureOf(program);
  return { cost, gaps: [{ code: 'looks-ended', seen_ns: watched_ns, sampler: problem }] };
}

function resultOf(samples: SampleStream, files: Files, finished: Finished): WatchResult {
  const { go_ns, hidden, threshold_ns, kernelTids } = finished;
  const watched_ns = samples.ticks_ns.at(-1) ?? 0;
  const { cost, gaps } = saidAtEnd(files) ?? endedEarly(finished, watched_ns);
  const cpuCount = availableParallelism();
  const waits = parseStacks(printedText(files.waits), go_ns);
  const options = { threshold_ns, cpuCount, kernelRelease: release(), kernelTids };
  return {
    stalls: lookedStalls(samples, waits, options),
    evidence: lookedEvidence({ samples, waits }, options),
    eventsOf: safepointsSeen(samples, waits, options),
    gaps: [looksOnly(samples, kernelTids), ...lateLooks(samples), ...hidden, ...gaps, { code: 'sleeps-not-judged' }],
    detail_ns: 2 * period_ns,
    watched_ns,
    cost,
    records: null,
  };
}

function looksOnly(samples: SampleStream, kernelTids: readonly number[]): ObservationGap {
  const kernelThreads = seenOfKernel(samples, kernelTids).map(({ name }) => name);
  return { code: 'looks-only', period_ns, kernelThreads };
}

/** Observing by looks at /proc: no privileges, for processes of the same user. */
import { existsSync, statSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../base/clock.js';
import { workloadFailed } from '../base/failure.js';
import { readPart } from '../base/files/read-file.js';
import type { ObservationGap } from '../facts/observation-facts.js';
import { readLoad, stealBetween, type LoadReading } from '../host/machine-load.js';
import { sampleReader, type SampleReader, type SampleStream } from '../record/samples.js';
import { parseStacks, type StackReading } from '../record/stacks.js';
import { printedText } from '../workload/printed.js';
import { howEnded, programs, startProgram, type Program } from '../workload/programs.js';
import { createRuntimeFolder } from '../workload/runtime-folder.js';
import { endHelper } from '../workload/watch/helper.js';
import { lateLooks, lookedEvidence, lookedStalls, safepointsSeen } from './sampling-evidence.js';
import { liveLooks, remembered_ns } from './live-looks.js';
import { hiddenFrom } from './sampling-needs.js';
import type { Target } from './target.js';
import type { Watch, WatchOptions, WatchResult } from './tier.js';

const period_ns = 10_000_000;
/** On tmpfs. An hour of 50 threads needs a third of it. */
const mostBytes = 256 * 2 ** 20;
const readyDeadline_ms = 10_000;
const endGrace_ms = 5_000;
/** Between two readings of what the hypervisor took. */
const steal_ms = 250;
/** As far back as a live view looks. */
const recentLoads = (remembered_ns / 1e6 / steal_ms) * 2;

interface Files {
  readonly samples: string;
  readonly waits: string;
  readonly end: string;
}

/** What there was before the first look. */
interface Before {
  readonly go_ns: bigint;
  readonly gaps: readonly ObservationGap[];
}

export async function watchByLooks({ targets, threshold_ns }: WatchOptions): Promise<Watch> {
  const folder = createRuntimeFolder();
  const files = {
    samples: join(folder.path, 'samples'),
    waits: join(folder.path, 'waits'),
    end: join(folder.path, 'end'),
  };
  const load: LoadReading[] = [readLoad([])];
  try {
    const before = beforeLooks(targets);
    const program = await startedSampler(files, targets);
    const readMore = readerOf(files.samples, before.go_ns);
    const readWaits = waitsReader(files.waits, before.go_ns);
    const cpuCount = availableParallelism();
    const live = liveLooks({ threshold_ns, cpuCount, kernelRelease: release() });
    const advance = (): void => {
      live.advance({ samples: readMore(), waits: readWaits() });
    };
    const reading = setInterval(() => load.push(readLoad([])), steal_ms).unref();
    return {
      start_ns: Number(before.go_ns),
      ended: program.exited,
      stalls_n() {
        advance();
        return live.stalls_n();
      },
      newStalls() {
        advance();
        return live.take((samples, waits) => ({
          samples,
          waits,
          steal: stealBetween(load.slice(-recentLoads), before.go_ns, cpuCount),
        }));
      },
      isFull: () => statSync(files.samples).size > mostBytes,
      async finish() {
        clearInterval(reading);
        try {
          await endHelper(program, { grace_ms: endGrace_ms });
          load.push(readLoad([]));
          return resultOf(readMore(), files, { program, before, load, threshold_ns });
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

function beforeLooks(targets: readonly Target[]): Before {
  return {
    go_ns: process.hrtime.bigint(),
    gaps: targets.flatMap(hiddenFrom),
  };
}

async function startedSampler(files: Files, targets: readonly Target[]): Promise<Program> {
  const pids = targets.map(({ pid }) => String(pid));
  const program = await startProgram(
    programs.sampler(),
    [files.samples, String(period_ns), String(process.pid), `waits=${files.waits}`, ...pids],
    files.end,
    `${files.samples}.err`,
  );
  const isReady = (): true | null => (existsSync(files.samples) || program.exit() !== null ? true : null);
  await waitFor(isReady, { deadline_ms: readyDeadline_ms, poll_ms: 5 });
  if (existsSync(files.samples)) return program;
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

function waitsIn({ waits }: Files, { go_ns }: Before): StackReading[] {
  return parseStacks(printedText(waits), go_ns);
}

interface Finished {
  readonly program: Program;
  readonly before: Before;
  readonly load: readonly LoadReading[];
  readonly threshold_ns: number;
}

function resultOf(samples: SampleStream, files: Files, finished: Finished): WatchResult {
  const { program, before, load, threshold_ns } = finished;
  // The sampler writes what it took when it ends as it should.
  const [cpu_us, memoryKib, missed_n, dropped_n] = printedText(files.end).trim().split(' ').map(Number);
  if (cpu_us === undefined || memoryKib === undefined || missed_n === undefined || dropped_n === undefined)
    throw failureOf(program);
  const cpuCount = availableParallelism();
  const waits = waitsIn(files, before);
  const looks = {
    samples,
    waits,
    steal: stealBetween(load, before.go_ns, cpuCount),
  };
  return {
    stalls: lookedStalls(samples, waits, threshold_ns),
    evidence: lookedEvidence(looks, { threshold_ns, cpuCount, kernelRelease: release() }),
    eventsOf: safepointsSeen(samples, waits),
    gaps: [
      { code: 'looks-only', period_ns },
      ...lateLooks(samples),
      ...before.gaps,
      ...(missed_n > 0 ? [{ code: 'files-exhausted', threads_n: missed_n } as const] : []),
      ...(dropped_n > 0 ? [{ code: 'waits-dropped', waits_n: dropped_n } as const] : []),
      { code: 'sleeps-not-judged' },
    ],
    detail_ns: 2 * period_ns,
    watched_ns: samples.ticks_ns.at(-1) ?? 0,
    cost: { cpu_ns: cpu_us * 1000, memoryBytes: memoryKib * 1024 },
    records: null,
  };
}

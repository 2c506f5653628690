/**
 * Runs the sampler beside a workload: it records the state of every thread, every 10 ms, and of the kernel's threads that
 * may have the workload's locks.
 */
import { join } from 'node:path';
import { ExitCode, Failure } from '../../base/failure.js';
import type { HelperEndFact, StatesUnknown } from '../../facts/run-facts.js';
import type { Stated } from '../../facts/stated.js';
import { readSamples, type SampleStream } from '../../record/samples.js';
import { parseStacks, type StackReading } from '../../record/stacks.js';
import { stated } from '../../words/run-words.js';
import { endHelper } from './helper.js';
import { samplerEnd } from './sampler-end.js';
import { kernelThreadIds, lookedAtBeside } from './kernel-thread-ids.js';
import { printedText } from '../printed.js';
import { programs, startProgram } from '../programs.js';
import type { PreparedWorkload } from '../prepared.js';

const period_ns = 10_000_000;
/** It ends between two looks. */
const endGrace_ms = 5_000;

export interface Sampled {
  /** Everything it wrote. After its end nobody looked. */
  readonly samples: SampleStream;
  /** Which of its threads are the kernel's. */
  readonly kernelTids: readonly number[];
  /** Why states are missing; null if it looked to the end. */
  readonly problem: Stated<StatesUnknown> | null;
  /** Threads that it could not look at. */
  readonly unopened_n: number;
}

export interface Sampler {
  readonly pid: number;
  /** Ends it and reads its file. */
  finish(go_ns: bigint, interrupted?: Promise<unknown>): Promise<Sampled>;
  /** Kernel stacks that it read, available after `finish`; none unless requested. */
  stacks(go_ns: bigint): readonly StackReading[];
  /** Ends it without reading; for a run that failed. */
  abandon(): Promise<void>;
}

export async function startSampler({ folder, pids }: PreparedWorkload, { withStacks = false } = {}): Promise<Sampler> {
  const output = join(folder.path, 'samples');
  const end = join(folder.path, 'sampler.end');
  const stacks = join(folder.path, 'stacks');
  const kernelTids = kernelThreadIds();
  const program = await startProgram(
    programs.sampler(),
    [
      ...[output, String(period_ns), String(process.pid)],
      ...(withStacks ? [`stacks=${stacks}`] : []),
      ...lookedAtBeside(kernelTids),
      ...pids.map(String),
    ],
    end,
    join(folder.path, 'sampler.err'),
  );
  return {
    pid: program.pid,
    async finish(go_ns, interrupted) {
      const { problem } = await endHelper(program, { grace_ms: endGrace_ms, interrupted });
      const { samples, unreadable } = readable(output, go_ns);
      const why = problem ?? unreadable;
      return {
        samples,
        kernelTids,
        problem: why === null ? null : stated({ code: 'states-unknown', sampler: why, from_ns: lastLook_ns(samples) }),
        unopened_n: samplerEnd(end)?.unopened_n ?? 0,
      };
    },
    stacks: (go_ns) => (withStacks ? parseStacks(printedText(stacks), go_ns) : []),
    async abandon() {
      await endHelper(program, { grace_ms: endGrace_ms });
    },
  };
}

/** If the sampler ended badly, its file may be broken too. The data on the board are still valid. */
function readable(
  path: string,
  go_ns: bigint,
): { readonly samples: SampleStream; readonly unreadable: HelperEndFact | null } {
  try {
    const { stream, cut } = readSamples(path, go_ns);
    return { samples: stream, unreadable: cut === null ? null : { end: 'too-large', ...cut } };
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== ExitCode.workload) throw error;
    return {
      samples: { timelines: new Map(), ticks_ns: [], period_ns },
      unreadable: { end: 'unreadable', reason: error.message },
    };
  }
}

function lastLook_ns({ ticks_ns }: SampleStream): number | null {
  const last_ns = ticks_ns.at(-1);
  return last_ns === undefined || last_ns <= 0 ? null : last_ns;
}

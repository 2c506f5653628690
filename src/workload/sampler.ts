/** The sampler beside a workload: who was in which state when, every 10 ms. */
import { join } from 'node:path';
import { workloadFailed } from '../base/failure.js';
import { readText } from '../base/read-file.js';
import { readSamples, type SampleStream } from '../record/samples.js';
import { parseStacks, type StackReading } from '../record/stacks.js';
import { programs, startProgram, type Program } from './programs.js';
import type { PreparedWorkload } from './prepared.js';

const period_ns = 10_000_000;

export interface Sampler {
  readonly pid: number;
  /** Ends it and reads what it wrote. */
  finish(go_ns: bigint): Promise<SampleStream>;
  /** Kernel stacks that it read, after `finish`; none unless asked for. */
  stacks(go_ns: bigint): readonly StackReading[];
}

export async function startSampler({ folder, pids }: PreparedWorkload, { withStacks = false } = {}): Promise<Sampler> {
  const output = join(folder.path, 'samples');
  const stacks = join(folder.path, 'stacks');
  const program = await startProgram(programs.sampler(), [output, String(period_ns), String(process.pid), ...(withStacks ? [`stacks=${stacks}`] : []), ...pids.map(String)], '/dev/null', join(folder.path, 'sampler.err'));
  return {
    pid: program.pid,
    async finish(go_ns) {
      await end(program);
      return readSamples(output, go_ns);
    },
    stacks: (go_ns) => (withStacks ? parseStacks(readText(stacks, { mostBytes: 256 * 2 ** 20 }), go_ns) : []),
  };
}

async function end(program: Program): Promise<void> {
  if (program.exit() === null) program.kill('SIGTERM');
  const { code, signal } = await program.exited;
  if (code !== 0) throw workloadFailed(program.complaints().at(-1) ?? `the sampler ended ${signal === null ? `with exit code ${String(code)}` : `by ${signal}`}, so the states of the threads are unknown`);
}

/** What the sampler prints when it ends as it should (native/sampler/sampler.cc). */
import { printedText } from '../printed.js';

export interface SamplerEnd {
  readonly cpu_ns: number;
  readonly memoryBytes: number;
  /** Threads that it could not open at a time, because the limit of open files was reached; the most. */
  readonly unopened_n: number;
  /** Waits that it left out of its notes. */
  readonly dropped_n: number;
}

/** Null: it did not end as it should. */
export function samplerEnd(path: string): SamplerEnd | null {
  const [cpu_us, memoryKib, unopened_n, dropped_n] = printedText(path).trim().split(' ').map(Number);
  if (cpu_us === undefined || memoryKib === undefined || unopened_n === undefined || dropped_n === undefined)
    return null;
  return { cpu_ns: cpu_us * 1000, memoryBytes: memoryKib * 1024, unopened_n, dropped_n };
}

/** Kernel stacks as the sampler writes them (native/sampler/sampler.cc): `TIME_NS TID STATE frame<frame<…`. */
import { shortLine } from '../base/text/lines.js';

export interface StackReading {
  /** Relative to go. */
  readonly time_ns: number;
  readonly tid: number;
  readonly state: string;
  /** Innermost first. */
  readonly frames: readonly string[];
}

/** Leaves out half a line at the end, from a sampler that was killed. */
export function parseStacks(text: string, go_ns: bigint): StackReading[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map(shortLine)
    .flatMap((line) => {
      const [, time, tid, state, frames] = /^(\d+) (\d+) (\S) (.+)$/.exec(line) ?? [];
      if (time === undefined || tid === undefined || state === undefined || frames === undefined) return [];
      return [{ time_ns: Number(BigInt(time) - go_ns), tid: Number(tid), state, frames: frames.split('<') }];
    });
}
